"""Resolution: whole sets of records at once, on the same scoring path as a single pair."""

from scoring.resolution.resolve import Resolution, resolve, score_pairs

__all__ = ["Resolution", "resolve", "score_pairs"]
