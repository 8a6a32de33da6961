"""Where one value differs from another, inside the value.

Words are aligned first, and characters only within words that took each other's place: so `Ltd` against
`Limited` is one difference and not four letters. What is alike but for case, accents, spaces or punctuation is
told apart from what really differs. Every alignment is capped, so that a value of any length costs little.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from dedup_service.console.texts.marks import MAX_SHOWN, inert

# An alignment costs the product of both lengths.
MAX_TOKENS = 80
MAX_CHARACTERS = 48
# Words of which less agrees are two words, and showing single letters of them would only confuse.
LEAST_ALIKE = 0.5
# Letters that Unicode does not take apart into a plain one and an accent.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
_TOKEN = re.compile(r"[^\W_]+|\s+|[\W_]", re.UNICODE)


class Change(StrEnum):
    """How a piece of a value stands to the other value: `MISSING` is what only the other has."""

    SAME = "same"
    SOFT = "soft"
    DIFFERENT = "different"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a value; the text of a `MISSING` one stands in the other value alone."""

    text: str
    change: Change


def differences(value: str, other: str, *, exact: bool = False) -> tuple[Piece, ...]:
    """The value in pieces, as it differs from the other: those that are not `MISSING` make up the value.

    With `exact` punctuation, spaces and accents are differences like any other, as in e-mail addresses; only
    case stays soft. Of more than 300 characters the rest is one piece.
    """
    head, rest = value[:MAX_SHOWN], value[MAX_SHOWN:]
    pieces = _aligned(head, other[:MAX_SHOWN], exact=exact)
    if rest:
        pieces.append(Piece(rest, Change.SAME if rest == other[MAX_SHOWN:] else Change.DIFFERENT))
    return tuple(_joined(pieces))


def alike(value: str, other: str, *, exact: bool = False) -> Change:
    """How two whole values stand to each other: `SAME`, `SOFT` or `DIFFERENT`."""
    if value == other:
        return Change.SAME
    return Change.SOFT if _core(value, exact=exact) == _core(other, exact=exact) else Change.DIFFERENT


def marked(value: str, other: str, *, exact: bool = False) -> Markup:
    """The value as `shown`, with marks where it differs from the other and a notch where it lacks something."""
    pieces = differences(value, other, exact=exact)
    length, place = 0, len(pieces)
    for number, piece in enumerate(pieces):
        length += 0 if piece.change is Change.MISSING else len(piece.text)
        if length > MAX_SHOWN:
            place = number
            break
    first = Markup("").join(_marked(piece) for piece in pieces[:place])
    if place == len(pieces):
        return Markup('<bdi class="value">{}</bdi>').format(first)
    rest = Markup("").join(_marked(piece) for piece in pieces[place:])
    return Markup(
        '<bdi class="value">{}</bdi><details class="more"><summary>… +{}</summary>'
        '<bdi class="value">{}</bdi></details>'
    ).format(first, sum(len(piece.text) for piece in pieces[place:]), rest)


def _marked(piece: Piece) -> Markup:
    if piece.change is Change.SAME:
        return inert(piece.text)
    if piece.change is Change.MISSING:
        return Markup('<span class="notch" title="{}"></span>').format(piece.text[:60])
    return Markup('<mark class="{}">{}</mark>').format(piece.change.value, inert(piece.text))


def _aligned(value: str, other: str, *, exact: bool) -> list[Piece]:
    left, right = _TOKEN.findall(value), _TOKEN.findall(other)
    if value == other:
        return [Piece(value, Change.SAME)] if value else []
    if alike(value, other, exact=exact) is Change.DIFFERENT and max(len(left), len(right)) > MAX_TOKENS:
        return _without_ends(value, other)
    pieces: list[Piece] = []
    for ours, theirs, is_match in _runs(left, right, [_fold(t) for t in left], [_fold(t) for t in right]):
        if is_match:
            pieces += [Piece(a, _of_match(a, b, exact=exact)) for a, b in zip(ours, theirs, strict=True)]
        else:
            pieces += _replaced("".join(ours), "".join(theirs), exact=exact)
    return pieces


