"""The named attacks of `tests/attacks`, run as the tests that they are, and counted."""
