"""`python -m dedup_service`: the command `dedup`, for whoever has the interpreter and not its scripts."""

from dedup_service.cli.main import app

app()
