"""`dedup leads ...`: each command names its options and hands over to the module that does it."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json, Limit

app = typer.Typer(
    help="Leads: which live ones wait for somebody, and how the dead ones died.",
    no_args_is_help=True,
)

DIMENSIONS = "reason, source, lead-source, age, step or month"


@app.command()
def unattended(
    owner: Annotated[
        str, typer.Option("--owner", metavar="PRINCIPAL", help="Only leads of this owner; me for your own.")
    ] = "",
    function: Annotated[str, typer.Option("--function", help="Only leads of owners of this function.")] = "",
    queue: Annotated[str, typer.Option("--queue", help="Only leads of this queue.")] = "",
    source: Annotated[str, typer.Option("--source", help="Only leads of this source, such as crm.")] = "",
    limit: Limit = 20,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """List live leads that nobody has touched in time, the longest unattended first."""
    from dedup_service.cli import unattended_leads
    from dedup_service.cli.session import session

    query = unattended_leads.unattended_query(
        principal if owner == "me" else owner, function, queue, source, limit
    )
    with session(address, principal, as_json) as opened:
        unattended_leads.unattended(opened, query)


@app.command()
def dead(
    by: Annotated[str, typer.Option("--by", metavar="DIMENSION", help=f"{DIMENSIONS}.")] = "reason",
    and_by: Annotated[
        str, typer.Option("--and", metavar="DIMENSION", help="A second one: a row for each pair.")
    ] = "",
    source: Annotated[str, typer.Option("--source", help="Only leads of this source, such as crm.")] = "",
    start: Annotated[
        str, typer.Option("--from", metavar="DAY", help="Only leads disqualified on this day or later.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="Only leads disqualified up to this day.")
    ] = "",
    least: Annotated[
        int, typer.Option("--least", min=0, metavar="N", help="Texts of fewer leads are counted together.")
    ] = 0,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE.svg", help="Draw the rows into this file.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write all rows into this file.")
    ] = None,
    limit: Limit = 30,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Count dead leads by what they died of and where they came from."""
    from dedup_service.cli import dead_leads
    from dedup_service.cli.session import session

    query = dead_leads.study_request(by, and_by, source, start, until, least)
    files = dead_leads.wanted_files(svg, csv)
    with session(address, principal, as_json) as opened:
        dead_leads.dead(opened, query, files, limit)
