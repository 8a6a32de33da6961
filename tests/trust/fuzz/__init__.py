"""Bytes, half-right and right requests at every method, streams too, as several principals (F-1)."""
