"""Where one value differs from another, inside the value.

Words are aligned first, and characters only within words that took each other's place: so `Ltd` against
`Limited` is one difference and not four letters. What is alike but for case, accents, spaces or punctuation
is told apart from what really differs. Every alignment is capped, so that a value of any length costs little.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

from dedup_service.console.texts.marks import MAX_SHOWN, hidden_beside, inert, is_hidden, shown

# An alignment costs the product of both lengths.
MAX_TOKENS = 80
MAX_CHARACTERS = 48
# Words of which less agrees are two words, and showing single letters of them would only confuse.
LEAST_ALIKE = 0.5
# Digits that a telephone number has at least behind its country and area, and at most in all.
_LEAST_DIGITS = 7
_MAX_DIGITS = 20
# Letters that Unicode does not take apart into a plain one and an accent.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"})
_TOKEN = re.compile(r"[^\W_]+|\s+|[\W_]", re.UNICODE)


class Reading(StrEnum):
    """How two values are read.

    In an `EXACT` one punctuation, spaces and accents tell as much as letters. Of a `PHONE` number the last
    digits are the number, and what stands before them depends on where one dials from.
    """

    TEXT = "text"
    EXACT = "exact"
    PHONE = "phone"


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


def differences(value: str, other: str, reading: Reading = Reading.TEXT) -> tuple[Piece, ...]:
    """The value in pieces, as it differs from the other: those that are not `MISSING` make up the value.

    Case is always soft. Of more than 300 characters the rest is one piece.
    """
    head, rest = value[:MAX_SHOWN], value[MAX_SHOWN:]
    same = _same_digits(head, other) if reading is Reading.PHONE else 0
    if same and value != other:
        at = _place_of_digit(head, same)
        return tuple(_joined([Piece(head[:at], Change.SOFT), Piece(head[at:] + rest, Change.SAME)]))
    pieces = _aligned(head, other[:MAX_SHOWN], exact=reading is Reading.EXACT)
    if rest:
        pieces.append(Piece(rest, Change.SAME if rest == other[MAX_SHOWN:] else Change.DIFFERENT))
    return tuple(_joined(pieces))


def alike(value: str, other: str, reading: Reading = Reading.TEXT) -> Change:
    """How two whole values stand to each other: `SAME`, `SOFT` or `DIFFERENT`."""
    if value == other:
        return Change.SAME
    if is_hidden(value) or is_hidden(other):
        return Change.DIFFERENT
    exact = reading is Reading.EXACT
    is_soft = (reading is Reading.PHONE and _same_digits(value, other)) or (
        _core(value, exact=exact) == _core(other, exact=exact)
    )
    return Change.SOFT if is_soft else Change.DIFFERENT


def marked(value: str, other: str, reading: Reading = Reading.TEXT, most: int = MAX_SHOWN) -> Markup:
    """The value as `shown`, marked where it differs from the other, with a notch where it lacks something."""
    if is_hidden(value) and is_hidden(other):
        return hidden_beside(is_same=value == other)
    if is_hidden(value) or is_hidden(other):
        return shown(value, most)
    first, rest = _divided(differences(value, other, reading), most)
    head = Markup('<bdi class="value">{}</bdi>').format(Markup("").join(map(_marked, first)))
    if not rest:
        return head
    tail = Markup('<details class="more"><summary>… +{}</summary><bdi class="value">{}</bdi></details>')
    length = sum(len(piece.text) for piece in rest if piece.change is not Change.MISSING)
    return head + tail.format(length, Markup("").join(map(_marked, rest)))


def _divided(pieces: Sequence[Piece], most: int) -> tuple[list[Piece], list[Piece]]:
    """The pieces up to that many characters of the value, and those behind."""
    first: list[Piece] = []
    rest: list[Piece] = []
    left = most
    for piece in pieces:
        if piece.change is Change.MISSING:
            (first if left > 0 else rest).append(piece)
            continue
        if left > 0:
            first.append(Piece(piece.text[:left], piece.change))
        if len(piece.text) > left:
            rest.append(Piece(piece.text[max(left, 0) :], piece.change))
        left -= len(piece.text)
    # A notch at the very end would open an empty rest.
    return (first + rest, []) if all(piece.change is Change.MISSING for piece in rest) else (first, rest)


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
    if max(len(left), len(right)) > MAX_TOKENS:
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
        return _without_ends(ours, theirs)
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
    """Both in runs that match by their keys and runs that do not, by a longest common subsequence."""
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


def _same_digits(value: str, other: str) -> int:
    """How many digits two telephone numbers end with alike; 0 where they are too few to be the number."""
    mine, others = ("".join(c for c in text if c.isdecimal())[-_MAX_DIGITS:] for text in (value, other))
    same = next((n for n, (a, b) in enumerate(zip(mine[::-1], others[::-1], strict=False)) if a != b), -1)
    same = min(len(mine), len(others)) if same < 0 else same
    return same if same >= _LEAST_DIGITS else 0


def _place_of_digit(text: str, from_end: int) -> int:
    """Where the digit stands that is that far from the last."""
    places = [place for place, character in enumerate(text) if character.isdecimal()]
    return places[-from_end] if from_end <= len(places) else 0


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].change is piece.change:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.change)
        else:
            joined.append(piece)
    return joined
