"""What the service holds about somebody, what it forgets, and what it never tells."""
