"""What a run works off: groups of golden records that were found to be the same, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dedup_service.domain.cleanup.runs import SkipReason


class ItemStage(StrEnum):
    """Where a work item stands.

    FOUND: nothing was done yet. PROPOSED: people decide it. AUTOMATIC: proposed, needs nobody, and waits to
    be merged by the run. MERGED: it was. KEPT: proposed, and not merged by the run for a reason. SKIPPED: not
    proposed by the run for a reason.
    """

    FOUND = "FOUND"
    PROPOSED = "PROPOSED"
    AUTOMATIC = "AUTOMATIC"
    MERGED = "MERGED"
    KEPT = "KEPT"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """Golden records that belong together, by id in order; bits and probability are of their weakest link.

    `is_review` is a pair that a person should look at, outside of any cluster.
    """

    golden_ids: tuple[str, ...]
    match_weight_bits: float
    match_probability: float
    is_review: bool = False


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A group in its place of the order in which a run works."""

    item_no: int
    golden_ids: tuple[str, ...]
    stage: ItemStage = ItemStage.FOUND
    proposal_id: str = ""
    is_canary: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """What one batch makes of a work item.

    `is_new` says that this batch made the proposal, `taken_up` that an earlier run of the job did. `owners`
    and `sources` are those that a merge counts for.
    """

    item_no: int
    stage: ItemStage
    reason: SkipReason | None = None
    proposal_id: str = ""
    is_new: bool = False
    taken_up: bool = False
    merge_id: str = ""
    owners: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergesToday:
    """The merges that the runs of a job made since midnight UTC, in all and by owner and source."""

    count: int = 0
    by_owner: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, int] = field(default_factory=dict)

    def with_merge(self, owners: tuple[str, ...], sources: tuple[str, ...]) -> "MergesToday":
        """These and one more."""
        return MergesToday(self.count + 1, _added(self.by_owner, owners), _added(self.by_source, sources))


def _added(counts: Mapping[str, int], names: tuple[str, ...]) -> dict[str, int]:
    return {**counts, **{name: counts.get(name, 0) + 1 for name in names}}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people made of a run: of its proposals that they decided, and of its merges."""

    rejected_count: int = 0
    decided_count: int = 0
    undone_count: int = 0
    merged_count: int = 0
