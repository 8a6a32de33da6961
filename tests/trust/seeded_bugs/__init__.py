"""Bugs put in on purpose, one patch each, and the tests that claim to catch them."""
