"""What the console answers: one module a page, one function an address."""
