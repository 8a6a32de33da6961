"""What the name of one column says: a role (a field, or a part of one), and whose or which it is.

`vocabulary/columns.txt` holds the names. Case, accents, spaces and punctuation never matter; nor does the
order of the words, so that 'primary_name_last' is the last name.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from scoring.text import normalise

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"\d+|[^\W\d]+")
# Dynamics calls the id of a contact '(Do Not Modify) Contact'.
_DYNAMICS_ID = re.compile(r"\(do not modify\) *(\w+)", re.IGNORECASE)
_MAX_CODE_POINTS = 128
_MOST_WORDS_LEFT_OUT = 4


class ColumnName(NamedTuple):
    """What the name of a column says.

    `role` is a field, a field and a part ('street.number'), or no field ('record_id', 'record_type',
    'truth', 'name'). `kind` are the words that say whose or which it is ('billing'), empty where they say
    nothing; among columns of one role the one of the lowest `rank` comes first.
    """

    role: str
    kind: str = ""
    rank: int = 0


class _Vocabulary(NamedTuple):
    """Names, closed up -> role and rank; the same by their sorted words; kinds, closed up -> rank."""

    closed: dict[str, tuple[str, int]]
    by_words: dict[str, tuple[str, int]]
    kinds: dict[str, int]


def role_of(column: str) -> ColumnName | None:
    """What a column is by its name; None for a name that is not known."""
    words = _words(column)
    vocabulary = _vocabulary()
    # Names in their own order come first: 'address 1 line 1' is 'line 1', not 'address line 1'.
    found = _role(words, vocabulary, sort=False) or _role(words, vocabulary, sort=True)
    if found is None and words:
        apart = next((n for n in range(len(words[0]) - 1, 2, -1) if words[0][:n] in vocabulary.kinds), 0)
        if apart:
            return _role([words[0][:apart], words[0][apart:], *words[1:]], vocabulary, sort=False)
    return found


def _role(words: list[str], vocabulary: _Vocabulary, *, sort: bool) -> ColumnName | None:
    names = vocabulary.by_words if sort else vocabulary.closed
    for left_out in range(min(len(words), _MOST_WORDS_LEFT_OUT + 1)):
        for front in range(left_out, -1, -1):
            end = len(words) - left_out + front
            rest = words[front:end]
            known = names.get(" ".join(sorted(rest)) if sort else "".join(rest))
            if known is None:
                continue
            before, after = (_kind(each, vocabulary.kinds) for each in (words[:front], words[end:]))
            if before is not None and after is not None:
                kind = before if before[0] >= after[0] else after
                return ColumnName(known[0], kind[1], kind[0] + known[1])
    return None


def _kind(words: list[str], kinds: dict[str, int]) -> tuple[int, str] | None:
    """The rank of the words before or after a name, and those of them that count; None if they are none."""
    worst, counted, at = 0, [], 0
    while at < len(words):
        length = next((n for n in (2, 1) if "".join(words[at : at + n]) in kinds), 0)
        if not length:
            return None
        one = "".join(words[at : at + length])
        if kinds[one]:
            counted.append(one)
        worst = max(worst, kinds[one])
        at += length
    return worst, " ".join(counted)


def _words(column: str) -> list[str]:
    text = column.strip()[:_MAX_CODE_POINTS]
    if found := _DYNAMICS_ID.fullmatch(text):
        text = f"{found[1]} id"
    return _WORD.findall(normalise(_CAMEL.sub(" ", text)))


@cache
def _vocabulary() -> _Vocabulary:
    """The names; those of a second line of one role rank behind every kind of the first."""
    found = _Vocabulary({}, {}, {})
    lines_of: dict[str, int] = {}
    text = files("scoring.vocabulary").joinpath("columns.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        role, colon, names = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        number = lines_of.get(role, 0)
        lines_of[role] = number + 1
        for name in names.split(","):
            words = _WORD.findall(name)
            if role == "kind":
                found.kinds["".join(words)] = number
            else:
                found.closed["".join(words)] = (role, 10 * number)
                found.by_words[" ".join(sorted(words))] = (role, 10 * number)
    return found
