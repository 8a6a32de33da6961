"""The commands for a person who asks: what is held, erase it, and prove that it was."""

from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json

app = typer.Typer(no_args_is_help=True, help="What is held about a person: export it, erase it, prove it.")

Names = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Records, or golden records for all their members.")
]


@app.command()
def export(names: Names, address: Address = DEFAULT_ADDRESS, principal: As = "") -> None:
    """Print all that is held about these records as JSON, one object a line; the records themselves first."""
    from dedup_service.cli import privacy
    from dedup_service.cli.session import session

    with session(address, principal, as_json=True) as opened:
        privacy.export(opened, names)


@app.command()
def erase(
    names: Names,
    reason: Annotated[str, typer.Option("--reason", help="The ground, without naming the person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Erase every value of these records for good, and show the certificates."""
    from dedup_service.cli import privacy
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        privacy.erase(opened, names, reason, asked=not yes)


@app.command()
def certificate(
    names: Annotated[list[str], typer.Argument(metavar="RECORD...", help="Records that were erased.")],
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Show what the erasure of these records removed."""
    from dedup_service.cli import privacy
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        privacy.certificates(opened, names)
