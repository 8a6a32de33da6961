"""FORMAT DATE: a day of the calendar as YYYY-MM-DD, or as much of it as is known."""

import re
from datetime import date

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from scoring.attributes.date import normalise_date

_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_EITHER_WAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{2,4}", re.ASCII)
_MONTHS = 12


def date_problem(entry: Entry) -> Problem | None:
    """The problem with what is no date; the suggestion is the date that was meant, where that is certain."""
    if _is_date(entry.text):
        return None
    message = "is no date: write year, month and day such as 1984-05-23"
    either_way = _EITHER_WAY.fullmatch(entry.text)
    if either_way and not entry.country:
        first, second = int(either_way.group(1)), int(either_way.group(2))
        if first != second and max(first, second) <= _MONTHS:
            return Problem(DataEntryRule.FORMAT, f"{message}; day and month can be told apart only so")
    meant = normalise_date(entry.text, entry.country.lower())
    return Problem(DataEntryRule.FORMAT, message, meant if _is_date(meant) else "")


def _is_date(text: str) -> bool:
    written = _WRITTEN.fullmatch(text)
    if not written:
        return False
    year, month, day = (int(part or 1) for part in written.groups())
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
