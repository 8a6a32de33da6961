"""SQL statements by name, read once from `sql/*.sql`; a statement starts at ``-- name: NAME``."""

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def _statements() -> dict[str, str]:
    found: dict[str, str] = {}
    folder = resources.files("dedup_service.store") / "sql"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        parts = _NAME.split(file.read_text("utf-8"))[1:]
        found.update(zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True))
    return found


def statement(name: str) -> str:
    """The SQL of a named statement; a name that no file holds is a programming error (KeyError)."""
    return _statements()[name]
