"""Lists of merge proposals: the inbox of somebody, and the pages that every list is drawn from."""

from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from dedup_service.cli.comparing import kind_of
from dedup_service.cli.options import MOST
from dedup_service.cli.paging import paged
from dedup_service.cli.proposal_view import who_it_is
from dedup_service.cli.session import Session
from dedup_service.cli.voting_view import due, waits_for, why_you
from dedup_service.cli.words import plural, word
from dedup_service.v1.merge_plan_pb2 import Impact
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest

_MOST_PRESSING_FIRST = "impact desc, due_time"


@dataclass(frozen=True, slots=True)
class InboxQuery:
    """Which proposals: those that wait for the caller or all open ones, of these impacts and kinds."""

    everybodys: bool
    impact: str
    kind: str
    limit: int

    @property
    def filter(self) -> str:
        conditions = ["open = true"] if self.everybodys else []
        if self.impact:
            conditions.append(f"impact = {self.impact}")
        if self.kind:
            conditions.append(f"kind = {self.kind}")
        return " AND ".join(conditions)


def inbox_query(everybodys: bool, impact: str, kind: str, limit: int) -> InboxQuery:
    """The query of the words on the command line."""
    if impact and f"IMPACT_{impact.upper()}" not in Impact.keys()[1:]:
        raise typer.BadParameter(f"{impact} is none of LOW, MEDIUM, HIGH", param_hint="--impact")
    if kind:
        kind_of(kind)
    return InboxQuery(everybodys, impact.upper(), kind.upper(), limit)


def inbox(session: Session, query: InboxQuery) -> None:
    """What waits for the caller, the weightiest first, then what is due first."""
    request = ListMergeProposalsRequest(
        filter=query.filter,
        order_by=_MOST_PRESSING_FIRST,
        waiting_for="" if query.everybodys else "me",
    )
    found, more = listed_proposals(session, request, query.limit)
    out = session.output
    if out.as_json:
        return
    if not found:
        out.line(_nothing(session, query), "green")
        return
    now = datetime.now(UTC)
    for number, proposal in enumerate(found, 1):
        title, lines = _entry(proposal, now)
        out.entry(number, title, lines)
        out.glance(why_you(proposal), indent=5)
    out.line()
    what = "open" if query.everybodys else f"waiting for {session.principal}"
    out.line(f"{plural(len(found), 'proposal')} {what}; dedup show NAME has all about one", "dim")
    if more:
        out.line(f"there are more: dedup inbox --limit {min(2 * query.limit, MOST)} shows them", "dim")


def _entry(proposal: MergeProposal, now: datetime) -> tuple[str, tuple[str, ...]]:
    title = f"{word(proposal, 'impact')} {word(proposal, 'kind')}  {who_it_is(proposal)}".rstrip()
    return title, (proposal.name, f"{due(proposal, now)}; {waits_for(proposal)}")


def _nothing(session: Session, query: InboxQuery) -> str:
    narrowed = " that fits" if query.impact or query.kind else ""
    if query.everybodys:
        return f"no proposal{narrowed} is open"
    return f"nothing{narrowed} waits for {session.principal}; dedup inbox --all shows what waits for others"


def listed_proposals(
    session: Session, request: ListMergeProposalsRequest, limit: int
) -> tuple[list[MergeProposal], bool]:
    """At most so many of a list, and whether there are more; as JSON they are printed as they come."""
    ask = session.client.merge_proposals.ListMergeProposals
    return paged(session.output, request, ask, lambda answer: answer.merge_proposals, limit)
