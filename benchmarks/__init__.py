"""Benchmarks: each prints a table, writes its figures under results/, and ends with pass or what falls short."""
