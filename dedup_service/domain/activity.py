"""How much was found and decided, what waits and for how long, and how far people agree with the model.

Days are those of UTC. What is found on a day and what ends on it add up to what waits at its end, whatever
span is asked for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

DEFAULT_DAYS = 90
MAX_DAYS = 1_100
# Where the ages of what waits are parted, in days.
QUEUE_BOUNDS_DAYS = (1, 3, 7)
# Where the bins of match probability are parted. Most of what is proposed lies near 1, so it is parted finer.
CALIBRATION_BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class Event(StrEnum):
    """What is counted day by day: a proposal made, the ways in which one ends, and a merge undone."""

    FOUND = "FOUND"
    MERGED = "MERGED"
    REJECTED = "REJECTED"
    LAPSED = "LAPSED"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class DayOfActivity:
    """What happened on one day; `waiting_count` proposals were open when it ended."""

    day: date
    found_count: int
    merged_count: int
    undone_count: int
    rejected_count: int
    lapsed_count: int
    waiting_count: int


@dataclass(frozen=True, slots=True)
class ActivityCounts:
    """Events by kind and day from some day on until now, and how many proposals are open now."""

    events: Mapping[tuple[Event, date], int]
    open_count: int


@dataclass(frozen=True, slots=True)
class FunctionQueue:
    """What waits for one function; `age_counts` are parted by `QUEUE_BOUNDS_DAYS`, the youngest first."""

    function: str
    age_counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    overdue_count: int = 0
    oldest_time: datetime | None = None
    oldest_proposal_id: str = ""

    @property
    def waiting_count(self) -> int:
        return sum(self.age_counts)


@dataclass(frozen=True, slots=True)
class QueueStudy:
    """What waits for each function, and how many proposals are open, each counted once."""

    queues: tuple[FunctionQueue, ...]
    pending_count: int
    approved_count: int


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Proposals that people decided whose weakest link has a probability from `lowest` to below `highest`.

    `mean_probability` is None when there are none. Rejected and undone ones are disagreements.
    """

    lowest_probability: float
    highest_probability: float
    mean_probability: float | None = None
    decided_count: int = 0
    rejected_count: int = 0
    undone_count: int = 0

    @property
    def agreed_count(self) -> int:
        return self.decided_count - self.rejected_count - self.undone_count


@dataclass(frozen=True, slots=True)
class CalibrationStudy:
    """All bins in order; `unscored` are proposals that hold no link with a probability."""

    bins: tuple[CalibrationBin, ...]
    unscored: CalibrationBin

    @property
    def decided_count(self) -> int:
        return sum(each.decided_count for each in (*self.bins, self.unscored))

    @property
    def agreed_count(self) -> int:
        return sum(each.agreed_count for each in (*self.bins, self.unscored))


def days_of_activity(first: date, last: date, counts: ActivityCounts) -> tuple[DayOfActivity, ...]:
    """Every day from the first to the last, both included; `counts` reach from the first day until now."""
    days: list[DayOfActivity] = []
    latest = max([last, *(day for _, day in counts.events)])
    waiting = counts.open_count
    # Backwards from now: how many are open is known for certain at this moment alone.
    for before in range((latest - first).days + 1):
        day = latest - timedelta(days=before)
        found, merged, rejected, lapsed, undone = (counts.events.get((event, day), 0) for event in Event)
        if day <= last:
            days.append(DayOfActivity(day, found, merged, undone, rejected, lapsed, waiting))
        waiting += merged + rejected + lapsed - found
    return tuple(reversed(days))


def all_queues(found: Collection[FunctionQueue], functions: Collection[str]) -> tuple[FunctionQueue, ...]:
    """The queues of these functions in order of name, empty ones too."""
    known = {queue.function: queue for queue in found}
    return tuple(known.get(function) or FunctionQueue(function) for function in sorted(functions))


def calibration_bin(place: int) -> CalibrationBin:
    """The empty bin at a place from 0."""
    bounds = (0.0, *CALIBRATION_BOUNDS, 1.0)
    return CalibrationBin(bounds[place], bounds[place + 1])
