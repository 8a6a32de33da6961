"""The commands of whoever runs the service or feeds it."""

from typing import Annotated

import typer

from dedup_service.cli import import_options
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
    no_console: Annotated[
        bool, typer.Option("--no-console", help="Leave the console out, as DEDUP_CONSOLE_LISTEN=none does.")
    ] = False,
    while_parent_lives: Annotated[bool, typer.Option("--while-parent-lives", hidden=True)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only that it is ready.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the merge desk until SIGTERM or Ctrl-C; the settings are variables named DEDUP_..."""
    from dedup_service.cli import serving

    serving.serve(sample, quiet, as_json, workers, no_console, while_parent_lives)


def console(
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            show_default="DEDUP_CONSOLE_LISTEN",
            help="Where pages are served.",
        ),
    ] = "",
    address: Address = DEFAULT_ADDRESS,
    while_parent_lives: Annotated[bool, typer.Option("--while-parent-lives", hidden=True)] = False,
    as_json: Json = False,
) -> None:
    """Serve the console for a merge desk that runs elsewhere, until Ctrl-C; `serve` does so by itself."""
    from dedup_service.cli import console as served

    served.run(address, listen, while_parent_lives, as_json)


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


def import_files(
    files: import_options.Files,
    kind: import_options.Kind = "",
    source: import_options.Source = "",
    profile: import_options.Profile = "",
    mapping: import_options.Mapping = None,
    delimiter: import_options.Delimiter = "",
    encoding: import_options.Encoding = "",
    date_formats: import_options.DateFormats = None,
    time_zone: import_options.TimeZone = "",
    decimal_mark: import_options.DecimalMark = "",
    route: import_options.Route = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Write the rows of CSV files as records; rows that cannot be go to FILE.rejects.csv with every reason.

    A row that is already stored just so is left alone, so that a file may be imported again.
    """
    from dedup_service.cli import importing, profile_imports
    from dedup_service.cli.session import session

    if profile:
        _only("--profile", {"--kind": kind, "--map": mapping})
        formats = tuple(date_formats or ())
        read_as = profile_imports.ReadAs(
            profile, source, delimiter, encoding, formats, time_zone, decimal_mark
        )
        plans = profile_imports.plan_profile_imports(files, read_as)
    else:
        _only(
            "--kind",
            {"--date-format": date_formats, "--time-zone": time_zone, "--decimal-mark": decimal_mark},
        )
        if len(files) > 1:
            raise typer.BadParameter(
                "several files need --profile, which says what each is", param_hint="FILE.csv"
            )
        for option, said in (("--kind", kind), ("--source", source)):
            if not said:
                raise typer.BadParameter("is missing; or name a --profile", param_hint=option)
        plans = [
            importing.plan_import(
                files[0], kind, source, mapping or [], delimiter or ",", encoding or "utf-8"
            )
        ]
    with session(address, principal, as_json) as opened:
        importing.import_files(opened, plans, route=route)


def _only(said: str, others: dict[str, object]) -> None:
    for option, value in others.items():
        if value:
            raise typer.BadParameter(f"does not go with {said}", param_hint=option)
