"""A choice of another survivor or value before it is made: what would change, and whose votes it voids."""

from collections.abc import Mapping
from dataclasses import dataclass

from dedup_service.console.views.proposal.columns import letter_of, ordered_members
from dedup_service.console.views.proposal.fields import GROUPS
from dedup_service.v1.merge_plan_pb2 import PlanMember
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.record_service_pb2 import Record
from dedup_service.v1.voting_pb2 import Vote


@dataclass(frozen=True, slots=True)
class ValueChange:
    """What the survivor has in a field now and would have then; empty where it has nothing."""

    field: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice to confirm. Without a `record` the choice made before is taken back.

    `survivor` is the member that would survive, with its letter, where that is what is chosen. `changes` are
    known where a record is chosen. `is_group` says that several fields come along. `votes` would be void.
    """

    field: str
    record: str
    survivor: PlanMember | None
    survivor_letter: str
    changes: tuple[ValueChange, ...]
    is_group: bool
    votes: tuple[Vote, ...]


def choice_of(proposal: MergeProposal, field: str, record: Record, survivor: str) -> Choice:
    """What this choice would mean for the proposal as it stands."""
    fields = GROUPS.get(field, (field,))
    present = [name for name in fields if record.values.get(name, "").strip()]
    before = {
        name: proposal.plan.values[name].value.value
        for name in fields
        if name in proposal.plan.values and proposal.plan.values[name].value.record
    }
    # A record that has nothing of a group cannot give it; of one that it has in part the rest is left out.
    changes = tuple(
        ValueChange(name, before.get(name, ""), record.values.get(name, ""))
        for name in fields
        if present and (name in before or name in present)
    )
    chosen = [
        (letter_of(place), member)
        for place, member in enumerate(ordered_members(proposal))
        if member.golden_record == survivor
    ]
    return Choice(
        field=field,
        record=record.name,
        survivor=chosen[0][1] if chosen else None,
        survivor_letter=chosen[0][0] if chosen else "",
        changes=changes,
        is_group=field in GROUPS,
        votes=tuple(vote for vote in proposal.votes if vote.counts),
    )


def choices_after(choices: Mapping[str, str], field: str, record: str) -> dict[str, str]:
    """The choices with this one made, or without a record taken back.

    A choice for a group takes the place of those for its single fields, which would go before it.
    """
    covered = {field, *GROUPS.get(field, ())}
    after = {name: chosen for name, chosen in choices.items() if name not in covered}
    if record:
        after[field] = record
    return after
