"""What a run needs of whatever finds the duplicates: a folder of its own, a snapshot in it, the findings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import scoring
from dedup_service.domain.cleanup.items import FoundGroup
from dedup_service.domain.cleanup.runs import CommonKey, Phase
from dedup_service.workflows.cleaning.port import Snapshot

TellPhase = Callable[[Phase, int, int | None], None]


class FindingFailed(Exception):
    """The duplicates could not be found; the text says why and what to do, without any personal value."""


class FindingStopped(Exception):
    """Finding was asked to stop; what it had finished stays in its folder."""


@dataclass(frozen=True, slots=True)
class FindRequest:
    """What to find, in the snapshot of a run: by this model, fitted to the records first with `train`.

    `engine` is a name that the operator configured, empty for the embedded one. `last_run_id` is a run of the
    job that compared by the same model: what it compared need not be compared anew, where neither record
    changed since. With `keep_weights` another run may go on from this one in the same way.
    """

    run_id: str
    job_id: str
    model: scoring.ScoringModel
    train: bool = False
    engine: str = ""
    last_run_id: str = ""
    keep_weights: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Which golden records are the same, and what was looked at for it.

    `scoring_model` is the version compared by; `only_changed` says that two records that did not change were
    not compared anew.
    """

    groups: Sequence[FoundGroup]
    record_count: int
    candidate_count: int
    scoring_model: str
    verdicts: Mapping[scoring.Verdict, int] = field(default_factory=dict)
    too_common: tuple[CommonKey, ...] = ()
    only_changed: bool = False


class Finder(Protocol):
    """Finds duplicates in a folder for each run, which holds personal data until it is removed.

    Beside it may keep numbers of records and weights of pairs, which tell nothing of anybody.
    """

    def snapshot_revision(self, run_id: str) -> int | None:
        """The revision of the snapshot that was read whole for this run; None when there is none."""
        ...

    async def read(self, run_id: str, snapshot: Snapshot, told: Callable[[int], None]) -> None:
        """Read a snapshot into the folder of a run, in place of any before; `told` is the records so far.

        Raises:
            FindingFailed: the folder cannot be written.
        """
        ...

    async def find(self, wanted: FindRequest, told: TellPhase, should_stop: Callable[[], bool]) -> Findings:
        """Find the duplicates in the snapshot, going on after what was finished before.

        `told` and `should_stop` may be called from another thread.

        Raises:
            FindingStopped, FindingFailed.
        """
        ...

    def remove(self, run_id: str) -> None:
        """Remove the folder of a run and all that is in it; one that is gone is no error."""
        ...

    def keep_only(self, run_ids: Collection[str]) -> None:
        """Remove the folders of all other runs."""
        ...
