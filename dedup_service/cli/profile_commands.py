"""`dedup profiles ...` and `dedup migrate`: each command hands over to the module that does it."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json

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


def migrate(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", exists=True, file_okay=False, help="The exports, one file an object."),
    ],
    old: Annotated[str, typer.Option("--from", metavar="PROFILE", help="What the files are exports of.")],
    new: Annotated[str, typer.Option("--to", metavar="PROFILE", help="The system that is to take them in.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", file_okay=False, help="For the results.", show_default="DIR/to-NEW"
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="A trial on the first records of each file; writes no record.")
    ] = False,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="So many of each file in a trial; 0 is all.")
    ] = 200,
    source: Annotated[
        str,
        typer.Option("--source", help="The source that the records are of.", show_default="the profile's"),
    ] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="Of the files.", show_default="found")] = "",
    date_formats: Annotated[
        list[str] | None,
        typer.Option("--date-format", metavar="FORMAT", help="Also read times so, such as %d/%m/%Y."),
    ] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="Whose clock times without zone are of.")
    ] = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Move from one CRM to another through intake: one of each, typed right and assigned, with a report.

    The results are files that the new system can take in, migration.md, and records.csv with a line for each
    old record. What waits for a decision is left out of the files: decide, and run the same command again.
    """
    from dedup_service.cli import migrating, migration_report
    from dedup_service.cli.profile_imports import ReadAs
    from dedup_service.cli.session import session

    read_as = ReadAs(old, source, "", encoding, tuple(date_formats or ()), time_zone)
    plan = migrating.plan_migration(folder, read_as, new, out)
    with session(address, principal, as_json) as opened:
        done = migrating.migrate(opened, plan, sample=sample if dry_run else 0, dry_run=dry_run)
        written = migration_report.write_report(plan.folder, done)
        if as_json:
            opened.output.json(migration_report.as_json(done))
        else:
            migration_report.show(opened.output, done)
            opened.output.line(f"report: {written[0]}; each record: {written[1]}", "green")
    if done.rejected_count:
        raise typer.Exit(1)
