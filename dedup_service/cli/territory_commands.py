"""`dedup territories ...`: each command names its options and hands over to the module that does it."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json, Limit

app = typer.Typer(
    help="Who takes a lead by the company's rules: check them, look at ladders, try others on past intakes.",
    no_args_is_help=True,
)

PolicyFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        envvar="DEDUP_POLICY",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A policy file; left out, the shipped policy.",
    ),
]
PrincipalsFile = Annotated[
    Path | None,
    typer.Option(
        "--principals",
        metavar="FILE",
        envvar="DEDUP_PRINCIPALS",
        exists=True,
        dir_okay=False,
        readable=True,
        help="The principals file, to look up the members of teams.",
    ),
]


@app.command()
def check(file: PolicyFile = None, principals: PrincipalsFile = None, as_json: Json = False) -> None:
    """Find gaps, overlaps and rules that are never reached; needs no service. Errors give exit code 1."""
    from dedup_service.cli import territory_view

    territory_view.check(file, principals, as_json)


@app.command()
def show(
    file: PolicyFile = None,
    country: Annotated[
        str, typer.Option("--country", metavar="COUNTRY", help="Only this one, such as DE or Germany.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Print the ladder of each country from the top, as leads go down it; needs no service."""
    from dedup_service.cli import territory_view

    territory_view.show(file, country, as_json)


@app.command()
def simulate(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A policy file."),
    ],
    past: Annotated[
        int, typer.Option("--past", min=1, max=10_000, help="Replay so many past intakes, the newest first.")
    ] = 1000,
    limit: Limit = 20,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Show whom past intakes would have gone to under another policy; changes nothing."""
    from dedup_service.cli import policy_files, territory_simulation
    from dedup_service.cli.session import session

    edit = policy_files.read(file)
    with session(address, principal, as_json) as opened:
        territory_simulation.simulate(opened, edit, past, limit)
