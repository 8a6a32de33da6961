"""Read golden records, and what a proposal would do, as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass

import scoring
from dedup_service.domain.errors import InvalidInput, NotFound
from dedup_service.domain.golden import (
    Choice,
    GoldenRecord,
    GoldenRow,
    MemberChild,
    golden_name,
    survivorship,
)
from dedup_service.domain.leads import account_state, golden_lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import AccountState, LeadClass, RecordKey
from dedup_service.domain.stakes import Stake, stakes
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Store
from dedup_service.workflows.rules import Rules

MAX_LOOKUP = 100
# Records looked at for one identifier; more of them than golden records are asked for, as they share some.
_MAX_LOOKED_AT = 1000
LOOKUP_FIELDS = ("tax_id", "registration_number", "customer_number")


@dataclass(frozen=True, slots=True)
class GoldenView:
    """A golden record with all that is computed from it; `redirects` lead from the id asked for to it."""

    golden: GoldenRecord
    values: dict[str, scoring.SurvivingValue]
    stakes: tuple[Stake, ...]
    lead_class: tuple[LeadClass, str] | None
    account_state: AccountState | None
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LosingValue:
    """A value that the survivor would not show; it stays on its record."""

    field: str
    value: str
    record: RecordKey


@dataclass(frozen=True, slots=True)
class Preview:
    """What an open proposal would do, before anybody votes: no personal value of this is ever stored."""

    values: dict[str, scoring.SurvivingValue]
    losing: tuple[LosingValue, ...]
    moving_children: tuple[MemberChild, ...]
    redirects: tuple[str, ...]


class Readings:
    """The use cases that only read."""

    def __init__(self, store: Store, rules: Rules, now: ClockNow) -> None:
        self._store = store
        self._rules = rules
        self._now = now

    def view(self, golden: GoldenRecord, redirects: Sequence[str] = ()) -> GoldenView:
        """A golden record with everything that is computed from its members."""
        now = self._now()
        return GoldenView(
            golden=golden,
            values=survivorship(golden.members, golden.row.choices, self._rules.policy),
            stakes=stakes([golden], self._rules.policy, now, self._rules.principals),
            lead_class=golden_lead_class(golden.members, self._rules.policy, now),
            account_state=account_state(golden.members, self._rules.policy),
            redirects=tuple(redirects),
        )

    async def golden(self, golden_id: str) -> GoldenView:
        """The golden record that any id ever issued leads to.

        Raises:
            NotFound: when no such id was ever issued.
        """
        return (await self.goldens([golden_id]))[0]

    async def goldens(self, golden_ids: Sequence[str]) -> list[GoldenView]:
        """The golden records that these ids lead to, in their order, all as of one moment.

        Raises:
            NotFound: for the first id that was never issued.
        """

        async def work(tx: ReadTransaction) -> list[GoldenView]:
            found = await tx.goldens(set(golden_ids))
            chains: dict[str, list[GoldenRow]] = {}
            for golden_id in golden_ids:
                if golden_id not in found:
                    raise NotFound("GoldenRecord", golden_name(golden_id))
                if found[golden_id].row.successor_id:
                    chains[golden_id] = await tx.redirect_chain(golden_id)
            ends = {chain[-1].golden_id for chain in chains.values()}
            found |= await tx.goldens(ends - found.keys()) if ends else {}
            views = []
            for golden_id in golden_ids:
                chain = chains.get(golden_id) or [found[golden_id].row]
                views.append(self.view(found[chain[-1].golden_id], [row.name for row in chain]))
            return views

        return await self._store.read(work)

    async def lookup(self, record: RecordKey | None, field: str, value: str) -> list[GoldenView]:
        """Golden records by a source record, or by an identifier field and its exact value.

        At most `MAX_LOOKUP` + 1 are given: one more says that there are too many to identify anything.
        """
        if record is None and field not in LOOKUP_FIELDS:
            raise InvalidInput.at("identifier.field", f"one of {', '.join(LOOKUP_FIELDS)} can be looked up")

        async def work(tx: ReadTransaction) -> list[GoldenView]:
            if record is not None:
                found = list((await tx.records([record])).values())
                if not found:
                    raise NotFound("Record", record.name)
            else:
                found = await tx.find_records(field, value, _MAX_LOOKED_AT)
            goldens = await tx.goldens(sorted({r.golden_id for r in found})[: MAX_LOOKUP + 1])
            return [self.view(goldens[golden_id]) for golden_id in sorted(goldens)]

        return await self._store.read(work)

    async def proposal(self, proposal_id: str) -> tuple[Proposal, Preview | None]:
        """A proposal, with a preview while it is open."""

        async def work(tx: ReadTransaction) -> tuple[Proposal, Preview | None]:
            proposal = await tx.proposal(proposal_id)
            if proposal is None:
                raise NotFound("MergeProposal", f"mergeProposals/{proposal_id}")
            if not proposal.state.open:
                return proposal, None
            return proposal, await self.preview(tx, proposal)

        return await self._store.read(work)

    async def preview(self, tx: ReadTransaction, proposal: Proposal) -> Preview:
        """What executing this open proposal would do now."""
        found = await tx.goldens(proposal.plan.golden_ids)
        goldens = [found[golden_id] for golden_id in proposal.plan.golden_ids]
        return preview_of(proposal, goldens, self._rules.policy)


def preview_of(proposal: Proposal, goldens: Sequence[GoldenRecord], policy: Policy) -> Preview:
    """Field by field what the survivor will hold and which value loses; what moves; what redirects."""
    plan = proposal.plan
    survivor = next(g for g in goldens if g.golden_id == plan.survivor_id)
    members = [record for golden in goldens for record in golden.active_members]
    choices = [*survivor.row.choices, *(Choice(c.field, c.record, "") for c in plan.field_choices)]
    values = survivorship(members, choices, policy)
    losing = [
        LosingValue(field, value, record.key)
        for record in sorted(members, key=lambda r: r.key)
        for field, value in sorted(record.draft.values.items())
        if value.strip() and (field not in values or values[field].value != value)
    ]
    others = [golden for golden in goldens if golden.golden_id != plan.survivor_id]
    return Preview(
        values=values,
        losing=tuple(losing),
        moving_children=tuple(child for golden in others for child in golden.children),
        redirects=tuple(golden.name for golden in others),
    )
