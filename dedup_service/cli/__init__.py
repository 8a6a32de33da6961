"""The command `dedup`: serve a merge desk, and work at one."""
