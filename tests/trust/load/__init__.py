"""Steady load, three times capacity, and what is left of either afterwards."""
