"""Records over the wire: read, list, write by mask and etag, in batches and in streams."""

from collections.abc import AsyncIterator

import grpc
import pytest
from api import ACCOUNT, ANN, CONTACT, IMPORTER, LEAD, Api, contact, refused
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.v1 import core_pb2
from dedup_service.v1 import record_service_pb2 as pb

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


def whole_account() -> pb.Record:
    """An account that says everything a source can say."""
    return pb.Record(
        name="sources/erp/records/Ärger-1",
        kind=ACCOUNT,
        values={"company_name": "Ünï & Co\u202e", "custom.tier": "", "customer_number": "C-1"},
        facts=[
            {"name": "open_invoices", "count": 3},
            {
                "name": "yearly_revenue",
                "amount": {"currency_code": "EUR", "units": 12, "nanos": 340_000_000},
            },
            {"name": "open_pipeline", "amount": {"currency_code": "USD", "units": -0, "nanos": -1}},
            {"name": "legal_hold", "flag": False},
            {"name": "last_touched", "time": {"seconds": 1_700_000_000, "nanos": 123_456_000}},
            {"name": "legal_entity", "text": "DE"},
        ],
        children=[
            {
                "kind": core_pb2.CHILD_KIND_INVOICE,
                "child_id": "i-1",
                "owner": "u",
                "open": True,
                "amount": {"currency_code": "EUR", "units": 999_999_999_999_999_999, "nanos": 999_999_999},
            },
            {"kind": core_pb2.CHILD_KIND_CASE, "child_id": "i-1"},
        ],
        owner={"queue": "q"},
        parent="sources/erp/records/2",
        source_update_time={"seconds": -62_135_596_800},
    )


async def update(api: Api, record: pb.Record, *paths: str, **more: object) -> pb.Record:
    request = pb.UpdateRecordRequest(record=record, **more)  # type: ignore[arg-type]  # the fields of the request by name
    request.update_mask.paths.extend(paths)
    return await api.records.UpdateRecord(request, metadata=IMPORTER)


async def test_a_whole_record_comes_back_as_it_was_sent(api: Api) -> None:
    """Values, facts, children, owner and times of a record round-trip, and the rest is computed."""
    sent = whole_account()
    await api.put(sent)
    got = await api.records.GetRecord(pb.GetRecordRequest(name=sent.name), metadata=ANN)
    for name in ("values", "facts", "owner", "parent", "account", "source_update_time", "kind"):
        assert getattr(got, name) == getattr(sent, name), name
    assert {c.SerializeToString() for c in got.children} == {c.SerializeToString() for c in sent.children}
    assert got.state == pb.RECORD_STATE_ACTIVE
    assert got.account_state == core_pb2.ACCOUNT_STATE_MASTERED
    assert got.etag == '"1"'
    assert got.golden_record.startswith("goldenRecords/")
    assert got.revision.token


async def test_a_lead_says_its_class_and_why(api: Api) -> None:
    """A lead is answered with its class and the reason; an account or contact with none."""
    lead = pb.Record(name="sources/crm/records/l", kind=LEAD, values={"given_name": "Al"})
    [written] = await api.put(lead)
    assert written.lead_class == core_pb2.LEAD_CLASS_DEAD
    assert "reached" in written.lead_class_reason
    [other] = await api.put(contact("c"))
    assert not other.lead_class


async def test_a_mask_writes_what_it_names_and_nothing_else(api: Api) -> None:
    """Without a mask the populated fields are written; with one, those named; `*` clears the rest."""
    await api.put(contact("1", email="a@x.com", phone="123456"))
    bare = pb.Record(name="sources/crm/records/1")
    owned = pb.Record(name=bare.name, owner={"function": "sales"})
    assert dict((await update(api, owned)).values) == {"email": "a@x.com", "phone": "123456"}
    given = pb.Record(name=bare.name, values={"email": "b@x.com", "phone": "999999"})
    changed = await update(api, given, "values.email", "etag", "lead_class")
    assert dict(changed.values) == {"email": "b@x.com", "phone": "123456"}
    assert changed.owner.function == "sales"
    cleared = await update(api, bare, "values.phone", "owner")
    assert dict(cleared.values) == {"email": "b@x.com"}
    assert not cleared.HasField("owner")
    whole = await update(api, contact("1", city="Bonn"), "*")
    assert dict(whole.values) == {"city": "Bonn"}


