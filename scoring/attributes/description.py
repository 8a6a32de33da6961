"""What describes a person or company without naming it: place of birth, job title, industry."""

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler
from rapidfuzz.fuzz import token_sort_ratio

from scoring.comparables import Comparable
from scoring.findings import Finding

_ALIKE = 0.90
_SAME_WORDS = 85.0


def compare_birth_place(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both were born in the same place."""
    first, second = left.birth_place, right.birth_place
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same place of birth", first)
    if JaroWinkler.similarity(first, second) >= _ALIKE or _holds(first, second):
        return _ALIKE_PLACE
    return _OTHER_PLACE


def compare_job_title(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both do the same work."""
    first, second = left.job_title, right.job_title
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same job title", first)
    return _ALIKE_TITLE if token_sort_ratio(first, second) >= _SAME_WORDS else _OTHER_TITLE


def compare_industry(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are of the same industry."""
    first, second = left.industry, right.industry
    if not first or not second:
        return None
    if first == second or DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1:
        return Finding("exact", "same industry", first)
    return _OTHER_INDUSTRY


_ALIKE_PLACE = Finding("close", "alike places of birth")
_OTHER_PLACE = Finding("different", "different places of birth")
_ALIKE_TITLE = Finding("close", "alike job titles")
_OTHER_TITLE = Finding("different", "different job titles")
_OTHER_INDUSTRY = Finding("different", "different industries")


def _holds(first: str, second: str) -> bool:
    """Whether one place is named within the other: 'hackney' in 'hackney london'."""
    shorter, longer = sorted((first, second), key=len)
    return len(shorter) > 3 and f" {shorter} " in f" {longer} "
