"""Intake: who is who, before anything is inserted (domain 9)."""
