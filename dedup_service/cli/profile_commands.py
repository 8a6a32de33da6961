"""`dedup profiles ...`: each command names its options and hands over to the module that does it."""

from typing import Annotated

import typer

from dedup_service.cli.options import Json

app = typer.Typer(help="What the exports of other systems become: list the profiles, show one, check yours.")


@app.callback(invoke_without_command=True)
def profiles(context: typer.Context, as_json: Json = False) -> None:
    """List the profiles, with the files that each recognises; needs no service."""
    if context.invoked_subcommand is None:
        from dedup_service.cli import profile_lists

        profile_lists.profiles(as_json)


@app.command()
def show(
    profile: Annotated[str, typer.Argument(metavar="NAME|FILE")],
    as_json: Json = False,
) -> None:
    """Print what a profile makes of each column; of a file of your own, everything that is wrong in it."""
    from dedup_service.cli import profile_lists

    profile_lists.show(profile, as_json)
