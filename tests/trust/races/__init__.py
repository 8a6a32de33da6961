"""Writes that meet: two of them wherever they overtake one another, and many at once in one order."""