@pytest.mark.parametrize("paths", [["*", "values"], ["golden"], ["owner.queue"], ["values.nonsense"]])
async def test_a_mask_that_cannot_be_written_is_refused(api: Api, paths: list[str]) -> None:
    """Paths that are no fields, or parts that are not written by themselves, are named."""
    refusal = await refused(update(api, contact("1"), *paths))
    assert refusal.reason == INVALID
    assert refusal.fields[0].startswith("update_mask")


async def test_a_record_is_made_only_where_the_call_allows_it(api: Api) -> None:
    """Without `allow_missing` an unknown record is not found; a new one needs its kind."""
    refusal = await refused(update(api, contact("1")))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.info.metadata["resource"] == "sources/crm/records/1"
    bare = pb.Record(name="sources/crm/records/1", values={"email": "a@x.com"})
    refusal = await refused(update(api, bare, allow_missing=True))
    assert (refusal.reason, refusal.fields) == (INVALID, ["record.kind"])


async def test_what_a_record_is_never_changes(api: Api) -> None:
    """Another kind, or a person account that becomes a company, is refused with the path of the field."""
    await api.put(contact("1"), pb.Record(name="sources/crm/records/2", kind=ACCOUNT, person_account=True))
    other = pb.Record(name="sources/crm/records/1", kind=LEAD)
    assert (await refused(update(api, other, "*"))).fields == ["record.kind"]
    company = pb.Record(name="sources/crm/records/2", kind=ACCOUNT)
    assert (await refused(update(api, company, "person_account"))).fields == ["record.person_account"]


async def test_an_etag_that_was_overtaken_aborts(api: Api) -> None:
    """A write under an old etag says the current one; under the current one it is carried out."""
    [record] = await api.put(contact("1"))
    given = contact("1", city="Bonn")
    given.etag = record.etag
    assert (await update(api, given)).etag == '"2"'
    refusal = await refused(update(api, given))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert refusal.info.metadata["current_etag"] == '"2"'
    assert refusal.info.metadata["resource"] == record.name


async def test_a_checked_write_stores_nothing(api: Api) -> None:
    """`validate_only` shows the record as it would be, without tokens of a write that was none."""
    shown = await update(api, contact("1"), "*", allow_missing=True, validate_only=True)
    assert dict(shown.values) == {"email": "1@x.com"}
    assert not (shown.etag or shown.golden_record or shown.HasField("revision"))
    await refused(api.records.GetRecord(pb.GetRecordRequest(name=shown.name), metadata=ANN))


async def test_everything_that_is_wrong_is_named_at_once(api: Api) -> None:
    """Violations that the edge finds and those of the domain come in one answer, without values."""
    record = pb.Record(
        name="sources/CRM/records/1",
        kind=CONTACT,
        values={"email": "nul\0", "nonsense": "x"},
        facts=[{"name": "open_cases", "count": -1}, {"name": "last_touched", "time": {"nanos": 1}}],
        children=[{"child_id": "c"}],
        account="nowhere",
        source_update_time=Timestamp(seconds=2**62),
    )
    refusal = await refused(update(api, record, "*", allow_missing=True))
    assert refusal.reason == INVALID
    assert set(refusal.fields) >= {
        "record.name",
        "record.values[email]",
        "record.values",
        "record.facts[0].count",
        "record.facts[1].time",
        "record.children[0].kind",
        "record.account",
        "record.source_update_time",
    }


async def test_a_flood_of_violations_still_arrives(api: Api) -> None:
    """A status has room for so many violations; it says how many it left out."""
    records = [pb.Record(name=f"bad {number}", values={"x" * 60: "y"}) for number in range(500)]
    request = pb.BatchUpdateRecordsRequest(parent="sources/-", requests=[{"record": r} for r in records])
    refusal = await refused(api.records.BatchUpdateRecords(request, metadata=IMPORTER))
    assert refusal.reason == INVALID
    assert len(refusal.fields) > 5
    assert refusal.fields[-1] == ""


