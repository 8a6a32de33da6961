"""Losing a race: the transaction is rolled back and its work runs again on what the winner has written."""


class RacedError(Exception):
    """Another write moved what this one has decided by; the store runs the work again."""
