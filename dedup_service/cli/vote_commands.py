"""The commands of a vote: each names its options and hands over to the module that does it."""

from typing import Annotated

import typer

from dedup_service.cli.options import (
    DEFAULT_ADDRESS,
    Address,
    As,
    Comment,
    Etag,
    Function,
    Json,
    Limit,
    Proposal,
)


def inbox(
    everybodys: Annotated[bool, typer.Option("--all", help="All open proposals, not only yours.")] = False,
    impact: Annotated[str, typer.Option("--impact", help="Only LOW, MEDIUM or HIGH.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only LEAD, CONTACT or ACCOUNT.")] = "",
    limit: Limit = 20,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Show what waits for your vote and why, the weightiest first, then what is due first."""
    from dedup_service.cli import proposal_lists
    from dedup_service.cli.session import session

    query = proposal_lists.inbox_query(everybodys, impact, kind, limit)
    with session(address, principal, as_json) as opened:
        proposal_lists.inbox(opened, query)


def approve(
    proposal: Proposal,
    function: Function = "",
    etag: Etag = "",
    comment: Comment = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Vote for a merge proposal; your last vote on it counts."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        deciding.approve(opened, deciding.Vote(proposal, etag, function, comment))


def reject(
    proposal: Proposal,
    function: Function = "",
    etag: Etag = "",
    comment: Comment = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Vote against a merge proposal; whether that ends it, its ballot says."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        deciding.reject(opened, deciding.Vote(proposal, etag, function, comment))


def decide(
    said: Annotated[str, typer.Argument(metavar="approve|reject", help="What to say on all of them.")],
    filter_text: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help='Such as: impact = "LOW" AND kind = CONTACT')
    ] = "",
    waiting_for: Annotated[
        str, typer.Option("--waiting-for", metavar="PRINCIPAL", help="Whose vote they wait for, such as me.")
    ] = "",
    comment: Comment = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only show the list.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needs --expect.")] = False,
    expected: Annotated[
        int | None,
        typer.Option("--expect", min=0, metavar="N", help="Decide nothing unless it is so many."),
    ] = None,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Vote on many merge proposals: shows the whole list first, and asks for its number."""
    from dedup_service.cli import bulk_deciding
    from dedup_service.cli.session import session

    order = bulk_deciding.bulk_order(said, filter_text, waiting_for, comment, yes, expected, preview)
    with session(address, principal, as_json) as opened:
        bulk_deciding.decide(opened, order)


def change(
    proposal: Proposal,
    survivor: Annotated[str, typer.Option("--survivor", help="The golden record that is to remain.")] = "",
    choices: Annotated[
        list[str] | None,
        typer.Option(
            "--choose", metavar="FIELD=RECORD", help="Whose value survives; FIELD= takes a choice back."
        ),
    ] = None,
    etag: Etag = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Change what an open merge proposal would do; votes cast so far are void."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session

    chosen = deciding.field_choices(choices or [], taking_back=True)
    if not (survivor or chosen):
        raise typer.BadParameter("say what to change: --survivor, --choose or both", param_hint="--survivor")
    with session(address, principal, as_json) as opened:
        deciding.change(opened, proposal, etag, survivor, chosen)


def withdraw(
    proposal: Proposal,
    etag: Etag = "",
    comment: Comment = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Take back a merge proposal that you made."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        deciding.withdraw(opened, proposal, etag, comment)


def delegate(
    to: Annotated[
        str, typer.Option("--to", metavar="PRINCIPAL", help="Who votes for you; left out, nobody does.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="To the end of this day (UTC), or a time.")
    ] = "",
    start: Annotated[
        str, typer.Option("--from", metavar="DAY", help="From the beginning of this day (UTC); else now.")
    ] = "",
    functions: Annotated[
        list[str] | None, typer.Option("--function", help="Only these of your functions; all if not given.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; others can read it.")] = "",
    ended: Annotated[str, typer.Option("--end", metavar="DELEGATION", help="Take this one back now.")] = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Say that you are away and who votes for you meanwhile, or take that back with --end."""
    from dedup_service.cli import delegating
    from dedup_service.cli.session import session

    if ended:
        if to or until or start or functions or reason:
            raise typer.BadParameter("--end takes a delegation back, and nothing else", param_hint="--end")
        with session(address, principal, as_json) as opened:
            delegating.end(opened, ended)
        return
    delegation = delegating.delegation_of(to, until, start, functions or [], reason)
    with session(address, principal, as_json) as opened:
        delegating.delegate(opened, delegation)


def delegations(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    limit: Limit = 100,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """List who is away, and who votes for them."""
    from dedup_service.cli import delegating
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        delegating.delegations(opened, everything, limit)
