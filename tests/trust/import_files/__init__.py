"""Damaged, spoilt and packed files at what reads them: `dedup import` and `dedup clean` (F-1, F-2)."""
