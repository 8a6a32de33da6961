"""What stewards decided, as labelled pairs: the same, or not the same.

Carried-out merges that a person approved say the same. Rejected proposals of two members, undone merges
of two and not-a-match links say not the same; a rejection of three or more says only that not all are one. A
label holds while the store agrees with it: two that were rejected and merged since are not labelled apart,
nor together once their merge was undone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TypeVar

import scoring
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.merges import Merge, MergeState
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Record, RecordKey
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ReadTransaction, Store

T = TypeVar("T")
Keys = tuple[RecordKey, ...]

_PAGE = 500
# Of larger golden records the first records by name, as for the links of a proposal.
_RECORDS_A_SIDE = 6


@dataclass(frozen=True, slots=True)
class Label:
    """Two sides that were judged; as in a proposal, what they weigh is their best pair of records."""

    entity: scoring.Entity
    pairs: tuple[tuple[scoring.Comparable, scoring.Comparable], ...]
    is_same: bool


@dataclass(frozen=True, slots=True)
class _Judgement:
    left: Keys
    right: Keys
    is_same: bool


async def labels_of(store: Store) -> list[Label]:
    """All labels that the decisions in the store give now, each pair of sides once."""
    judged = await _judgements(store)
    # The order of the sides says nothing, and a link and a rejection of the same two are one label.
    unique = {(frozenset((one.left, one.right)), one.is_same): one for one in judged}
    labels: list[Label] = []
    remaining = list(unique.values())
    for start in range(0, len(remaining), _PAGE):
        piece = remaining[start : start + _PAGE]
        keys = {key for one in piece for key in (*one.left, *one.right)}
        records = await store.read(partial(_records, keys))
        labels += [label for one in piece if (label := _label(one, records)) is not None]
    return labels


async def _judgements(store: Store) -> list[_Judgement]:
    found: list[_Judgement] = []
    async for merge in _all(store, lambda page, tx: tx.list_merges(page)):
        proposal = await store.read(partial(_proposal, merge.proposal_id))
        found += _from_merge(merge, proposal)
    rejected = (Condition("state", Operator.EQUALS, ProposalState.REJECTED),)
    async for proposal in _all(store, lambda page, tx: tx.list_proposals(page), rejected):
        found += _from_rejection(proposal)
    async for link in _all(store, lambda page, tx: tx.list_distinctions(page)):
        found.append(_from_distinction(link))
    return found


async def _all(
    store: Store,
    page_of: Callable[[Page, ReadTransaction], Awaitable[Listed[T]]],
    conditions: tuple[Condition, ...] = (),
) -> AsyncIterator[T]:
    after = None
    while True:
        page = Page(conditions=conditions, after=after, size=_PAGE)
        listed = await store.read(partial(page_of, page))
        for item in listed.items:
            yield item
        if listed.next is None:
            return
        after = listed.next


async def _proposal(proposal_id: str, tx: ReadTransaction) -> Proposal | None:
    return await tx.proposal(proposal_id)


async def _records(keys: Collection[RecordKey], tx: ReadTransaction) -> dict[RecordKey, Record]:
    return await tx.records(keys)


def _from_merge(merge: Merge, proposal: Proposal | None) -> Iterator[_Judgement]:
    if proposal is None or not any(vote.decision is VoteDecision.APPROVE for vote in proposal.votes):
        # Only people vote: this one was carried out by a rule, and judged by nobody.
        return
    sides = {one.golden_id: _side(one.records) for one in merge.before}
    is_same = merge.state is MergeState.EXECUTED
    if is_same or len(sides) == 2:
        for golden_id in merge.merged_ids:
            yield _Judgement(sides[merge.survivor_id], sides[golden_id], is_same)


def _from_rejection(proposal: Proposal) -> Iterator[_Judgement]:
    members = proposal.plan.members
    if len(members) == 2 and any(vote.decision is VoteDecision.REJECT for vote in proposal.votes):
        left, right = (_side(record.key for record in member.records) for member in members)
        yield _Judgement(left, right, is_same=False)


def _from_distinction(link: Distinction) -> _Judgement:
    return _Judgement(_side(link.left), _side(link.right), is_same=False)


def _side(keys: Iterable[RecordKey]) -> Keys:
    return tuple(sorted(keys, key=lambda key: key.name)[:_RECORDS_A_SIDE])


def _label(judged: _Judgement, records: dict[RecordKey, Record]) -> Label | None:
    """The label with what its records hold now; None where the store no longer agrees, or nothing is left."""
    left, right = (
        [records[key] for key in side if key in records and records[key].active]
        for side in (judged.left, judged.right)
    )
    together = {one.golden_id for one in left} & {one.golden_id for one in right}
    if not left or not right or bool(together) is not judged.is_same:
        return None
    sides = ([comparable_of(one.draft) for one in side] for side in (left, right))
    pairs = list(product(*sides))
    # A lead that names a company only is no candidate of a person.
    alike = [(one, other) for one, other in pairs if one.entity is other.entity]
    if not alike:
        return None
    entity = alike[0][0].entity
    return Label(entity, tuple(pair for pair in alike if pair[0].entity is entity), judged.is_same)
