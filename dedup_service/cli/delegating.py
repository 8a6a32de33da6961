"""`delegate` and `delegations`: who is away, and who votes for them meanwhile."""

from datetime import UTC, datetime

import typer

from dedup_service.cli.moments import beginning, distance, ending, stamp_of, time_of
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment, plural
from dedup_service.v1.delegation_service_pb2 import (
    CreateDelegationRequest,
    Delegation,
    EndDelegationRequest,
    GetDelegationRequest,
    ListDelegationsRequest,
)

PAGE_SIZE = 200


def delegation_of(to: str, until: str, start: str, functions: list[str], reason: str) -> Delegation:
    """The delegation of the words on the command line."""
    if not until:
        raise typer.BadParameter("say until when, such as --until 2026-12-24", param_hint="--until")
    delegation = Delegation(delegate=to, functions=functions, reason=reason)
    delegation.end_time.CopyFrom(stamp_of(ending(until, "--until")))
    if start:
        delegation.start_time.CopyFrom(stamp_of(beginning(start, "--from")))
    return delegation


def delegate(session: Session, delegation: Delegation) -> None:
    """Make a delegation of the caller's."""
    made = session.client.delegations.CreateDelegation(CreateDelegationRequest(delegation=delegation))
    if session.output.as_json:
        session.output.json(made)
        return
    out = session.output
    who = f"{made.delegate} votes for you" if made.delegate else "you are away, and nobody votes for you"
    out.text(
        f"{who}: {', '.join(made.functions)}, from {moment(made.start_time)} to {moment(made.end_time)}",
        hang=2,
    )
    out.line(f"to take it back: dedup delegate --end {made.name}")


def end(session: Session, name: str) -> None:
    """Take a delegation back."""
    known = session.client.delegations.GetDelegation(GetDelegationRequest(name=name))
    ended = session.client.delegations.EndDelegation(EndDelegationRequest(name=name, etag=known.etag))
    if session.output.as_json:
        session.output.json(ended)
        return
    session.output.line(f"{ended.name} ended at {moment(ended.end_time)}", "green")


def delegations(session: Session, everything: bool, limit: int) -> None:
    """List the delegations that hold or will, or with `everything` all."""
    now = datetime.now(UTC)
    found: list[Delegation] = []
    request = ListDelegationsRequest(page_size=PAGE_SIZE)
    while True:
        answer = session.client.delegations.ListDelegations(request)
        found += (each for each in answer.delegations if everything or time_of(each.end_time) > now)
        request.page_token = answer.next_page_token
        if not answer.next_page_token or len(found) > limit:
            break
    out = session.output
    if out.as_json:
        for each in found[:limit]:
            out.json(each)
        return
    for number, each in enumerate(found[:limit], 1):
        title = (
            f"{each.delegate} votes for {each.delegator}" if each.delegate else f"{each.delegator} is away"
        )
        times = f"{moment(each.start_time)} to {moment(each.end_time)}, {_state(each, now)}"
        out.entry(number, title, (f"{', '.join(each.functions)}: {times}", each.reason, each.name))
    more = "; there are more: raise --limit" if len(found) > limit else ""
    out.line(f"{plural(min(len(found), limit), 'delegation')}{more}", "dim")


def _state(delegation: Delegation, now: datetime) -> str:
    start, over = time_of(delegation.start_time), time_of(delegation.end_time)
    if over <= now:
        return f"ended {distance(over, now)}"
    return f"begins {distance(start, now)}" if start > now else f"ends {distance(over, now)}"
