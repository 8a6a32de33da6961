"""Tests of who is calling: tokens of a real provider, certificates of a real authority, files that change."""
