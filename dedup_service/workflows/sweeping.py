"""Sweep the whole store for duplicates and propose their merges."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import scoring
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.policy import Impact
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import Record, RecordKey, RecordKind
from dedup_service.workflows.index_port import BlockingIndex, IndexProgress
from dedup_service.workflows.leaving_alone import reason_to_leave
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Request, Store
from dedup_service.workflows.proposing import ProposalDraft, Proposing
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse

_PAGE = 500
_WAIT_SECONDS = 60.0
# Proposals of one transaction: they share its flush, and nobody waits long for its locks.
_PROPOSALS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two records of different golden records that score at least REVIEW."""

    left: RecordKey
    right: RecordKey
    score: scoring.PairScore


@dataclass(slots=True)
class SweepResult:
    """What a sweep found and proposed."""

    record_count: int = 0
    pairs: list[DuplicatePair] = field(default_factory=list)
    verdicts: Counter[scoring.Verdict] = field(default_factory=Counter)
    proposals: Counter[Impact] = field(default_factory=Counter)
    left_alone: Counter[str] = field(default_factory=Counter)


class Sweeping:
    """The use case that matches everything against everything, through the blocking index."""

    def __init__(
        self,
        store: Store,
        index: BlockingIndex,
        progress: IndexProgress,
        proposing: Proposing,
        rules: Rules,
        models: ModelInUse,
        now: ClockNow,
    ) -> None:
        self._store = store
        self._index = index
        self._progress = progress
        self._proposing = proposing
        self._rules = rules
        self._now = now
        self._models = models

    async def sweep(self, proposer: Principal) -> SweepResult:
        """Compare every active record with its candidates, cluster the matches, and propose each cluster.

        Clusters never hold two golden records that a not-a-match link keeps apart. A pair that needs a
        person's eye (REVIEW) becomes a proposal of its own where neither side is in a cluster.
        """
        result = SweepResult()
        # One model for the whole sweep, however long it takes.
        model = self._models.current
        await self._progress.wait_applied(
            await self._store.read(lambda tx: tx.head_revision()), _WAIT_SECONDS
        )
        seen: dict[int, Record] = {}
        scored: list[tuple[int, int, scoring.PairScore]] = []
        async for record in self._records():
            result.record_count += 1
            seen[record.record_no] = record
            scored += await self._pairs_of(record, model)
        result.pairs = [
            DuplicatePair(seen[left].key, seen[right].key, score)
            for left, right, score in scored
            if right in seen and seen[left].golden_id != seen[right].golden_id
        ]
        result.verdicts.update(pair.score.verdict for pair in result.pairs)
        goldens = {record.key: record.golden_id for record in seen.values()}
        groups = await self._groups(result.pairs, goldens)
        for start in range(0, len(groups), _PROPOSALS_AT_ONCE):
            await self._propose(groups[start : start + _PROPOSALS_AT_ONCE], proposer, result)
        return result

    async def _records(self) -> AsyncIterator[Record]:
        page = Page(size=_PAGE)
        while True:
            listed = await self._store.read(lambda tx, page=page: tx.list_records(page))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            for record in listed.items:
                if record.active:
                    yield record
            if listed.next is None:
                return
            page = Page(size=_PAGE, after=listed.next)

    async def _pairs_of(
        self, record: Record, model: scoring.ScoringModel
    ) -> list[tuple[int, int, scoring.PairScore]]:
        """The pairs of this record with records of larger number, so that each pair is found once."""
        comparable = comparable_of(record.draft)
        found = await self._index.candidates(comparable, tuple(RecordKind), 0)
        later = [c for c in found.candidates if c.record_no > record.record_no]
        scores = scoring.score_many(comparable, [c.comparable for c in later], model)
        return [
            (record.record_no, candidate.record_no, score)
            for candidate, score in zip(later, scores, strict=True)
            if score.verdict is not scoring.Verdict.NO_MATCH
        ]

    async def _groups(
        self, pairs: Sequence[DuplicatePair], goldens: dict[RecordKey, str]
    ) -> list[tuple[str, ...]]:
        """Golden ids to propose together: clusters of matches, then pairs for review outside of them."""
        links = [
            scoring.Link(goldens[p.left], goldens[p.right], _linking_bits(p.score), p.score.match_probability)
            for p in pairs
            if goldens[p.left] != goldens[p.right]
        ]
        clusters = [c.members for c in scoring.cluster(links, await self._apart(goldens))]
        clustered = {golden_id for members in clusters for golden_id in members}
        reviews = {
            tuple(sorted((goldens[p.left], goldens[p.right])))
            for p in pairs
            if p.score.verdict is scoring.Verdict.REVIEW
            and goldens[p.left] not in clustered
            and goldens[p.right] not in clustered
        }
        return [*clusters, *sorted(reviews)]

    async def _apart(self, goldens: dict[RecordKey, str]) -> list[tuple[str, str]]:
        apart = []
        page = Page(size=_PAGE)
        while True:
            listed = await self._store.read(lambda tx, page=page: tx.list_distinctions(page))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            for distinction in listed.items:
                apart += [
                    (goldens[left], goldens[right])
                    for left in distinction.left
                    for right in distinction.right
                    if left in goldens and right in goldens
                ]
            if listed.next is None:
                return apart
            page = Page(size=_PAGE, after=listed.next)

    async def _propose(
        self, groups: Sequence[tuple[str, ...]], proposer: Principal, result: SweepResult
    ) -> None:
        drafts = []
        for members in groups:
            if why := await self._store.read(lambda tx, m=members: self._why_not(tx, m)):  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                result.left_alone[why] += 1
            else:
                drafts.append(ProposalDraft(golden_ids=members, comment="found by a sweep"))
        request = Request(proposer.name, "CreateMergeProposal")
        created, refused = await self._proposing.create_all(request, drafts, proposer)
        result.proposals.update(proposal.impact for proposal in created)
        result.left_alone.update(refused)

    async def _why_not(self, tx: ReadTransaction, members: tuple[str, ...]) -> str:
        goldens = await tx.goldens(members)
        why = await reason_to_leave(tx, list(goldens.values()), self._rules.policy, self._now())
        return why.words if why is not None else ""


def _linking_bits(score: scoring.PairScore) -> float:
    """What a pair says for joining: one for review does not join, nor does it speak against."""
    if score.verdict is scoring.Verdict.MATCH:
        return score.match_weight_bits
    return min(0.0, score.match_weight_bits)
