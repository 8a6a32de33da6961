"""What describes a person or company without naming it: place of birth, job title, industry."""

from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler
from rapidfuzz.fuzz import token_sort_ratio

from scoring.attributes.place import compare_cities, normalise_city
from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import normalise
from scoring.vocabulary import word_map

_JOB_WORDS = word_map("job_words")
_JOB_KINDS = word_map("job_kinds")
_MAX_CODE_POINTS = 128
_FILLERS = frozenset(
    ("unknown", "none", "null", "na", "n a", "other", "not provided", "not applicable", "tbd", "test")
)
_JOINTS = frozenset(("of", "and", "for", "the", "in", "de", "der", "to", "at"))
_ALIKE = 0.90
_SAME_WORDS = 85.0


def normalise_birth_place(text: str) -> str:
    """A place of birth without its county or country: 'Hackney, Middlesex' is hackney."""
    head, _, tail = text[: _MAX_CODE_POINTS * 2].partition(",")
    if not head.strip() or normalise(tail).startswith(_OFFICIAL_TAILS):
        head = text[: _MAX_CODE_POINTS * 2]
    place = normalise_city(head)
    return "" if place in _FILLERS else place


_OFFICIAL_TAILS = ("city of", "county of", "borough of", "royal")


def normalise_job_title(text: str) -> str:
    """A job title with its short forms written out: 'Sr. VP, Sales' is 'senior vice president sales'."""
    words = [_JOB_WORDS.get(word, word) for word in normalise(text[:_MAX_CODE_POINTS]).split()]
    title = " ".join(word for word in words if word not in _JOINTS)
    return "" if title in _FILLERS else title


def normalise_industry(text: str) -> str:
    """An industry without the words that join its parts: 'Food & Beverage' is 'food beverage'."""
    industry = " ".join(word for word in normalise(text[:_MAX_CODE_POINTS]).split() if word not in _JOINTS)
    return "" if industry in _FILLERS else industry


def compare_birth_place(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both were born in the same place."""
    first, second = left.birth_place, right.birth_place
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same place of birth", first)
    return _ALIKE_PLACE if _are_alike_places(*sorted((first, second), key=_size)) else _OTHER_PLACE


def compare_job_title(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both do the same work."""
    first, second = left.job_title, right.job_title
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same job title", first)
    return _ALIKE_TITLE if _are_alike_titles(*sorted((first, second), key=_size)) else _OTHER_TITLE


def compare_industry(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are of the same industry."""
    first, second = left.industry, right.industry
    if not first or not second:
        return None
    if first == second or (
        abs(len(first) - len(second)) <= 1 and DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1
    ):
        return Finding(
            "exact", "same industry", first if first == second else "|".join(sorted((first, second)))
        )
    return _OTHER_INDUSTRY


_ALIKE_PLACE = Finding("close", "alike places of birth")
_OTHER_PLACE = Finding("different", "different places of birth")
_ALIKE_TITLE = Finding("close", "alike job titles")
_OTHER_TITLE = Finding("different", "different job titles")
_OTHER_INDUSTRY = Finding("different", "different industries")


def _size(text: str) -> tuple[int, str]:
    return len(text), text


@lru_cache(maxsize=65536)
def _are_alike_places(shorter: str, longer: str) -> bool:
    """A slip, or one place named within the other: 'hackney' in 'hackney london'."""
    if len(shorter) > 3 and f" {shorter} " in f" {longer} ":
        return True
    return compare_cities(shorter, longer) == "same" or JaroWinkler.similarity(shorter, longer) >= _ALIKE


@lru_cache(maxsize=65536)
def _are_alike_titles(shorter: str, longer: str) -> bool:
    """The same words in another order or with slips, one title within the other, or work of one kind."""
    if token_sort_ratio(shorter, longer) >= _SAME_WORDS:
        return True
    ours, theirs = set(shorter.split()), set(longer.split())
    if ours <= theirs:
        return True
    kinds = {_JOB_KINDS[word] for word in ours if word in _JOB_KINDS}
    return not kinds.isdisjoint(_JOB_KINDS[word] for word in theirs if word in _JOB_KINDS)
