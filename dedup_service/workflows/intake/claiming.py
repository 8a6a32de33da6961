"""The claim on a new record: the ledger head, which every commit takes last.

Whoever holds it knows all that was ever written, and nobody can write before this write has ended. Those of a
batch who are like somebody written since the batch was looked up are looked up once more under the claim.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import scoring
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.intake.folding import contradiction
from dedup_service.domain.matching import comparable_of
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.planning import Planned, Planning, certainly_same
from dedup_service.workflows.intake.search import MOST_CHANGES_BEHIND
from dedup_service.workflows.ports import Revision, WriteTransaction
from dedup_service.workflows.races import RacedError
from dedup_service.workflows.record_changes import Locked
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse


@dataclass(frozen=True, slots=True)
class Claim:
    """What is held until the write ends, and the plans as they are under it; `again` were planned anew."""

    revision: Revision
    locked: Locked
    planned: Planned
    again: tuple[Item, ...] = ()


class Claiming:
    """Locks what a batch decides by, in the one order of all writes."""

    def __init__(self, planning: Planning, replanning: Replanning, models: ModelInUse, rules: Rules) -> None:
        self._planning = planning
        self._rules = rules
        self._replanning = replanning
        self._models = models

    async def claimed(
        self, tx: WriteTransaction, planned: Planned, actor: str, written: Collection[str] = ()
    ) -> Claim:
        """Lock what is updated or merged with, and `written` besides; then take the head and look once more.

        Each item's target is, from here on, the record as it is locked.

        Raises:
            RacedError: what was found is no longer so.
        """
        wanted = _updated(planned.items) | _merged_with(planned.items) | set(written)
        goldens = await tx.lock_goldens(wanted) if wanted else {}
        moved = sorted(_updated(planned.items) | set(written))
        proposals = await self._replanning.lock(tx, moved) if moved else []
        locked = Locked(goldens, proposals)
        _hold(planned.items, locked)
        if any(self._another(item, planned.head) for item in planned.items):
            raise RacedError
        claim = Claim(await tx.revision(), locked, planned)
        if claim.revision.number == planned.head + 1:
            return claim
        again = await self._alike_since(tx, planned, set(moved), locked)
        return await self._planned_again(tx, claim, again, actor) if again else claim

    async def _alike_since(
        self, tx: WriteTransaction, planned: Planned, moved: set[str], locked: Locked
    ) -> list[Item]:
        """The items like whom somebody was written since; what this write changes itself is no news."""
        late = await tx.written_after(planned.head, MOST_CHANGES_BEHIND)
        if not late.whole:
            raise RacedError
        known = {
            record.record_no
            for golden_id, golden in locked.goldens.items()
            if golden_id in moved
            for record in golden.members
        }
        news = [
            (set(scoring.blocking_keys(entry.comparable)), entry.comparable)
            for entry in late.entries
            if entry.record_no not in known
        ]
        return [
            item
            for item in planned.items
            if any(not keys.isdisjoint(item.keys) and self._alike(item, other) for keys, other in news)
        ]

    def _another(self, item: Item, head: int) -> bool:
        """Whether the record to update was written since it was looked up, and is another's now."""
        if item.target is None or item.own is not None or item.target.revision <= head:
            return False
        score = scoring.score_pair(item.comparable, comparable_of(item.target.draft), self._models.current)
        return not certainly_same(score, self._rules.policy.intake) or bool(
            contradiction(item.target.draft, item.draft)
        )

    def _alike(self, item: Item, other: scoring.Comparable) -> bool:
        score = scoring.score_pair(item.comparable, other, self._models.current)
        return score.verdict is not scoring.Verdict.NO_MATCH

    async def _planned_again(
        self, tx: WriteTransaction, claim: Claim, again: Sequence[Item], actor: str
    ) -> Claim:
        """Plan these items anew, now that nothing can change; what they need beside is locked at once.

        Nobody is waited for under the head: whoever holds such a lock may be waiting for the head.
        """
        anew = await self._planning.planned(tx, again, actor)
        wanted = _updated(again) | _merged_with(again)
        more = wanted - claim.locked.goldens.keys()
        goldens = dict(claim.locked.goldens)
        if more:
            goldens |= await tx.lock_goldens_at_once(more)
        known = {proposal.proposal_id for proposal in claim.locked.proposals}
        waiting = await tx.open_proposals_of(sorted(_updated(again)))
        if any(proposal.proposal_id not in known for proposal in waiting):
            # Proposals are locked before the head, never after.
            raise RacedError
        locked = Locked(goldens, claim.locked.proposals)
        _hold(again, locked)
        planned = replace(claim.planned, accounts={**claim.planned.accounts, **anew.accounts})
        return replace(claim, locked=locked, planned=planned, again=tuple(again))


def _updated(items: Sequence[Item]) -> set[str]:
    return {item.target.golden_id for item in items if item.target is not None}


def _merged_with(items: Sequence[Item]) -> set[str]:
    return {golden_id for item in items for golden_id in item.merge_with}


def _hold(items: Sequence[Item], locked: Locked) -> None:
    """Take the targets as they are under their locks; raise RacedError where one is not what it was."""
    members = {record.record_no: record for golden in locked.goldens.values() for record in golden.members}
    for item in items:
        if item.target is None:
            continue
        now = members.get(item.target.record_no)
        if now is None or now.state is not item.target.state:
            raise RacedError
        item.target, item.own = now, now if item.own is not None else None
    if any(
        locked.goldens[golden_id].row.state is not GoldenState.LIVE
        for golden_id in _merged_with(items)
        if golden_id in locked.goldens
    ):
        raise RacedError
