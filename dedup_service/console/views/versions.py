"""What a golden record was: its versions, what changed between neighbours, and a moment to look back at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from dedup_service.console.views.values import in_order
from dedup_service.v1.core_pb2 import GoldenImage
from dedup_service.v1.golden_record_service_pb2 import GoldenRecordVersion

# The last microsecond of a day is as late in it as a moment can be written.
_LAST = time(23, 59, 59, 999999)
_FIRST_YEAR, _LAST_YEAR = 1900, 9000


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A field before and after; empty where it was not there."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version, with what it changed of the one before; `is_first` has none before it.

    `knows_changes` is False where an erasure has emptied it or the one before.
    """

    version: GoldenRecordVersion
    is_first: bool
    knows_changes: bool
    values: tuple[ValueChange, ...]
    joined: tuple[str, ...]
    left: tuple[str, ...]
    child_count_before: int
    child_count_after: int


def version_lines(
    versions: Sequence[GoldenRecordVersion], older: GoldenRecordVersion | None
) -> list[VersionLine]:
    """Versions, newest first, each with what it changed; `older` is the one before the last of them."""
    befores = [*versions[1:], older]
    return [_line(newer, before) for newer, before in zip(versions, befores, strict=True)] if versions else []


def _line(version: GoldenRecordVersion, older: GoldenRecordVersion | None) -> VersionLine:
    empty = GoldenImage()
    before, after = (older.image if older is not None else empty), version.image
    return VersionLine(
        version,
        is_first=older is None,
        knows_changes=not (version.erased or (older is not None and older.erased)),
        values=tuple(value_changes(before.values, after.values)),
        joined=tuple(sorted(set(after.members) - set(before.members))),
        left=tuple(sorted(set(before.members) - set(after.members))),
        child_count_before=len(before.children),
        child_count_after=len(after.children),
    )


def value_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[ValueChange]:
    """The fields that are not as they were, in the order of reading."""
    for field in in_order({*before, *after}):
        if before.get(field, "") != after.get(field, ""):
            yield ValueChange(field, before.get(field, ""), after.get(field, ""))


def moment_of(text: str, zone: tzinfo) -> datetime | None:
    """The moment that a date or time of an address means: of a date, the end of that day in the zone.

    None where it is neither, or of a year so far off that a zone could move it out of the calendar. A time
    without a zone is one of this zone.
    """
    try:
        moment = datetime.combine(date.fromisoformat(text), _LAST)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
