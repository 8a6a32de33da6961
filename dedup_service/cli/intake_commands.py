"""The commands of whoever is about to insert somebody: each names its options and hands over."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json, Limit

Values = Annotated[
    list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="Such as email=ann@example.org.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only answer; write nothing.")]


def route(
    values: Values = None,
    source: Annotated[
        str, typer.Option("--source", help="The source that the record is of, such as crm.")
    ] = "",
    record_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="Its id in that source; left out, one is given.")
    ] = "",
    facts: Annotated[
        list[str] | None, typer.Option("--fact", metavar="NAME=VALUE", help="Such as employees=120.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="What the source keeps it as; left out, intake decides.")
    ] = "",
    account: Annotated[
        str, typer.Option("--account", metavar="RECORD", help="The account that its source says it is of.")
    ] = "",
    person_account: Annotated[
        bool, typer.Option("--person-account", help="The account is a consumer; with --kind ACCOUNT.")
    ] = False,
    must_transact: Annotated[
        bool, typer.Option("--must-transact", help="Business has to be done at once, such as an order.")
    ] = False,
    json_file: Annotated[
        str,
        typer.Option(
            "--json-file",
            metavar="FILE|-",
            help="The record as a JSON object, as `dedup show --json` prints.",
        ),
    ] = "",
    dry_run: DryRun = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Ask who somebody is, and insert or update them: with which record, for whom, and why."""
    from dedup_service.cli import intakes
    from dedup_service.cli.session import session

    said = intakes.Said(source, record_id, kind, account, person_account, values or (), facts or ())
    record = intakes.record_of_file(json_file, said) if json_file else intakes.record_of(said)
    with session(address, principal, as_json) as opened:
        intakes.route(opened, record, must_transact, dry_run)


def convert(
    lead: Annotated[str, typer.Argument(metavar="RECORD", help="sources/SOURCE/records/ID, a lead.")],
    account: Annotated[
        str,
        typer.Option(
            "--account", metavar="RECORD", help="The contact's account; left out, the one that is recognised."
        ),
    ] = "",
    target: Annotated[
        str, typer.Option("--target", metavar="RECORD", help="The name of the new record.")
    ] = "",
    person_account: Annotated[
        bool, typer.Option("--person-account", help="The lead is an individual who buys.")
    ] = False,
    insert_duplicate: Annotated[
        bool, typer.Option("--insert-duplicate", help="Make a new contact though the same one is there.")
    ] = False,
    etag: Annotated[str, typer.Option("--etag", help="Convert only this version of the lead.")] = "",
    dry_run: DryRun = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Convert a lead into a contact of an account, or let it join the contact that it duplicates."""
    from dedup_service.cli import intakes
    from dedup_service.cli.session import session
    from dedup_service.v1.intake_service_pb2 import ConvertLeadRequest

    request = ConvertLeadRequest(
        name=lead,
        etag=etag,
        account=account,
        target=target,
        person_account=person_account,
        insert_duplicate=insert_duplicate,
        validate_only=dry_run,
    )
    with session(address, principal, as_json) as opened:
        intakes.convert(opened, request)


def list_intakes(
    filter_text: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help='Such as: action = UPDATE AND source = "shop"')
    ] = "",
    limit: Limit = 30,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """List what intake has decided, the newest first."""
    from dedup_service.cli import intakes
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        intakes.listed(opened, filter_text, limit)


def validate(
    values: Values = None,
    kind: Annotated[
        str, typer.Option("--kind", help="LEAD, CONTACT or ACCOUNT; left out, the rules for all kinds.")
    ] = "",
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE.csv",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Check every row of a file instead.",
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a column of the file is."),
    ] = None,
    delimiter: Annotated[str, typer.Option("--delimiter", help="One character, or tab.")] = ",",
    encoding: Annotated[str, typer.Option("--encoding", help="Of the file.")] = "utf-8",
    worst: Annotated[
        int, typer.Option("--worst", min=0, max=1000, help="Show so many of the worst rows.")
    ] = 10,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Say what is wrong with values, or with the rows of a file; writes nothing. Errors give exit code 1."""
    from dedup_service.cli import form_checking, row_checking
    from dedup_service.cli.session import session

    if bool(values) == (csv is not None):
        raise typer.BadParameter("write FIELD=VALUE words, or name a file with --csv")
    if csv is None:
        form = form_checking.form_of(values or (), kind)
        with session(address, principal, as_json) as opened:
            form_checking.check(opened, form)
        return
    rows = row_checking.plan_rows(csv, kind, mapping or (), delimiter, encoding)
    with session(address, principal, as_json) as opened:
        row_checking.check(opened, rows, worst)
