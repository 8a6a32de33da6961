"""What an erasure leaves: a certificate of what was removed where, without a value of the person (E-4).

Text that people wrote freely is forgotten whole where it names the person: what stands beside a name says who
it was, too. A text names the person when it holds a value that tells them from others: a name of three
letters or more as a word of its own, or an address, number or own field of the company anywhere in it.

To be told that a text names the person is to be told a value, where somebody may not read it: no answer, and
nothing that is kept, may depend on what a masked field holds.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import RecordDraft
from dedup_service.domain.visibility import Sight

ERASED_TEXT = "(erased)"
# What the audit says of an erasure, before the digest of its certificate.
ERASED_DETAIL = "erased; certificate"

# Many people share them, so that a text with one of them says nothing of anybody.
_SHARED_FIELDS = frozenset(
    (
        *("title", "suffix", "gender", "birth_place", "job_title", "company_name", "city", "region"),
        *("postal_code", "country", "industry", "lead_source", "website"),
    )
)
_NAME_FIELDS = frozenset(
    ("given_name", "middle_name", "family_name", "full_name", "maiden_name", "other_name")
)
_LEAST_LETTERS = 3
_LEAST_DIGITS = 6
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_NO_DIGIT = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class ErasedPlace:
    """How much was erased in one place, such as 3 of `vote comments`."""

    place: str
    count: int


@dataclass(frozen=True, slots=True)
class ErasureCertificate:
    """What one erasure removed. `left` are places that it does not reach, for people to look at.

    `reason` was checked to hold no value of the person, or is not kept. `digest` stands in the audit entry of
    `revision`.
    """

    record: str
    principal: str
    reason: str
    time: datetime
    revision: int
    places: tuple[ErasedPlace, ...]
    left: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of the certificate, as 64 hex digits."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells whether a text names somebody: words, pieces of text, and numbers, all folded."""

    words: frozenset[str]
    pieces: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, draft: RecordDraft) -> "Traces":
        """The traces of a record's values and of the ids of its children."""
        ids = frozenset(
            text for each in draft.children if len(text := _folded(each.child_id)) >= _LEAST_DIGITS
        )
        return cls.of_values(draft.values) | cls(frozenset(), ids, frozenset())

    @classmethod
    def of_values(cls, values: Mapping[str, str]) -> "Traces":
        """The traces of values by their fields."""
        words: set[str] = set()
        pieces: set[str] = set()
        numbers: set[str] = set()
        for name, value in values.items():
            if name in _SHARED_FIELDS:
                continue
            folded = _folded(value)
            if name in _NAME_FIELDS:
                words |= {word for word in _words(folded) if len(word) >= _LEAST_LETTERS}
            elif len(folded) >= _LEAST_LETTERS:
                pieces.add(folded)
            # As anybody writes it, with a trunk prefix, a country code or neither; zeros alone are no number.
            if len(digits := _NO_DIGIT.sub("", folded).lstrip("0")) >= _LEAST_DIGITS:
                numbers.add(digits[-9:])
        return cls(frozenset(words), frozenset(pieces), frozenset(numbers))

    def __or__(self, other: "Traces") -> "Traces":
        return Traces(self.words | other.words, self.pieces | other.pieces, self.numbers | other.numbers)

    @property
    def pattern(self) -> str:
        """The same as a regular expression of PostgreSQL, for ASCII text alone; empty without traces."""
        words = "|".join(map(re.escape, sorted(self.words)))
        found = [f"(^|[^[:alnum:]])({words})([^[:alnum:]]|$)"] if words else []
        return "|".join([*found, *map(re.escape, sorted(self.pieces | self.numbers))])

    def named_in(self, text: str) -> bool:
        """Whether the text holds one of them."""
        if not text or text == ERASED_TEXT:
            return False
        folded = _folded(text)
        if not self.words.isdisjoint(_words(folded)):
            return True
        if any(piece in folded for piece in self.pieces):
            return True
        digits = _NO_DIGIT.sub("", folded)
        return any(number in digits for number in self.numbers)


def kept_reason(reason: str, draft: RecordDraft, former: Iterable[Mapping[str, str]], sight: Sight) -> str:
    """What is kept of the reason for an erasure: all of it, or nothing where the person has, or had, a value
    that whoever erases may not read. Nobody could tell them that the reason holds that value.

    Raises:
        InvalidInput: it names the person by a value that they may read.
    """
    values = [draft.values, *former]
    readable = Traces.of(replace(draft, values={}))
    for each in values:
        readable |= Traces.of_values({name: text for name, text in each.items() if not sight.masks(name)})
    if readable.named_in(reason):
        raise InvalidInput.at("reason", "names the person: it is kept, so say the ground alone")
    return ERASED_TEXT if any(sight.masks(name) for each in values for name in each) else reason


def _folded(text: str) -> str:
    """Without accents, capitals and width, as people may write the same name anew."""
    plain = unicodedata.normalize("NFKD", text.strip())
    return "".join(each for each in plain if not unicodedata.combining(each)).casefold()


def _words(folded: str) -> Iterable[str]:
    return _BETWEEN_WORDS.split(folded)
