"""Which object of which profile a file is of, by its header alone."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from dedup_service.source_profiles.columns import Columns, Header, folded
from dedup_service.source_profiles.profile import ProfileObject, SourceProfile

_FULLY_NAMED = 3


class NotRecognised(ValueError):
    """A header fits no object, or several; the text says what it lacks."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The object that a header fits."""

    profile: SourceProfile
    rules: ProfileObject

    def __str__(self) -> str:
        return f"{self.rules.name} of {self.profile.name}"


def recognise(header: Header, profiles: Sequence[SourceProfile]) -> Recognised:
    """The one object that a header fits.

    Of several profiles those count whose `distinct` columns the header has, and then only these: it tells
    systems apart whose files look alike.

    Raises:
        NotRecognised: there is none, or more than one.
    """
    every = [Recognised(profile, rules) for profile in profiles for rules in profile.objects.values()]
    fitting = [
        each
        for each in every
        if not each.rules.recognition.missing(header) and not each.rules.recognition.foreign(header)
    ]
    if len(profiles) > 1:
        fitting = _most_distinct(fitting, header)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        named = " and ".join(str(each) for each in fitting)
        raise NotRecognised(f"its header fits {named}: name the profile, or export the columns of one only")
    raise NotRecognised(_fits_none(header, every, several=len(profiles) > 1))


def _most_distinct(fitting: Sequence[Recognised], header: Header) -> list[Recognised]:
    left = [each for each in fitting if _is_distinct(each, header) is not False]
    distinct = [each for each in left if _is_distinct(each, header)]
    return distinct or left


def _is_distinct(each: Recognised, header: Header) -> bool | None:
    """Whether the header has the distinct columns of an object; None where it names none."""
    distinct = each.rules.recognition.distinct
    return None if distinct is None else header.has(distinct)


def _fits_none(header: Header, every: Sequence[Recognised], *, several: bool) -> str:
    nearest = sorted(every, key=lambda each: _distance(each, header))[:_FULLY_NAMED]
    lines = [f"{each if several else each.rules.name}: {_why_not(each, header)}" for each in nearest]
    what = "no profile" if several else f"no object of the profile {every[0].profile.name}"
    columns = ", ".join(header.names)
    return f"its header fits {what}; {'; '.join(lines)}; its columns are {columns}"


def _distance(each: Recognised, header: Header) -> float:
    recognition = each.rules.recognition
    missing = len(recognition.missing(header)) / len(recognition.columns)
    return missing + len(recognition.foreign(header))


def _why_not(each: Recognised, header: Header) -> str:
    recognition = each.rules.recognition
    words = []
    if missing := recognition.missing(header):
        meant = [f"{column}{_near(column, header)}" for column in missing]
        words.append(f"lacks {', '.join(meant)}")
    if foreign := recognition.foreign(header):
        words.append(f"has {', '.join(foreign)}, which such a file has not")
    return " and ".join(words)


def _near(columns: Columns, header: Header) -> str:
    """The column that was perhaps meant."""
    standing = {folded(name): name for name in header.names}
    for name in columns.names:
        if near := difflib.get_close_matches(folded(name), standing, n=1, cutoff=0.8):
            return f" (is it {standing[near[0]]}?)"
    return ""
