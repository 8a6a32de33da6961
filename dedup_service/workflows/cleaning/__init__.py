"""The use cases of cleanup jobs: define them, run them, and carry a run out."""
