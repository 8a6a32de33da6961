"""Proposals as cases that can be weighed again, a page of them in a few statements.

An open proposal is taken as it stands now; a closed one at the moment when it was closed, with the records as
they are today: what they were then is not kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dedup_service.domain.decision import Case
from dedup_service.domain.delegations import Roles
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.golden import GoldenRecord, GoldenState
from dedup_service.domain.merges import BeforeGolden, Merge, MergeState
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import RecordKey, RecordKind
from dedup_service.workflows.hierarchies import hierarchy_cycles
from dedup_service.workflows.ports import ReadTransaction


@dataclass(frozen=True, slots=True)
class SimulatedCase:
    """A proposal with its case under one policy."""

    proposal: Proposal
    case: Case


async def simulated_cases(
    tx: ReadTransaction,
    proposals: Sequence[Proposal],
    policy: Policy,
    principals: Principals,
    now: datetime,
) -> list[SimulatedCase]:
    """The cases of these proposals under this policy; those that cannot be rebuilt are left out."""
    members = await _members(tx, proposals)
    rebuilt = [(p, members[p.proposal_id]) for p in proposals if _whole(p, members.get(p.proposal_id, ()))]
    goldens = [golden for _, found in rebuilt for golden in found]
    distinctions = await tx.distinctions_between({r.key for g in goldens for r in g.members})
    accounts = await _accounts_of(tx, goldens)
    open_roles = Roles(principals, await tx.delegations_holding(now), now)
    cases = []
    for proposal, found in rebuilt:
        roles = open_roles
        if not proposal.state.open:
            then = proposal.update_time
            roles = Roles(principals, await tx.delegations_holding(then), then)
        weakest = proposal.weakest_link
        case = Case(
            plan=replace(proposal.plan, policy_version=policy.version),
            goldens=found,
            proposer=proposal.proposer,
            policy=policy,
            roles=roles,
            now=roles.now,
            certainty=weakest.match_probability if weakest is not None else 0.0,
            distinctions=_crossed(distinctions, found),
            cycles=await hierarchy_cycles(tx, found),
            accounts=accounts,
            plan_time=proposal.plan_time,
            escalate_time=proposal.escalate_time,
        )
        cases.append(SimulatedCase(proposal, case))
    return cases


def _whole(proposal: Proposal, goldens: Collection[GoldenRecord]) -> bool:
    """Whether all golden records of the plan are there, with something in them."""
    live = [g for g in goldens if g.row.state is GoldenState.LIVE and g.active_members]
    return {g.golden_id for g in live} == {*proposal.plan.golden_ids}


async def _members(tx: ReadTransaction, proposals: Sequence[Proposal]) -> dict[str, tuple[GoldenRecord, ...]]:
    """The golden records of each proposal's plan, by proposal id: as they are, or as before their merge."""
    merges = await _standing_merges(tx, proposals)
    found = await tx.goldens({golden_id for p in proposals for golden_id in p.plan.golden_ids})
    before = await _before(tx, merges.values(), found)
    members = {}
    for proposal in proposals:
        merge = merges.get(proposal.proposal_id)
        source = found if merge is None else before[merge.merge_id]
        ids = proposal.plan.golden_ids
        members[proposal.proposal_id] = tuple(source[i] for i in ids if i in source)
    return members


async def _standing_merges(tx: ReadTransaction, proposals: Sequence[Proposal]) -> dict[str, Merge]:
    """The merges that these proposals led to and nobody has undone, by proposal id."""
    found = {}
    for proposal in proposals:
        merge = await tx.merge(proposal.merge_id) if proposal.merge_id else None
        if merge is not None and merge.state is MergeState.EXECUTED:
            found[proposal.proposal_id] = merge
    return found


async def _before(
    tx: ReadTransaction, merges: Collection[Merge], rows: Mapping[str, GoldenRecord]
) -> dict[str, dict[str, GoldenRecord]]:
    """The golden records that each merge joined, by merge id: its structure, with the records of today."""
    keys = {key for merge in merges for before in merge.before for key in before.records}
    records = await tx.records(keys) if keys else {}

    def rebuilt(before: BeforeGolden) -> GoldenRecord:
        row = replace(
            rows[before.golden_id].row,
            state=GoldenState.LIVE,
            version=before.version,
            successor_id="",
            merge_id="",
            choices=before.choices,
        )
        members = [
            replace(records[key], golden_id=before.golden_id) for key in before.records if key in records
        ]
        return GoldenRecord(row, tuple(members))

    return {
        merge.merge_id: {before.golden_id: rebuilt(before) for before in merge.before} for merge in merges
    }


async def _accounts_of(tx: ReadTransaction, goldens: Iterable[GoldenRecord]) -> dict[RecordKey, str]:
    """The golden records of the accounts that contacts among the members belong to."""
    keys = {
        record.draft.account
        for golden in goldens
        for record in golden.active_members
        if record.kind is RecordKind.CONTACT and record.draft.account is not None
    }
    found = await tx.records(keys) if keys else {}
    return {key: record.golden_id for key, record in found.items()}


def _crossed(distinctions: Iterable[Distinction], goldens: Iterable[GoldenRecord]) -> tuple[str, ...]:
    """The links among these that have a record of these golden records on each side."""
    keys = {record.key for golden in goldens for record in golden.members}
    return tuple(d.name for d in distinctions if keys.intersection(d.left) and keys.intersection(d.right))
