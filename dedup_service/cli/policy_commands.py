"""`dedup policy ...`: each command names its options and hands over to the module that does it."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json, Limit

app = typer.Typer(
    help="The company's rules: look at them, check an edit, see what it would change, put it in force.",
    no_args_is_help=True,
)

File = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A policy file.")
]


@app.command()
def show(
    version: Annotated[
        str, typer.Option("--version", metavar="VERSION", help="Not the one in force but this.")
    ] = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Print the policy in force as its file, to be kept or edited: dedup policy show > policy.yaml."""
    from dedup_service.cli import policies
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        policies.show(opened, version)


@app.command()
def versions(
    limit: Limit = 20, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """List the versions that were ever in force, the newest first."""
    from dedup_service.cli import policies
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        policies.versions(opened, limit)


@app.command()
def check(file: File, as_json: Json = False) -> None:
    """Say everything that is wrong in a policy file, line by line; needs no service."""
    from dedup_service.cli import policy_files

    policy_files.check(file, as_json)


@app.command()
def diff(file: File, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False) -> None:
    """Show what a file would change in the policy in force, key by key."""
    from dedup_service.cli import policies, policy_files
    from dedup_service.cli.session import session

    edit = policy_files.read(file)
    with session(address, principal, as_json) as opened:
        policies.diff(opened, edit)


@app.command()
def simulate(
    file: File,
    past: Annotated[
        int, typer.Option("--past", min=1, max=10_000, help="Look at so many past proposals too.")
    ] = 1000,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Show which proposals a file would decide otherwise, and who would be asked; changes nothing."""
    from dedup_service.cli import policies, policy_files
    from dedup_service.cli.session import session

    edit = policy_files.read(file)
    with session(address, principal, as_json) as opened:
        policies.simulate(opened, edit, past)


@app.command()
def update(
    file: File,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why; kept with the version.")],
    made_from: Annotated[
        str,
        typer.Option(
            "--from", help="The version that the file was made from; refused if another is in force."
        ),
    ] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only check that it could be.")] = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Put a file in force, after showing what it changes; open votes are asked for again."""
    from dedup_service.cli import policies, policy_files
    from dedup_service.cli.session import session

    edit = policy_files.read(file)
    with session(address, principal, as_json) as opened:
        policies.update(opened, edit, comment, preview, made_from)
