"""What attackers try, one named test for each attack: its docstring says the attack, and what must happen.

Searches that find attacks of their own are elsewhere: `tests/rpc/test_bypass.py` looks for a sequence of
calls around the approval of finance, `tests/rpc/test_fuzz.py` for bytes that break a call.
"""
