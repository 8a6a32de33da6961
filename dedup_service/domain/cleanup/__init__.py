"""Cleanup jobs: what a job is, what a run of it has done, and the rules that a run keeps."""
