"""PostgreSQL as the store: SQL in named files, one transaction a write."""
