"""Valkey is killed, emptied, made to evict and replaced under writes; no Match is short in silence."""
