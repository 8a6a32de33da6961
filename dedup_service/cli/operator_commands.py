"""The commands of whoever runs the service or feeds it."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json


def serve(
    sample: Annotated[
        bool, typer.Option("--sample", help="Fill an empty store with a sample CRM and sweep it.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, max=64, show_default="DEDUP_WORKERS", help="Processes that share the port."
        ),
    ] = None,
    while_parent_lives: Annotated[bool, typer.Option("--while-parent-lives", hidden=True)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only that it is ready.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the merge desk until SIGTERM or Ctrl-C; the settings are variables named DEDUP_..."""
    from dedup_service.cli import serving

    serving.serve(sample, quiet, as_json, workers, while_parent_lives)


def doctor(as_json: Json = False) -> None:
    """Check settings, servers, schema and index, and say what to do; exit code 1 if something is wrong."""
    from dedup_service.cli import examining

    examining.doctor(as_json)


def rebuild_index(as_json: Json = False) -> None:
    """Build the blocking index anew while the old one serves; needs the settings of the service."""
    from dedup_service.cli import rebuilding

    rebuilding.rebuild_index(as_json)


def hot_keys(as_json: Json = False) -> None:
    """Name the blocking keys that more records share than a match reads; needs the service's settings."""
    from dedup_service.cli import hot_keys as hot

    hot.hot_keys(as_json)


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, readable=True)],
    kind: Annotated[str, typer.Option("--kind", help="LEAD, CONTACT or ACCOUNT.")],
    source: Annotated[str, typer.Option("--source", help="The source that the records are of, such as crm.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="Such as Cell=mobile_phone, road+number=street, or Notes= to leave it out.",
        ),
    ] = None,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between the columns.")] = ",",
    encoding: Annotated[str, typer.Option("--encoding", help="Of the file.")] = "utf-8",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Write the rows of a CSV file as records; rows that cannot be go to FILE.rejects.csv with every reason.

    A row that is already stored just so is left alone, so that a file may be imported again.
    """
    from dedup_service.cli import importing
    from dedup_service.cli.session import session

    plan = importing.plan_import(file, kind, source, mapping or [], delimiter, encoding)
    with session(address, principal, as_json) as opened:
        importing.import_file(opened, plan)