async def test_lists_go_page_by_page_in_order(api: Api) -> None:
    """Pages of a source, or of all, hold each record once; a page token works only where it was made."""
    await api.put(*[contact(f"{source}/{n}") for source in ("web", "crm") for n in (2, 1, 3)])
    names = []
    request = pb.ListRecordsRequest(parent="sources/-", page_size=2, filter="kind = CONTACT")
    while True:
        answer = await api.records.ListRecords(request, metadata=ANN)
        names += [record.name for record in answer.records]
        request.page_token = answer.next_page_token
        if not request.page_token:
            break
        kept = request.page_token
    assert names == [f"sources/{s}/records/{n}" for s in ("crm", "web") for n in (1, 2, 3)]
    web = await api.records.ListRecords(pb.ListRecordsRequest(parent="sources/web"), metadata=ANN)
    assert [r.name for r in web.records] == names[3:]
    for other in (
        pb.ListRecordsRequest(parent="sources/web", filter="kind = CONTACT", page_token=kept),
        pb.ListRecordsRequest(parent="sources/-", page_token=kept),
        pb.ListRecordsRequest(parent="sources/-", page_token="AAAA"),
    ):
        refusal = await refused(api.records.ListRecords(other, metadata=ANN))
        assert (refusal.reason, refusal.fields) == (INVALID, ["page_token"])


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("filter", pb.ListRecordsRequest(parent="sources/-", filter="nonsense = 1")),
        ("filter", pb.ListRecordsRequest(parent="sources/-", filter="state = SLEEPY")),
        ("filter", pb.ListRecordsRequest(parent="sources/-", filter='source = "a\0"')),
        ("parent", pb.ListRecordsRequest(parent="crm")),
        ("page_size", pb.ListRecordsRequest(parent="sources/-", page_size=-1)),
        ("min_revision.token", pb.ListRecordsRequest(parent="sources/-", min_revision={"token": "x"})),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused(
    api: Api, field: str, request_: pb.ListRecordsRequest
) -> None:
    """Filter, parent, page size and token are checked before any work."""
    refusal = await refused(api.records.ListRecords(request_, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_a_batch_is_written_whole_or_not_at_all(api: Api) -> None:
    """One bad write of a batch keeps all of it from being written and is named by its place."""
    good = [{"record": contact(str(n)), "allow_missing": True} for n in range(3)]
    bad = pb.BatchUpdateRecordsRequest(parent="sources/crm", requests=good)
    bad.requests[1].record.values["email"] = "\0"
    bad.requests[2].request_id = "x"
    refusal = await refused(api.records.BatchUpdateRecords(bad, metadata=IMPORTER))
    assert refusal.reason == INVALID
    bad.requests[2].request_id = ""
    refusal = await refused(api.records.BatchUpdateRecords(bad, metadata=IMPORTER))
    assert refusal.fields == ["requests[1].record.values[email]"]
    empty = await api.records.ListRecords(pb.ListRecordsRequest(parent="sources/-"), metadata=ANN)
    assert not empty.records
    written = await api.records.BatchUpdateRecords(
        pb.BatchUpdateRecordsRequest(parent="sources/crm", requests=good), metadata=IMPORTER
    )
    assert [r.name for r in written.records] == [f"sources/crm/records/{n}" for n in range(3)]
    assert {r.revision.token for r in written.records} == {written.revision.token}


@pytest.mark.parametrize(
    ("parent", "count", "field"),
    [
        ("sources/crm", 0, "requests"),
        ("sources/crm", 501, "requests"),
        ("sources/web", 1, "requests[0].record.name"),
    ],
)
async def test_a_batch_keeps_to_its_limits(api: Api, parent: str, count: int, field: str) -> None:
    """A batch takes 1 to 500 writes, all of the source that it names."""
    writes = [{"record": contact(str(n)), "allow_missing": True} for n in range(count)]
    request = pb.BatchUpdateRecordsRequest(parent=parent, requests=writes)
    assert (await refused(api.records.BatchUpdateRecords(request, metadata=IMPORTER))).fields == [field]


async def test_a_batch_names_a_record_once(api: Api) -> None:
    """Two writes to one record in a batch are refused: neither could come first."""
    request = pb.BatchUpdateRecordsRequest(
        parent="sources/-", requests=[{"record": contact("1"), "allow_missing": True}] * 2
    )
    refusal = await refused(api.records.BatchUpdateRecords(request, metadata=IMPORTER))
    assert refusal.fields == ["requests[1].record.name"]


async def test_a_deleted_record_comes_back_and_an_erased_one_does_not(api: Api) -> None:
    """Delete keeps the values and a write revives it; erase leaves a name that takes no values again."""
    [record] = await api.put(contact("1"))
    deleted = await api.records.DeleteRecord(
        pb.DeleteRecordRequest(name=record.name, etag=record.etag), metadata=IMPORTER
    )
    assert (deleted.state, dict(deleted.values)) == (pb.RECORD_STATE_DELETED, dict(record.values))
    [back] = await api.put(contact("1"))
    assert back.state == pb.RECORD_STATE_ACTIVE
    request = pb.EraseRecordRequest(name=record.name)
    assert (await refused(api.records.EraseRecord(request, metadata=ANN))).fields == ["reason"]
    request.reason = "request 17"
    erased = await api.records.EraseRecord(request, metadata=ANN)
    assert (erased.state, dict(erased.values)) == (pb.RECORD_STATE_ERASED, {})
    assert (await refused(update(api, contact("1"), "*"))).fields == ["record.name"]


async def test_ingest_answers_each_batch_in_order(api: Api) -> None:
    """Good records of a batch are written, bad ones named by place and path; unchanged ones counted."""
    batches = [
        pb.IngestRecordsRequest(
            sequence=70 + number,
            records=[
                contact("same"),
                pb.Record(name="bad"),
                contact(f"{number}"),
                contact("late", nonsense="x"),
            ],
        )
        for number in range(4)
    ]
    answers = [a async for a in api.records.IngestRecords(iterated(batches), metadata=IMPORTER)]
    assert [a.sequence for a in answers] == [70, 71, 72, 73]
    assert [a.written_count for a in answers] == [2, 1, 1, 1]
    assert [a.unchanged_count for a in answers] == [0, 1, 1, 1]
    for answer in answers:
        assert [r.index for r in answer.rejected] == [1, 3]
        paths = [{v.field for v in r.bad_request.field_violations} for r in answer.rejected]
        assert paths == [{"records[1].name", "records[1].kind"}, {"records[3].values"}]
    read = pb.GetRecordRequest(name="sources/crm/records/3", min_revision=answers[-1].revision)
    assert (await api.records.GetRecord(read, metadata=ANN)).name == read.name


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        (pb.IngestRecordsRequest(), INVALID),
        (
            pb.IngestRecordsRequest(records=[contact(str(n)) for n in range(501)]),
            (grpc.StatusCode.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED"),
        ),
        (pb.IngestRecordsRequest(request_id="a b", records=[contact("1")]), INVALID),
    ],
)
async def test_a_batch_that_cannot_be_taken_ends_the_stream_after_the_others(
    api: Api, batch: pb.IngestRecordsRequest, code: tuple[grpc.StatusCode, str]
) -> None:
    """What came before a refused batch is acknowledged; what comes after it is not written."""
    good = pb.IngestRecordsRequest(sequence=1, records=[contact("good")])
    later = pb.IngestRecordsRequest(sequence=3, records=[contact("later")])
    stream = api.records.IngestRecords(iterated([good, batch, later]), metadata=IMPORTER)
    first = await stream.read()
    assert isinstance(first, pb.IngestRecordsResponse)
    assert first.sequence == 1
    assert (await refused(stream.read())).reason == code
    await refused(api.records.GetRecord(pb.GetRecordRequest(name="sources/crm/records/later"), metadata=ANN))


async def test_a_batch_sent_again_is_answered_again(api: Api) -> None:
    """After a broken stream a batch under its id has one effect, whatever its number is by then."""
    batch = pb.IngestRecordsRequest(request_id="b-1", sequence=1, records=[contact("1")])
    again = pb.IngestRecordsRequest(request_id="b-1", sequence=9, records=[contact("1")])
    answers = [a async for a in api.records.IngestRecords(iterated([batch, again]), metadata=IMPORTER)]
    assert [(a.sequence, a.written_count) for a in answers] == [(1, 1), (9, 1)]
    assert answers[0].revision == answers[1].revision


async def iterated(batches: list[pb.IngestRecordsRequest]) -> AsyncIterator[pb.IngestRecordsRequest]:
    for batch in batches:
        yield batch