def _of_match(ours: str, theirs: str, *, exact: bool) -> Change:
    if ours == theirs:
        return Change.SAME
    return Change.DIFFERENT if exact and ours.casefold() != theirs.casefold() else Change.SOFT


def _replaced(ours: str, theirs: str, *, exact: bool) -> list[Piece]:
    """A run of words against the run that took its place: letter by letter where they are alike."""
    if not ours or not theirs:
        return _changed(ours, theirs, exact=exact)
    mine, others = _characters(ours), _characters(theirs)
    if max(len(mine), len(others)) > MAX_CHARACTERS:
        return _changed(ours, theirs, exact=exact)
    runs = list(_runs(mine, others, [_fold(c) for c in mine], [_fold(c) for c in others]))
    agreeing = sum(len(run[0]) for run in runs if run[2])
    if agreeing < LEAST_ALIKE * max(len(mine), len(others)):
        return _changed(ours, theirs, exact=exact)
    pieces: list[Piece] = []
    for a, b, is_match in runs:
        if is_match:
            pieces += [Piece(x, _of_match(x, y, exact=exact)) for x, y in zip(a, b, strict=True)]
        else:
            pieces += _changed("".join(a), "".join(b), exact=exact)
    return pieces


def _changed(ours: str, theirs: str, *, exact: bool) -> list[Piece]:
    if not exact and not _core(ours, exact=False) and not _core(theirs, exact=False):
        return [Piece(ours, Change.SOFT)] if ours else []
    if not ours:
        return [Piece(theirs, Change.MISSING)] if theirs else []
    return [Piece(ours, Change.DIFFERENT)]


def _without_ends(value: str, other: str) -> list[Piece]:
    """Long values: what they begin and end with alike, and the rest between."""
    mine, others = _characters(value), _characters(other)
    most = min(len(mine), len(others))
    start = next((n for n in range(most) if mine[n] != others[n]), most)
    end = next((n for n in range(most - start) if mine[-1 - n] != others[-1 - n]), most - start)
    middle = "".join(mine[start : len(mine) - end])
    return [
        piece
        for piece in (
            Piece("".join(mine[:start]), Change.SAME),
            Piece(middle, Change.DIFFERENT)
            if middle
            else Piece("".join(others[start : len(others) - end]), Change.MISSING),
            Piece("".join(mine[len(mine) - end :]), Change.SAME),
        )
        if piece.text
    ]


def _runs(
    left: Sequence[str], right: Sequence[str], left_keys: Sequence[str], right_keys: Sequence[str]
) -> Iterable[tuple[Sequence[str], Sequence[str], bool]]:
    """Both sequences in runs that match by their keys and runs that do not, by a longest common subsequence."""
    lengths = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            lengths[i][j] = (
                lengths[i + 1][j + 1] + 1
                if left_keys[i] == right_keys[j]
                else max(lengths[i + 1][j], lengths[i][j + 1])
            )
    i = j = from_i = from_j = 0
    while i < len(left) and j < len(right):
        if left_keys[i] == right_keys[j]:
            if i > from_i or j > from_j:
                yield left[from_i:i], right[from_j:j], False
            yield left[i : i + 1], right[j : j + 1], True
            i, j = i + 1, j + 1
            from_i, from_j = i, j
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    if from_i < len(left) or from_j < len(right):
        yield left[from_i:], right[from_j:], False


def _characters(text: str) -> list[str]:
    """The text in characters as people see them: a letter keeps the marks that combine with it."""
    found: list[str] = []
    for character in text:
        if found and unicodedata.category(character).startswith("M"):
            found[-1] += character
        else:
            found.append(character)
    return found


def _fold(text: str) -> str:
    """The text without case, accents, and kinds of space."""
    if text.isspace():
        return " "
    split = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN_LETTERS))
    return "".join(c for c in split if not unicodedata.combining(c)) or text


def _core(text: str, *, exact: bool) -> str:
    """What is left of a text when all is taken away that may differ softly."""
    if exact:
        return text.casefold()
    return "".join(c for c in _fold(text) if c.isalnum())


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].change is piece.change:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.change)
        else:
            joined.append(piece)
    return joined
