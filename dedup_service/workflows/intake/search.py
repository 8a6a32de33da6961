"""Who is known: candidates of the blocking index, and of what was written since the index was last told.

The index follows the ledger by some milliseconds. What it has not seen yet is read from the ledger itself, so
that of two callers with the same person at the same moment the second finds what the first has written.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

import scoring
from dedup_service.domain.errors import IndexUnavailable
from dedup_service.domain.intake.answers import Incomplete
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.index_port import (
    BlockingIndex,
    CandidateSet,
    IncompleteReason,
    IndexEntry,
)
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.scoring_models import ModelInUse

# An index that is further behind is being built or has lost its server: the answer says so.
MOST_CHANGES_BEHIND = 5000
INDEX_UNAVAILABLE = "INDEX_UNAVAILABLE"
_ASKED_AT_ONCE = 32
_SCORED_AT_ONCE = 25
# A company is told by its domain alone, too: what its name would make of it is looked at from here on.
_LEAST_OF_A_COMPANY = 0.05
# Of 100, by rapidfuzz.fuzz.token_set_ratio on normalised names; an acronym is found by its domain.
_LEAST_NAME_LIKENESS = 75


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that scores as the same person or company; `domains` are those that both have."""

    record_no: int
    kind: RecordKind
    score: scoring.PairScore
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """What the search found for one item: the same again, and the company that a person may belong to."""

    same: tuple[Hit, ...]
    companies: tuple[Hit, ...]
    incomplete: tuple[Incomplete, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of each item in order; complete up to the ledger's revision `head`."""

    hits: tuple[Hits, ...]
    head: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    record_no: int
    kind: RecordKind
    comparable: scoring.Comparable


class Search:
    """Finds and scores the candidates of a batch."""

    def __init__(self, index: BlockingIndex, models: ModelInUse) -> None:
        self._index = index
        self._models = models

    async def found(self, tx: ReadTransaction, items: Sequence[Item]) -> Found:
        """The hits of these items, with what the ledger holds beyond the index.

        Raises:
            IndexUnavailable: the index does not answer, and not every item has to be transacted with at once.
        """
        try:
            sets = await self._candidates(items)
        except IndexUnavailable as error:
            if not all(item.must_transact for item in items):
                raise
            # Business waits for nobody: a sweep will find what was missed.
            missed = Incomplete(INDEX_UNAVAILABLE, error.detail)
            return Found(tuple(Hits((), (), (missed,)) for _ in items), await tx.head_revision())
        applied = min(found.applied_revision for pair in sets for found in pair)
        tail = await tx.written_after(applied, MOST_CHANGES_BEHIND)
        fresh = _by_key(tail.entries)
        written = frozenset(entry.record_no for entry in tail.entries)
        hits = []
        for item, (same, companies) in zip(items, sets, strict=True):
            hits.append(await self._hits(item, same, companies, fresh, written, told=tail.whole))
        return Found(tuple(hits), tail.head)

    async def _candidates(self, items: Sequence[Item]) -> list[tuple[CandidateSet, CandidateSet]]:
        """Candidates of each item and of its company; empty ones for a company that nothing tells of."""
        asked = [
            (comparable, kinds)
            for item in items
            for comparable, kinds in (
                (item.comparable, tuple(RecordKind)),
                (item.company, (RecordKind.ACCOUNT,)),
            )
        ]
        found: list[CandidateSet] = []
        for start in range(0, len(asked), _ASKED_AT_ONCE):
            piece = asked[start : start + _ASKED_AT_ONCE]
            found += await asyncio.gather(*(self._asked(comparable, kinds) for comparable, kinds in piece))
        revisions = [each.applied_revision for each in found if each.applied_revision >= 0]
        lowest = min(revisions, default=0)
        found = [each if each.applied_revision >= 0 else _nothing(lowest) for each in found]
        return list(zip(found[::2], found[1::2], strict=True))

    async def _asked(
        self, comparable: scoring.Comparable | None, kinds: Collection[RecordKind]
    ) -> CandidateSet:
        return _nothing(-1) if comparable is None else await self._index.candidates(comparable, kinds, 0)

    async def _hits(
        self,
        item: Item,
        same: CandidateSet,
        companies: CandidateSet,
        fresh: dict[str, list[IndexEntry]],
        written: frozenset[int],
        *,
        told: bool,
    ) -> Hits:
        model = self._models.current
        pool = _pooled(item.comparable, same, fresh, written)
        hits = await _scored(item.comparable, pool, model, model.review_threshold)
        accounts: list[Hit] = []
        if item.company is not None:
            pool = [
                candidate
                for candidate in _pooled(item.company, companies, fresh, written)
                if candidate.kind is RecordKind.ACCOUNT and _may_be_theirs(item.company, candidate.comparable)
            ]
            accounts = await _scored(item.company, pool, model, _LEAST_OF_A_COMPANY)
        elif not item.person:
            accounts = [hit for hit in hits if hit.kind is RecordKind.ACCOUNT]
        incomplete = [
            Incomplete(each.reason, each.detail, each.blocking_key)
            for each in (*same.incomplete, *companies.incomplete)
            # What the index has not reached, the ledger has told.
            if each.reason is not IncompleteReason.INDEX_BEHIND or not told
        ]
        if not told and not incomplete:
            incomplete.append(Incomplete(IncompleteReason.INDEX_BEHIND, "the index is far behind the ledger"))
        return Hits(tuple(hits), tuple(accounts), tuple(dict.fromkeys(incomplete)))


def _may_be_theirs(company: scoring.Comparable, account: scoring.Comparable) -> bool:
    """Whether an account could be recognised at all: by its domain, by a number, or by a name like it.

    Blocks of company names hold hundreds that begin alike, of which scoring would weigh every attribute.
    """
    if not set(company.domains).isdisjoint(account.domains):
        return True
    if company.tax_id and company.tax_id == account.tax_id:
        return True
    if company.registration_number and company.registration_number == account.registration_number:
        return True
    return fuzz.token_set_ratio(company.company, account.company) >= _LEAST_NAME_LIKENESS


def _nothing(revision: int) -> CandidateSet:
    return CandidateSet((), complete=True, incomplete=(), applied_revision=revision)


def _by_key(entries: Iterable[IndexEntry]) -> dict[str, list[IndexEntry]]:
    found: dict[str, list[IndexEntry]] = {}
    for entry in entries:
        for key in scoring.blocking_keys(entry.comparable):
            found.setdefault(key, []).append(entry)
    return found


def _pooled(
    comparable: scoring.Comparable,
    indexed: CandidateSet,
    fresh: dict[str, list[IndexEntry]],
    written: frozenset[int],
) -> list[_Candidate]:
    """The candidates by number; what was written since takes the place of what the index held."""
    pool = {
        c.record_no: _Candidate(c.record_no, c.kind, c.comparable)
        for c in indexed.candidates
        # As the index held it; it may share no key any more with what it was found by.
        if c.record_no not in written
    }
    if fresh:
        for key in scoring.blocking_keys(comparable):
            for entry in fresh.get(key, ()):
                pool[entry.record_no] = _Candidate(entry.record_no, entry.kind, entry.comparable)
    return list(pool.values())


async def _scored(
    comparable: scoring.Comparable, pool: Sequence[_Candidate], model: scoring.ScoringModel, least: float
) -> list[Hit]:
    """The likely ones, best first, then by number."""
    hits: list[Hit] = []
    for start in range(0, len(pool), _SCORED_AT_ONCE):
        if start:
            # A large block takes milliseconds: let other calls in.
            await asyncio.sleep(0)
        piece = pool[start : start + _SCORED_AT_ONCE]
        for at, score in scoring.score_likely(comparable, [c.comparable for c in piece], model, least):
            one = piece[at]
            shared = tuple(sorted(set(comparable.domains) & set(one.comparable.domains)))
            hits.append(Hit(one.record_no, one.kind, score, shared))
    return sorted(hits, key=lambda hit: (-hit.score.match_weight_bits, hit.record_no))
