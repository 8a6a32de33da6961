"""The whole service against a plain reference, step by step, through its API on real servers."""
