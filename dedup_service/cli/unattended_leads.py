"""`leads unattended`: the live leads that wait for somebody."""

from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from dedup_service.cli.moments import span, time_of
from dedup_service.cli.options import MOST
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment, plural, record_words
from dedup_service.v1.lead_service_pb2 import ListUnattendedLeadsRequest, UnattendedLead

PAGE_SIZE = 200
_COLUMNS = ("lead", "owner", "untouched for", "was due", "why live", "told")


@dataclass(frozen=True, slots=True)
class UnattendedQuery:
    """Which leads to list, and at most how many."""

    filter: str
    limit: int


def unattended_query(owner: str, function: str, queue: str, source: str, limit: int) -> UnattendedQuery:
    """The query of the words on the command line; empty ones say nothing.

    Raises:
        typer.BadParameter: a word that no filter can hold.
    """
    said = {"owner": owner, "function": function, "queue": queue, "source": source.removeprefix("sources/")}
    for name, value in said.items():
        if '"' in value:
            raise typer.BadParameter("takes no quotes", param_hint=f"--{name}")
    return UnattendedQuery(
        " AND ".join(f'{name} = "{value}"' for name, value in said.items() if value), limit
    )


def unattended(session: Session, query: UnattendedQuery) -> None:
    """List the leads, the longest unattended first."""
    request = ListUnattendedLeadsRequest(filter=query.filter)
    found: list[UnattendedLead] = []
    out = session.output
    while True:
        request.page_size = min(query.limit - len(found), PAGE_SIZE)
        answer = session.client.leads.ListUnattendedLeads(request)
        if out.as_json:
            for lead in answer.unattended_leads:
                out.json(lead)
        found += answer.unattended_leads
        request.page_token = answer.next_page_token
        if not answer.next_page_token or len(found) >= query.limit:
            break
    if out.as_json:
        return
    now = datetime.now(UTC)
    out.table(_COLUMNS, (_row(lead, now) for lead in found))
    if not found:
        out.line(
            "no live lead that fits is unattended" if query.filter else "no live lead is unattended", "green"
        )
    else:
        out.line(f"{plural(len(found), 'lead')} unattended, the longest first", "dim")
    if answer.next_page_token:
        out.line(f"there are more: raise --limit, such as to {min(2 * query.limit, MOST)}", "dim")
    if not answer.complete:
        out.line("leads of an earlier release are still being taken up: some may be missing", "yellow")


def _row(lead: UnattendedLead, now: datetime) -> tuple[str, ...]:
    return (
        record_words(lead.record),
        _who_answers(lead),
        span(now - time_of(lead.last_touch_time)),
        moment(lead.due_time),
        lead.lead_class_reason,
        "yes" if lead.told else "not yet",
    )


def _who_answers(lead: UnattendedLead) -> str:
    owner = lead.owner
    queue = f"queue {owner.queue}" if owner.queue else ""
    return ", ".join(filter(None, (owner.principal, owner.function, queue))) or "nobody"
