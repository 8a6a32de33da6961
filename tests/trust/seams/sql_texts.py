"""Texts of SQL: the statements that one is made of, and the names that the files of the store give them."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
# The driver numbers what the files name.
_PARAMETER = re.compile(r"%\(\w+\)[sbt]|%[sbt]|\$\d+")
_WORDS = 4
# Comments, quoted texts and dollar-quoted bodies are one part each, so that no semicolon in them counts.
_PART = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|(\$\w*\$).*?\1|[^;'$/-]+|.", re.DOTALL)


def name_of(text: str) -> str:
    """The name that a file of the store gives a statement; its first words where none does."""
    known = _names().get(_plain(text))
    return known or " ".join(_COMMENT.sub("", text).split()[:_WORDS])


def statements_of(text: str) -> Iterator[str]:
    """Each statement with its semicolon, in order; together they are the text but for comments at its end."""
    parts: list[str] = []
    for part in _PART.finditer(text):
        parts.append(part[0])
        if part[0] == ";":
            yield "".join(parts)
            parts.clear()
    rest = "".join(parts)
    if _COMMENT.sub("", rest).strip():
        yield rest


@cache
def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in (resources.files("dedup_service.store") / "sql").iterdir():
        parts = _NAME.split(file.read_text("utf-8"))[1:]
        found.update((_plain(text), name) for name, text in zip(parts[::2], parts[1::2], strict=True))
    return found


def _plain(text: str) -> str:
    return _PARAMETER.sub("?", text.strip()).replace("%%", "%")
