"""The peers, each a script for the bench environment; nothing here is imported by the project."""
