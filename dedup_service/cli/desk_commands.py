"""The commands of people at the desk: each names its options and hands over to the module that does it."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Comment, Etag, Json, Limit, Proposal

Record = Annotated[str, typer.Argument(metavar="RECORD", help="sources/SOURCE/records/ID")]


def match(
    record: Annotated[
        str, typer.Argument(metavar="[RECORD]", help="A stored record; or give --kind and --set.")
    ] = "",
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A value of an unsaved record.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="Kind of the unsaved record.")] = "CONTACT",
    person_account: Annotated[
        bool, typer.Option("--person-account", help="The unsaved account is a consumer.")
    ] = False,
    among: Annotated[
        list[str] | None, typer.Option("--among", help="Kinds to search; all if not given.")
    ] = None,
    min_probability: Annotated[
        float | None,
        typer.Option(
            "--min-probability",
            metavar="SHARE",
            min=0,
            max=1,
            help="Only matches of at least this probability, from 0 to 1.",
        ),
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Show the contributions of each match.")] = False,
    limit: Limit = 10,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Find the stored records that are the same person or company."""
    from dedup_service.cli import comparing
    from dedup_service.cli.session import session
    from dedup_service.v1.match_service_pb2 import MatchRequest

    if bool(record) == bool(values):
        raise typer.BadParameter("name one stored record, or give values with --set", param_hint="RECORD")
    request = MatchRequest(
        record_kinds=[comparing.kind_of(each) for each in among or ()],
        min_probability=min_probability,
        page_size=min(limit, 1000),
        explain=why,
    )
    if values:
        request.candidate.CopyFrom(comparing.candidate_of(values, kind, person_account))
    else:
        request.record = record
    with session(address, principal, as_json) as opened:
        comparing.match(opened, request)


def score(
    left: Record, right: Record, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """Score two stored records."""
    from dedup_service.cli import comparing
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        comparing.score(opened, left, right)


def explain(
    left: Record,
    right: Record,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.svg", help="Draw the waterfall into this file.")
    ] = None,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Explain why two records match, why they do not, or why they are never compared."""
    from dedup_service.cli import comparing
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        comparing.explain(opened, left, right, picture)


def proposals(
    filter_text: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help='Such as: state = PENDING AND impact = "HIGH"')
    ] = "",
    newest_first: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Limit = 30,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """List merge proposals, and what each still needs."""
    from dedup_service.cli import reading
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        reading.proposals(opened, filter_text, limit, newest_first)


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A record, golden record, proposal or merge.")],
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Show a record, golden record, merge proposal or merge."""
    from dedup_service.cli import reading
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        reading.show(opened, name)


def changes(
    after: Annotated[str, typer.Option("--after", metavar="TOKEN", help="Only what came after it.")] = "",
    types: Annotated[list[str] | None, typer.Option("--type", help="Such as MERGED.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="LEAD, CONTACT or ACCOUNT.")] = None,
    sources: Annotated[list[str] | None, typer.Option("--source", help="Such as crm.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for the next ones; Ctrl-C ends it.")
    ] = False,
    limit: Limit = 100,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Show what was written, in the order in which it was committed."""
    from dedup_service.cli import reading
    from dedup_service.cli.session import session

    query = reading.ChangeQuery(after, tuple(types or ()), tuple(kinds or ()), tuple(sources or ()), limit)
    with session(address, principal, as_json) as opened:
        reading.changes(opened, query, follow)


def verify_audit(
    head: Annotated[
        str, typer.Option("--head", metavar="TOKEN:HASH", help="A head that was published before.")
    ] = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Check that nobody has altered the audit."""
    from dedup_service.cli import reading
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        reading.verify_audit(opened, head)


def propose(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="2 to 50 golden records or records.")],
    survivor: Annotated[str, typer.Option("--survivor", help="The golden record that is to remain.")] = "",
    choices: Annotated[
        list[str] | None,
        typer.Option("--choose", metavar="FIELD=RECORD", help="Whose value survives for a field or group."),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would be.")] = False,
    comment: Comment = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Propose to merge golden records."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session
    from dedup_service.v1.merge_proposal_pb2 import MergeProposal

    proposal = MergeProposal(
        golden_records=names,
        survivor=survivor,
        field_choices=deciding.field_choices(choices or []),
        comment=comment,
    )
    with session(address, principal, as_json) as opened:
        deciding.propose(opened, proposal, preview)


def execute(
    proposal: Proposal,
    etag: Etag = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Carry out an approved merge proposal, all of it or nothing."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        deciding.execute(opened, proposal, etag)


def undo(
    merge: Annotated[str, typer.Argument(metavar="MERGE", help="merges/ID")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why the merge was wrong.")],
    etag: Etag = "",
    keep_apart: Annotated[
        bool, typer.Option("--keep-apart", help="Also note that they are not a match.")
    ] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what it would leave.")] = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Undo a merge: members, ids, values and children come back."""
    from dedup_service.cli import deciding
    from dedup_service.cli.session import session
    from dedup_service.v1.merge_service_pb2 import UndoMergeRequest

    request = UndoMergeRequest(
        name=merge, etag=etag, reason=reason, create_distinction=keep_apart, validate_only=preview
    )
    with session(address, principal, as_json) as opened:
        deciding.undo(opened, request)


def accounts(
    provisional: Annotated[
        bool, typer.Option("--provisional", help="Only those that finance has to look at.")
    ] = False,
    limit: Limit = 50,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """List accounts, and whether the customer master knows them."""
    from dedup_service.cli import confirming
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        confirming.accounts(opened, provisional, limit)


def confirm(
    golden: Annotated[str, typer.Argument(metavar="GOLDEN", help="goldenRecords/ID, a provisional account.")],
    record: Annotated[
        str, typer.Option("--record", help="The customer master's record, such as sources/erp/records/4711.")
    ],
    customer_number: Annotated[str, typer.Option("--customer-number", help="Its number in the books.")],
    etag: Annotated[
        str, typer.Option("--etag", help="Confirm only this version; left out, the one just read.")
    ] = "",
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Confirm a provisional account: from now on the customer master knows it."""
    from dedup_service.cli import confirming
    from dedup_service.cli.session import session
    from dedup_service.v1.golden_record_service_pb2 import ConfirmAccountRequest

    request = ConfirmAccountRequest(name=golden, etag=etag, record=record, customer_number=customer_number)
    with session(address, principal, as_json) as opened:
        confirming.confirm(opened, request)
