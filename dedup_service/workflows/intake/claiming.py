"""The claim on a new record: the ledger head, which every commit takes last.

Whoever holds it knows all that was ever written. If somebody like one of the batch was written since the
batch was looked up, it is looked up again; otherwise nobody can write them before this write has ended.
"""

from collections.abc import Collection

import scoring
from dedup_service.domain.golden import GoldenState
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.planning import Planned
from dedup_service.workflows.intake.search import MOST_WRITES_BEHIND
from dedup_service.workflows.ports import Revision, WriteTransaction
from dedup_service.workflows.races import RacedError
from dedup_service.workflows.record_changes import Locked
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.scoring_models import ModelInUse


class Claiming:
    """Locks what a batch decides by, in the one order of all writes."""

    def __init__(self, replanning: Replanning, models: ModelInUse) -> None:
        self._replanning = replanning
        self._models = models

    async def claimed(
        self, tx: WriteTransaction, planned: Planned, written: Collection[str] = ()
    ) -> tuple[Revision, Locked]:
        """Lock what is updated or merged with, and `written` besides; then take the head and look once more.

        Each item's target is, from here on, the record as it is locked.

        Raises:
            RacedError: what was found is no longer so, or somebody alike was written meanwhile.
        """
        updated = {item.target.golden_id for item in planned.items if item.target is not None}
        others = {golden_id for item in planned.items for golden_id in item.merge_with}
        wanted = updated | others | set(written)
        locked = await tx.lock_goldens(wanted) if wanted else {}
        moved = sorted(updated | set(written))
        proposals = await self._replanning.lock(tx, moved) if moved else []
        members = {record.record_no: record for golden in locked.values() for record in golden.members}
        for item in planned.items:
            if item.target is None:
                continue
            now = members.get(item.target.record_no)
            if now is None or not (now.active or item.own is not None):
                raise RacedError
            item.target, item.own = now, now if item.own is not None else None
        if any(locked[golden_id].row.state is not GoldenState.LIVE for golden_id in others):
            raise RacedError
        revision = await tx.revision()
        if revision.number > planned.head + 1:
            moving = updated | set(written)
            known = {number for number, record in members.items() if record.golden_id in moving}
            await self._check_nobody_new(tx, planned, frozenset(known))
        return revision, Locked(locked, proposals)

    async def _check_nobody_new(self, tx: WriteTransaction, planned: Planned, known: frozenset[int]) -> None:
        late = await tx.written_after(planned.head, MOST_WRITES_BEHIND)
        if not late.whole:
            raise RacedError
        for entry in late.entries:
            if entry.record_no in known:
                continue
            keys = set(scoring.blocking_keys(entry.comparable))
            for item in planned.items:
                if not keys.isdisjoint(item.keys) and self._alike(item, entry.comparable):
                    raise RacedError

    def _alike(self, item: Item, other: scoring.Comparable) -> bool:
        score = scoring.score_pair(item.comparable, other, self._models.current)
        return score.verdict is not scoring.Verdict.NO_MATCH
