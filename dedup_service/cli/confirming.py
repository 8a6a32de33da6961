"""`accounts` and `confirm`: what finance has to look at, and how the customer master takes an account up."""

from dedup_service.cli.paging import paged
from dedup_service.cli.record_view import show_golden_record
from dedup_service.cli.session import Session
from dedup_service.cli.words import plural, record_words, who, word
from dedup_service.v1.golden_record_service_pb2 import (
    ConfirmAccountRequest,
    GetGoldenRecordRequest,
    ListGoldenRecordsRequest,
)


def accounts(session: Session, provisional: bool, limit: int) -> None:
    """List the accounts there are, or the provisional ones among them."""
    conditions = "kind = ACCOUNT AND state = LIVE" + (" AND account_state = PROVISIONAL" * provisional)
    request = ListGoldenRecordsRequest(filter=conditions)
    out = session.output
    found, more = paged(
        out,
        request,
        session.client.golden_records.ListGoldenRecords,
        lambda answer: answer.golden_records,
        limit,
    )
    if out.as_json:
        return
    for number, golden in enumerate(found, 1):
        name = who({field: value.value for field, value in golden.values.items()})
        members = ", ".join(map(record_words, golden.members))
        out.entry(number, f"{word(golden, 'account_state')}  {name}", (golden.name, members))
    what = "provisional account" if provisional else "account"
    hint = "; there are more: raise --limit" if more else ""
    out.line(f"{plural(len(found), what)}{hint}", "dim")
    if found and provisional:
        out.line("the customer master takes one up with: dedup confirm NAME --record .. --customer-number ..")
        out.line("one that it knows already is merged into that: dedup propose NAME OTHER --survivor OTHER")


def confirm(session: Session, request: ConfirmAccountRequest) -> None:
    """Give a provisional account the customer master's record."""
    if not request.etag:
        known = session.client.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=request.name))
        request.etag = known.etag
    confirmed = session.client.golden_records.ConfirmAccount(request)
    out = session.output
    if out.as_json:
        out.json(confirmed)
        return
    out.line(f"confirmed: {confirmed.name} is {word(confirmed, 'account_state')}", "green")
    show_golden_record(out, confirmed)
