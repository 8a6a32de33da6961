"""How good a matching is, measured against labels: pure functions of numpy arrays.

Records are numbered from 0; a truth gives each record the number of its entity, or UNLABELLED. Nothing here
takes memory quadratic in the records.
"""
