"""Benchmarks: each prints a table, writes its figures under results/, and says pass or what falls short."""
