"""To whom a new record goes: its account's representative, or the ladder of the territories (domain 9.4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.intake.answers import Assigned, RecognisedAccount
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.records import LeadClass, Owner, Record, RecordDraft, RecordKind
from dedup_service.domain.territories import Placement, Rung, Team, TeamMethod, TeamTurns, pick_member, place
from dedup_service.workflows.ports import ReadTransaction

# By load, whoever was given the least in this time is next.
LOAD_COUNTED_FOR = timedelta(days=30)
OWNED = "OWNER"
REPRESENTATIVE = "ACCOUNT_REPRESENTATIVE"
NAMES = "NAMES"
_DEAD = "it is DEAD: nobody works it before it asks for something or can be reached"
_NO_ATTENTION = "a name that has asked for nothing gets no person's attention"


class Assigning:
    """Assigns the records of one batch; each choice counts for the next.

    `turns` are, after use, the principals whose turn it was last, by team, to be kept.
    """

    def __init__(self, tx: ReadTransaction, policy: Policy, principals: Principals, now: datetime) -> None:
        self._tx = tx
        self._policy = policy
        self._principals = principals
        self._now = now
        self._absent: dict[str, str] | None = None
        self._known: dict[str, tuple[str, dict[str, int]]] = {}
        self.turns: dict[str, str] = {}

    async def assigned(
        self,
        draft: RecordDraft,
        lead_class: LeadClass | None,
        account: RecognisedAccount | None,
        goldens: Mapping[str, GoldenRecord],
    ) -> Assigned:
        """Who works a new record of this kind and class."""
        if draft.owner is not None and (draft.owner.principal or draft.owner.queue):
            return owned(draft.owner)
        members = goldens[account.golden_id].active_members if account and account.recognised else ()
        if draft.kind is RecordKind.CONTACT and (found := await self._representative(members)) is not None:
            return found
        if lead_class is LeadClass.NAME:
            return Assigned(queue=self._policy.intake.names_queue, rung=NAMES, reasons=(_NO_ATTENTION,))
        if lead_class is LeadClass.DEAD:
            queue = self._policy.territories.general_queue
            return Assigned(queue=queue, rung=Rung.GENERAL_QUEUE.value, reasons=(_DEAD,))
        names = [record.name for record in members]
        return await self._placed(place(draft.values, draft.facts, names, self._policy.territories))

    async def _representative(self, members: Sequence[Record]) -> Assigned | None:
        """The owner of the account, of a function that has a say in contacts, the weightiest first (3.1)."""
        weights = self._policy.approval.full_votes[RecordKind.CONTACT].weights
        owned_by = [
            (-weights.get(record.draft.owner.function, 0), record.key, record.draft.owner)
            for record in members
            if record.draft.owner is not None and await self._can_work(record.draft.owner.principal)
        ]
        fitting = [one for one in owned_by if one[0] < 0 or not weights]
        if not fitting:
            return None
        _, key, who = min(fitting, key=lambda one: one[:2])
        why = f"the representative of {key.name}"
        return Assigned(who.principal, who.function, rung=REPRESENTATIVE, reasons=(why,))

    async def _can_work(self, principal: str) -> bool:
        """Whether somebody is still with the company, and there."""
        return self._principals.find(principal) is not None and principal not in await self._away()

    async def _placed(self, placement: Placement) -> Assigned:
        reasons = placement.reasons
        principal, queue, function = placement.principal, placement.queue, ""
        if placement.team:
            team = self._policy.territories.teams[placement.team]
            function = team.function
            pick = pick_member(team, await self._turns(team), await self._away())
            if pick is None:
                queue = team.name
                reasons = (*reasons, f"everybody of team {team.name} is away: it waits in their queue")
            else:
                principal = pick.principal
                reasons = (*reasons, pick.reason)
                self._count(team, principal)
        elif principal:
            if principal in await self._away():
                reasons = (*reasons, f"{principal} is away")
                principal = (await self._away())[principal]
                queue = "" if principal else self._policy.territories.general_queue
                reasons = (*reasons, f"{principal} stands in" if principal else f"it waits in {queue}")
            found = self._principals.find(principal)
            function = min(found.functions, default="") if found is not None else ""
        return Assigned(
            principal=principal,
            function=function,
            team=placement.team,
            queue=queue,
            partner=placement.partner,
            rule=placement.rule,
            rung=placement.rung.value,
            reasons=reasons,
        )

    async def _turns(self, team: Team) -> TeamTurns:
        if team.name not in self._known:
            last = await self._tx.team_turn(team.name)
            loads: dict[str, int] = {}
            if team.method is TeamMethod.BY_LOAD:
                loads = await self._tx.assignment_counts(team.members, self._now - LOAD_COUNTED_FOR)
            self._known[team.name] = (last, loads)
        last, loads = self._known[team.name]
        return TeamTurns(last, loads)

    async def _away(self) -> dict[str, str]:
        """Who is absent, and who stands in for them; empty where nobody does."""
        if self._absent is None:
            holding = await self._tx.delegations_holding(self._now)
            self._absent = {delegation.delegator: delegation.delegate for delegation in holding}
        return self._absent

    def _count(self, team: Team, principal: str) -> None:
        self.turns[team.name] = principal
        _, loads = self._known[team.name]
        loads[principal] = loads.get(principal, 0) + 1
        self._known[team.name] = (principal, loads)


def owned(owner: Owner) -> Assigned:
    """The assignment of a record that has an owner already: it stays with them."""
    return Assigned(
        owner.principal, owner.function, queue=owner.queue, rung=OWNED, reasons=("it has an owner already",)
    )


def owner_of(assigned: Assigned) -> Owner:
    """What the record says of who works it."""
    if assigned.principal:
        return Owner(principal=assigned.principal, function=assigned.function)
    return Owner(queue=assigned.queue)
