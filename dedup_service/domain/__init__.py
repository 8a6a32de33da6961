"""Nouns and rules of the merge desk: pure, without grpc, redis or SQL."""
