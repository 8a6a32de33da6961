"""The shipped policy and the sample principals, as data."""
