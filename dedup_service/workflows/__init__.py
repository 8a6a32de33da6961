"""Verbs of the merge desk, one module a use case; they know ports, not PostgreSQL, Redis or gRPC."""
