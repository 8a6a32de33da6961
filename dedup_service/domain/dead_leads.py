"""The study of dead leads: why leads died, where they came from, how far they had come (domain 2.4).

A lead is DEAD in one of two ways: it was disqualified, or nobody can be reached. One that was disqualified
and asked again came back to life (2.1); the study counts it beside the dead of the same reason.
Reasons, steps and lead sources are free text: what fewer than `least_count` leads say is not shown but
counted with other such texts, so that the study names nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LEAST_COUNT = 5
FEWEST_LEAST_COUNT = 3
MAX_LEAST_COUNT = 10_000
# Of one dimension; the rarest beyond are counted together.
MAX_GROUPS = 60
MAX_DIMENSIONS = 2
AGE_BOUNDS_DAYS = (1, 7, 30, 90, 180, 365)
AGES = (
    "under a day",
    "1 to 6 days",
    "7 to 29 days",
    "30 to 89 days",
    "90 to 179 days",
    "180 to 364 days",
    "a year or more",
)


class DeadLeadDimension(StrEnum):
    """What dead leads are counted by."""

    REASON = "REASON"
    SOURCE = "SOURCE"
    LEAD_SOURCE = "LEAD_SOURCE"
    AGE = "AGE"
    STEP = "STEP"
    MONTH = "MONTH"

    @property
    def free_text(self) -> bool:
        """Whether people write the groups themselves."""
        return self in {self.REASON, self.LEAD_SOURCE, self.STEP}

    @property
    def ordered(self) -> bool:
        """Whether its groups have an order of their own, which tells more than which of them is the
        largest.
        """
        return self in {self.AGE, self.MONTH}

    @property
    def of_all_leads(self) -> bool:
        """Whether leads that live have a group too, so that a rate of death can be told."""
        return self in {self.SOURCE, self.LEAD_SOURCE}


class GroupType(StrEnum):
    """What a group stands for: a value, its absence, rare values together, or leads that nobody can reach."""

    VALUE = "VALUE"
    NOT_GIVEN = "NOT_GIVEN"
    UNREACHABLE = "UNREACHABLE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class DeadLeadGroup:
    """One group of one dimension; `value` is empty unless it stands for a value."""

    dimension: DeadLeadDimension
    type: GroupType
    value: str = ""


@dataclass(frozen=True, slots=True)
class DeadLeadQuery:
    """What to study: one or two dimensions; of one source, or of all for an empty one.

    With a time, only leads that were disqualified in that span, its end not included; of those whom nobody
    can reach no time of death is known.
    """

    dimensions: tuple[DeadLeadDimension, ...]
    source: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    least_count: int = LEAST_COUNT

    @property
    def in_time(self) -> bool:
        """Whether only a span of time is studied."""
        return self.start_time is not None or self.end_time is not None


@dataclass(frozen=True, slots=True)
class DeadLeadRow:
    """The leads of one group of each dimension.

    `dead_count` are DEAD; `returned_count` were disqualified and came back to life; `lead_count` are all
    leads of the row's source or lead source, None where the dimensions name neither.
    """

    groups: tuple[DeadLeadGroup, ...]
    dead_count: int
    returned_count: int
    lead_count: int | None


@dataclass(frozen=True, slots=True)
class DeadLeadStudy:
    """The rows, the largest first unless the first dimension has an order; `lead_count` are all leads, dead
    or not.
    """

    rows: tuple[DeadLeadRow, ...]
    dead_count: int
    unreachable_count: int
    returned_count: int
    lead_count: int


def in_own_order(dimension: DeadLeadDimension, values: Iterable[str]) -> list[str]:
    """Ages from young to old and months from early to late, in the same order whatever else is none of
    them.
    """
    known = set(values)
    if dimension is DeadLeadDimension.AGE:
        ages = [age for age in AGES if age in known]
        return [*ages, *sorted(known.difference(ages))]
    months = sorted(value for value in known if value[:1].isdigit())
    return [*months, *sorted(known.difference(months))]
