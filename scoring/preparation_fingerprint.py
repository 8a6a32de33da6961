"""Which way of preparing records this is, so that what was prepared in another way is prepared anew."""

import hashlib
import unicodedata
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import phonenumbers
import rapidfuzz

_FOLDERS = ("", "attributes", "vocabulary")


@cache
def preparation_fingerprint() -> bytes:
    """Eight bytes that change with what `prepare` makes of a record, and at times without need: they are of
    all modules, word lists and libraries that it may use.
    """
    libraries = (phonenumbers.__version__, rapidfuzz.__version__, unicodedata.unidata_version)
    digest = hashlib.blake2b(" ".join(libraries).encode(), digest_size=8)
    for folder in _FOLDERS:
        place = resources.files("scoring") / folder
        for file in sorted(filter(_counts, place.iterdir()), key=lambda each: each.name):
            content = file.read_bytes()
            digest.update(f"{folder}/{file.name}:{len(content)}\n".encode())
            digest.update(content)
    return digest.digest()


def _counts(file: Traversable) -> bool:
    return file.name.endswith((".py", ".json", ".txt"))
