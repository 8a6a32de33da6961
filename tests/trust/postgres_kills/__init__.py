"""PostgreSQL is killed again and again under load, and its disk fills up; the service goes on by itself."""
