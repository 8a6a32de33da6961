"""The rules that a run keeps, as pure functions of what the store says.

What may be merged at all is not decided here: `domain.decision` decides it, for a job as for everybody. These
rules only make a run do less, or later.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

from dedup_service.domain.cleanup.items import FoundGroup, MergesToday, Opinion, WorkItem
from dedup_service.domain.cleanup.jobs import CleanupLimits, JobDefinition, Schedule, StopRule
from dedup_service.domain.cleanup.runs import CleanupRun, SkipReason
from dedup_service.domain.decision import Decision
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.voting import BallotMethod

# What a wrong merge costs, in duplicates that right ones remove: somebody must find it, undo it, explain it.
WRONG_MERGE_COST = 5.0


def worth(group: FoundGroup) -> float:
    """What proposing a group is expected to gain, in duplicates removed, less what it risks."""
    chance = group.match_probability
    return (len(group.golden_ids) - 1) * chance - WRONG_MERGE_COST * (1.0 - chance)


def in_order_of_work(groups: Iterable[FoundGroup]) -> list[FoundGroup]:
    """Most worth first: where a limit ends the work, the best was done. The input's order changes nothing."""
    return sorted(groups, key=lambda g: (-worth(g), -g.match_weight_bits, g.golden_ids))


def canary_of(run_id: str, items: Sequence[WorkItem], share: float) -> list[WorkItem]:
    """The slice of these items that is merged first: drawn by chance, so that it stands for all of them.

    It is rounded up, so that a share above 0 has an item. The same run draws the same items again.
    """

    def drawn(item: WorkItem) -> bytes:
        return hashlib.sha256(" ".join((run_id, *item.golden_ids)).encode()).digest()

    size = min(len(items), ceil(len(items) * share))
    return sorted(sorted(items, key=drawn)[:size], key=lambda item: item.item_no)


def needs_nobody(decision: Decision) -> bool:
    """Whether the policy lets a merge go without a person: approved, with nobody asked.

    What people were asked for and have approved is theirs to carry out.
    """
    ballot = decision.ballot
    return decision.approved and ballot.method is BallotMethod.PEOPLE and ballot.quorum == 0


def limit_reached(
    limits: CleanupLimits, today: MergesToday, owners: Sequence[str], sources: Sequence[str]
) -> SkipReason | None:
    """Which limit one more merge, of records of these owners and sources, would go beyond."""
    if today.count >= limits.max_merges_per_day:
        return SkipReason.DAY_LIMIT
    if any(today.by_owner.get(owner, 0) >= limits.max_merges_per_owner_per_day for owner in owners):
        return SkipReason.OWNER_LIMIT
    if any(today.by_source.get(source, 0) >= limits.max_merges_per_source_per_day for source in sources):
        return SkipReason.SOURCE_LIMIT
    return None


def owners_and_sources(goldens: Iterable[GoldenRecord]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom a merge of these counts for: the people or queues that own their active records; the sources."""
    records = [record for golden in goldens for record in golden.active_members]
    owners = {r.draft.owner.principal or r.draft.owner.queue for r in records if r.draft.owner is not None}
    return tuple(sorted(owners - {""})), tuple(sorted({r.key.source for r in records}))


def stop_reason(rule: StopRule, opinion: Opinion, canary_count: int | None = None) -> str:
    """Why a run must stop, in words; empty while it may go on.

    `canary_count` are the merges that people were given time to look at: where these are fewer than the rule
    asks for, they must do, since nothing else is shown before the rest is merged.
    """
    least = rule.min_decided_count
    least_merged = least if canary_count is None else min(least, max(1, canary_count))
    for refused, of, enough, what in (
        (
            opinion.rejected_count,
            opinion.decided_count,
            least,
            "proposals of this run that people decided were rejected",
        ),
        (opinion.undone_count, opinion.merged_count, least_merged, "merges of this run were undone"),
    ):
        if of >= enough and refused > rule.max_rejected_share * of:
            return f"{refused} of {of} {what}, more than {rule.max_rejected_share:.0%}"
    return ""


def is_changed_since(golden: GoldenRecord, revision: int) -> bool:
    """Whether a golden record or one of its members was written after this revision."""
    return max([golden.row.revision, *(record.revision for record in golden.members)]) > revision


def next_run_time(schedule: Schedule | None, after: datetime) -> datetime | None:
    """When a job runs next by itself, later than `after`; None without a schedule."""
    if schedule is None:
        return None
    if schedule.interval is not None:
        return after + schedule.interval
    assert schedule.daily_time is not None, "a schedule has one of the two"
    today = datetime.combine(after.astimezone(UTC).date(), schedule.daily_time, UTC)
    return today if today > after else today + timedelta(days=1)


def goes_on_from(last: CleanupRun | None, definition: JobDefinition, model_version: str) -> bool:
    """Whether a run need not compare anew what a last one that succeeded has compared.

    A fitted model has the version of the one that it was fitted from, and is another one.
    """
    return (
        definition.incremental
        and not definition.train
        and last is not None
        and not last.definition.train
        and last.scoring_model == model_version
        and last.definition.scope == definition.scope
    )


def day_start(now: datetime) -> datetime:
    """The midnight UTC from which the merges of a day are counted."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def remaining_seconds(done: int, total: int | None, elapsed_seconds: float) -> float | None:
    """How much longer a phase takes at the pace that it had so far; None while nobody can tell."""
    if total is None or done <= 0 or elapsed_seconds <= 0:
        return None
    return max(0, total - done) * elapsed_seconds / done
