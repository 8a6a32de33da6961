"""Words within one or two slips of another, found without comparing it with all of them.

Two words are near when leaving out up to two letters of each gives the same (symmetric deletion, as SymSpell
does it). Only the first letters are taken apart, which keeps the index small; every word that it gives is
compared in full, so nothing wrong is found.
"""

from collections.abc import Iterable

from rapidfuzz.distance import OSA

MIN_CODE_POINTS = 4
MAX_CODE_POINTS = 80
_TAKEN_APART = 7
# From so many letters on two slips are taken.
_LONG = 8


def slip_limit(word: str) -> int:
    """How many slips a word of this length may have: a letter more, less or other, or two changed over."""
    if len(word) < MIN_CODE_POINTS:
        return 0
    return 1 if len(word) < _LONG else 2


class NearWords:
    """An index of words; each takes about two kilobytes and 40 microseconds."""

    def __init__(self) -> None:
        self._words: list[str] = []
        # Most keys lead to one word, and a tuple for each would double the memory.
        self._places: dict[str, int | tuple[int, ...]] = {}

    def add(self, words: Iterable[str]) -> None:
        """Take up words that are not there yet."""
        for word in words:
            place = len(self._words)
            # A letter shorter than what may have two slips, and one of them may still be another letter; two
            # letters shorter, and both are letters too many.
            for key in _keys(word, 2 if len(word) >= _LONG - 1 else 1):
                known = self._places.get(key)
                self._places[key] = place if known is None else (*_all(known), place)
            self._words.append(word)

    def near(self, word: str) -> list[tuple[int, str]]:
        """The words within the slips that this one may have, each with its number of slips, 0 among them."""
        limit = slip_limit(word)
        if not limit or len(word) > MAX_CODE_POINTS:
            return []
        places: set[int] = set()
        for key in _keys(word, limit):
            places.update(_all(self._places.get(key, ())))
        found = []
        for place in places:
            other = self._words[place]
            slips = OSA.distance(word, other, score_cutoff=limit)
            if slips <= limit:
                found.append((slips, other))
        return found


def _all(places: int | tuple[int, ...]) -> tuple[int, ...]:
    return (places,) if isinstance(places, int) else places


def _keys(word: str, limit: int) -> set[str]:
    """The first letters, and all that is left of them with up to `limit` letters out."""
    edge = {word[:_TAKEN_APART]}
    found = set(edge)
    for _ in range(limit):
        edge = {key[:at] + key[at + 1 :] for key in edge for at in range(len(key))}
        found |= edge
    return found
