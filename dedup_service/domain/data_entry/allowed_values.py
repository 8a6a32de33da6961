"""ALLOWED_VALUES and LENGTH: one of the values that a field takes, and not too short or too long."""

from rapidfuzz import process
from rapidfuzz.distance import OSA

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from scoring.text import normalise

_MAX_SHOWN = 12
_MAX_COMPARED = 100
# The nearest value differs in no more than a third of its letters.
_FARTHEST = 0.34


def allowed_value_problem(entry: Entry) -> Problem | None:
    """The problem with a value that a field does not take; the suggestion is the nearest that it does."""
    allowed = entry.rules.allowed_values
    if not allowed or entry.text in allowed:
        return None
    listed = ", ".join(allowed[:_MAX_SHOWN])
    if len(allowed) > _MAX_SHOWN:
        listed += f" or {len(allowed) - _MAX_SHOWN} others"
    message = f"is none of the values that this field takes: choose {listed}"
    return Problem(DataEntryRule.ALLOWED_VALUES, message, _nearest(entry, allowed))


def length_problem(entry: Entry) -> Problem | None:
    """The problem with a value that is shorter or longer than the field takes; nothing is suggested."""
    least, most = entry.rules.min_code_points, entry.rules.max_code_points
    count = len(entry.text)
    if count < least:
        message = f"has {count} characters, at least {least} are needed: write it in full"
        return Problem(DataEntryRule.LENGTH, message)
    if most and count > most:
        message = f"has {count} characters, at most {most} are taken: shorten it"
        return Problem(DataEntryRule.LENGTH, message)
    return None


def _nearest(entry: Entry, allowed: tuple[str, ...]) -> str:
    if not entry.plain or len(entry.plain) > _MAX_COMPARED:
        return ""
    by_plain = {normalise(value): value for value in reversed(allowed)}
    found = process.extractOne(
        entry.plain, list(by_plain), scorer=OSA.normalized_distance, score_cutoff=_FARTHEST
    )
    return by_plain[found[0]] if found else ""
