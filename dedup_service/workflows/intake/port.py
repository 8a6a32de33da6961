"""What intake needs of the store beside what every workflow does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dedup_service.domain.intake.answers import Assigned, IntakeAction, IntakeStep
from dedup_service.domain.records import RecordKey
from dedup_service.workflows.index_port import IndexEntry


@dataclass(frozen=True, slots=True)
class Tail:
    """The active records written after a revision, as they are at `head`.

    `whole` is false when more was written than was asked for; then `entries` are none.
    """

    entries: tuple[IndexEntry, ...]
    head: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Intake:
    """What intake decided about one record, as it is kept: names and rules, but no value of anybody's.

    (revision, ordinal) is its place; `assigned` comes back without its reasons.
    """

    revision: int
    ordinal: int
    time: datetime
    caller: str
    action: IntakeAction
    step: IntakeStep
    record: RecordKey
    account: RecordKey | None
    assigned: Assigned
    policy_version: str

    @property
    def name(self) -> str:
        return intake_name(self.revision, self.ordinal)


def intake_name(revision: int, ordinal: int) -> str:
    """The resource name of an intake."""
    return f"intakes/{revision}-{ordinal}"


class IntakeReads(Protocol):
    """What intake reads."""

    async def written_after(self, revision: int, limit: int) -> Tail:
        """The records of the writes after this revision, when at most `limit` changes touched any."""
        ...

    async def team_turn(self, team: str) -> str:
        """The principal of a team who was chosen last; empty before the first."""
        ...

    async def assignment_counts(self, principals: Collection[str], since: datetime) -> dict[str, int]:
        """How many intakes each of these principals was given since then."""
        ...


class IntakeWrites(Protocol):
    """What intake writes; the ledger head is taken, which keeps turns and choices in one order."""

    async def save_team_turns(self, turns: Mapping[str, str]) -> None:
        """Keep, by team, who was chosen last."""
        ...

    async def insert_intakes(self, intakes: Sequence[Intake]) -> None: ...
