"""Which way of preparing records, and of making their blocking keys, this is.

What was prepared or indexed in another way is made anew. A fingerprint is that of all code, words and
libraries on which the outcome may depend, so that it changes at times without need, but never fails to.
"""

import hashlib
import unicodedata
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable

from scoring.blocking import words_left_out

# What `preparation` imports, directly or not: a test holds this against its imports.
PREPARING_MODULES = ("comparables", "errors", "findings", "preparation", "reading", "text")
PREPARING_FOLDERS = ("attributes", "vocabulary")
PREPARING_LIBRARIES = ("anyascii", "phonenumbers", "rapidfuzz")
BLOCKING_LIBRARIES = ("jellyfish",)


@cache
def preparation_fingerprint() -> bytes:
    """Eight bytes that change with what `prepare` makes of a record."""
    root = resources.files("scoring")
    files = [root / f"{name}.py" for name in PREPARING_MODULES]
    for folder in PREPARING_FOLDERS:
        files += sorted(filter(_counts, (root / folder).iterdir()), key=lambda file: file.name)
    return _digest(files, [*map(version, PREPARING_LIBRARIES), unicodedata.unidata_version])


@cache
def blocking_fingerprint() -> str:
    """16 hexadecimal digits that change with the blocking keys of a record and with how it is prepared."""
    words = [preparation_fingerprint().hex(), *map(version, BLOCKING_LIBRARIES), *sorted(words_left_out())]
    return _digest([resources.files("scoring") / "blocking.py"], words).hex()


def _digest(files: list[Traversable], words: list[str]) -> bytes:
    digest = hashlib.blake2b("\n".join(words).encode(), digest_size=8)
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name}:{len(content)}\n".encode())
        digest.update(content)
    return digest.digest()


def _counts(file: Traversable) -> bool:
    return file.name.endswith((".py", ".json", ".txt"))
