"""Dates of birth, as YYYY-MM-DD, YYYY-MM or YYYY."""

import re

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import digits

_YEAR_FIRST = re.compile(r"(\d{4})[-/. ]?(\d{1,2})[-/. ]?(\d{1,2})(?:[T ].*)?$")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{1,2}))?$")
_NAMED = re.compile(r"(\d{1,2})[-/. ]*([a-z]{3})[a-z]*[-/., ]*(\d{4}|\d{2})$")
_MONTHS = {
    name: at
    for at, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_MONTH_FIRST_COUNTRIES = frozenset(("us", "ph"))


def normalise_date(text: str, country: str = "") -> str:
    """ISO form of a date; empty for what is none. 03/04/1990 is read month first in the United States
    alone.
    """
    text = text.strip()[:40].casefold()
    if found := _YEAR_FIRST.match(text):
        year, month, day = (int(part) for part in found.groups())
        return _iso(year, month, day)
    if found := _YEAR_LAST.match(text):
        day, month, year = (int(part) for part in found.groups())
        if (country in _MONTH_FIRST_COUNTRIES or month > 12) and day <= 12:
            day, month = month, day
        return _iso(_century(year), month, day)
    if found := _PARTIAL.match(text):
        year, month = int(found[1]), int(found[2] or 0)
        return _partial(year, month)
    if found := _NAMED.match(text):
        return _iso(_century(int(found[3])), _MONTHS.get(found[2], 0), int(found[1]))
    return ""


def compare_birth_date(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both were born on the same day. 1 January is what systems write for an unknown day."""
    first, second = left.birth_date, right.birth_date
    if not first or not second:
        return None
    if len(first) < 10 or len(second) < 10:
        shorter = min(len(first), len(second))
        return _YEAR if first[:shorter] == second[:shorter] else _compare_years(first, second)
    if first == second:
        return _JANUARY if first.endswith("-01-01") else Finding("exact", _EXACT, first)
    if first[:4] == second[:4]:
        if first[5:7] == second[8:] and first[8:] == second[5:7]:
            return _SWAPPED
        if first.endswith("-01-01") or second.endswith("-01-01"):
            return _YEAR
    if _one_slip(digits(first), digits(second)):
        return _CLOSE
    if first[:4] == second[:4]:
        return _YEAR_ALONE
    return _compare_years(first, second)


_EXACT = "born on the same day"
_SWAPPED = Finding("swapped", "same date of birth with day and month swapped")
_CLOSE = Finding("close", "dates of birth differ by one digit")
_JANUARY = Finding("weak", "same date of birth, but 1 January often stands for an unknown day")
_YEAR = Finding("year", "born in the same year, the day is not known of both")
_YEAR_ALONE = Finding("same_year", "born in the same year on different days")
_NEAR = Finding("near", "same day and month of birth in different years")
_OTHER = Finding("other", "different dates of birth, too near one another for parent and child")
_DIFFERENT = Finding("different", "dates of birth a generation apart")
_GENERATION_YEARS = 14


def _compare_years(first: str, second: str) -> Finding:
    if len(first) == 10 and first[4:] == second[4:] and not first.endswith("-01-01"):
        return _NEAR
    return _OTHER if abs(int(first[:4]) - int(second[:4])) < _GENERATION_YEARS else _DIFFERENT


def _one_slip(first: str, second: str) -> bool:
    """Whether one digit differs, or two neighbours changed places."""
    apart = [at for at in range(8) if first[at] != second[at]]
    if len(apart) == 1:
        return True
    if len(apart) != 2 or apart[1] != apart[0] + 1:
        return False
    return first[apart[0]] == second[apart[1]] and first[apart[1]] == second[apart[0]]


def _iso(year: int, month: int, day: int) -> str:
    if month > 12 and day <= 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return _partial(year, 0)
    return f"{year:04d}-{month:02d}-{day:02d}" if _is_plausible(year) else ""


def _partial(year: int, month: int) -> str:
    if not _is_plausible(year):
        return ""
    return f"{year:04d}-{month:02d}" if 1 <= month <= 12 else f"{year:04d}"


def _is_plausible(year: int) -> bool:
    # 1900-01-01 and the years before are real in archives; beyond these bounds a date is a slip or a filler.
    return 1600 <= year <= 2100


def _century(year: int) -> int:
    if year >= 100:
        return year
    return 2000 + year if year <= 25 else 1900 + year
