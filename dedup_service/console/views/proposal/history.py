"""What has happened to a proposal, in order of time."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dedup_service.console.texts.formats import time_of
from dedup_service.console.views.proposal.head import is_open
from dedup_service.v1.merge_plan_pb2 import PlanChange
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.voting_pb2 import Vote


class EventKind(StrEnum):
    """What happened."""

    PROPOSED = "proposed"
    VOTE = "vote"
    PLAN_CHANGE = "plan-change"
    ESCALATED = "escalated"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `vote` and `change` are set for events of their kind."""

    kind: EventKind
    time: datetime
    principal: str = ""
    comment: str = ""
    vote: Vote | None = None
    change: PlanChange | None = None
    principals: tuple[str, ...] = field(default=())


def history_of(proposal: MergeProposal) -> tuple[Event, ...]:
    """The events of a proposal, the first first. That it ended is the last of them."""
    events = [
        Event(EventKind.PROPOSED, time_of(proposal.create_time), proposal.proposer, proposal.comment),
        *(
            Event(EventKind.VOTE, time_of(vote.create_time), vote.principal, vote.comment, vote=vote)
            for vote in proposal.votes
        ),
        *(
            Event(EventKind.PLAN_CHANGE, time_of(change.create_time), change=change)
            for change in proposal.plan_changes
        ),
    ]
    if proposal.HasField("escalate_time"):
        events.append(
            Event(
                EventKind.ESCALATED,
                time_of(proposal.escalate_time),
                principals=tuple(proposal.escalated_to),
            )
        )
    events.sort(key=lambda event: event.time)
    if not is_open(proposal):
        events.append(Event(EventKind.ENDED, time_of(proposal.update_time), comment=proposal.closing_comment))
    return tuple(events)
