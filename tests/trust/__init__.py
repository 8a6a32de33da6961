"""The proof that the service keeps its promises: `make trust`, one page of figures from one seed.

Each part is a package beside this text whose `part.py` has `run(plan)`; it can be run alone with
`python -m tests.trust --only NAME`, and a small share of it is a test under pytest.
"""
