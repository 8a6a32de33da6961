"""The words that a company's own records use, with how many records hold each.

Only words that several records hold are in it, and none of a field with names of persons: so a suggestion
tells of nobody, and erasing somebody's record leaves nothing here that was theirs alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dedup_service.domain.data_entry.near_words import MAX_CODE_POINTS, MIN_CODE_POINTS, NearWords
from dedup_service.domain.fields import FIELDS, FieldType

# Between two words: space and the punctuation of ASCII but for the apostrophe. The store splits by the same.
BETWEEN_WORDS = r"[\s!-&(-/:-@\[-`{-~]+"
_BETWEEN_WORDS = re.compile(BETWEEN_WORDS)
_DIGIT = re.compile(r"\d")
_TEXT_TYPES = frozenset((FieldType.TEXT, FieldType.COUNTRY))
_PERSONAL = frozenset(("title", "suffix", "gender", "birth_place"))


def has_vocabulary(name: str) -> bool:
    """Whether words of this field may be shown to others: not those of names of persons, of ways to reach
    somebody, or of identifiers.
    """
    spec = FIELDS.get(name)
    if spec is None or name == "company_name":
        return True
    return spec.type in _TEXT_TYPES and name not in _PERSONAL


@dataclass(slots=True)
class _Words:
    counts: dict[str, int] = field(default_factory=dict)
    spellings: dict[str, tuple[int, str]] = field(default_factory=dict)
    near: NearWords = field(default_factory=NearWords)


class Vocabulary:
    """Words (or whole values) by field; case makes no difference, the most frequent spelling stands for all.

    It is filled by `add` before it is used, and not after. Words that fewer than `least_suggested` records
    hold are known, but suggested to nobody, and so take little memory.
    """

    def __init__(self, least_suggested: int = 1) -> None:
        self._least_suggested = least_suggested
        self._fields: dict[str, _Words] = {}

    @classmethod
    def of(cls, counts: Mapping[str, Mapping[str, int]]) -> "Vocabulary":
        """The vocabulary of these words by field, each as it is written -> how many records hold it."""
        vocabulary = cls()
        for name, words in counts.items():
            vocabulary.add(name, words)
        return vocabulary

    def add(self, name: str, words: Mapping[str, int]) -> None:
        """Take up words of a field; about 40 microseconds each."""
        known = self._fields.setdefault(name, _Words())
        fresh = []
        for word, count in words.items():
            folded = fold(word)
            if not is_looked_up(folded):
                continue
            before = known.counts.get(folded, 0)
            known.counts[folded] = before + count
            if before < self._least_suggested <= before + count:
                fresh.append(folded)
            known.spellings[folded] = max(known.spellings.get(folded, (0, "")), (count, word))
        known.near.add(fresh)

    def __len__(self) -> int:
        """The number of words of all fields."""
        return sum(len(words.counts) for words in self._fields.values())

    def count(self, name: str, folded: str) -> int:
        """How many records hold this word, folded, in that field; 0 for too few to be known."""
        words = self._fields.get(name)
        return 0 if words is None else words.counts.get(folded, 0)

    def probable(self, name: str, folded: str, least_count: int, times_as_many: int) -> str:
        """What this word, folded, is probably a slip of; empty where it is probably none."""
        words = self._fields.get(name)
        if words is None:
            return ""
        least = max(least_count, times_as_many * max(words.counts.get(folded, 0), 1))
        likely = [
            (slips, -words.counts[other], other)
            for slips, other in words.near.near(folded)
            if slips and words.counts[other] >= least
        ]
        return words.spellings[min(likely)[2]][1] if likely else ""


def fold(text: str) -> str:
    """One spelling for all of a word or value: case and the width of its spaces make no difference."""
    return " ".join(text.split()).casefold()


def is_looked_up(folded: str) -> bool:
    """Whether a word can be told to be misspelt: not a short one, nor one with a digit."""
    return MIN_CODE_POINTS <= len(folded) <= MAX_CODE_POINTS and not _DIGIT.search(folded)


def words_in(text: str) -> list[tuple[int, str]]:
    """The words of a text, each with where it begins."""
    found = []
    at = 0
    for gap in _BETWEEN_WORDS.finditer(text):
        if gap.start() > at:
            found.append((at, text[at : gap.start()]))
        at = gap.end()
    if at < len(text):
        found.append((at, text[at:]))
    return found


NO_VOCABULARY = Vocabulary()
