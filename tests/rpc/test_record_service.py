"""Records over the wire: read, list, write by mask and etag, in batches and in streams."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.v1 import core_pb2
from dedup_service.v1 import record_service_pb2 as pb
from tests.rpc.api import ACCOUNT, ANN, CONTACT, IMPORTER, LEAD, Api, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


def whole_account() -> pb.Record:
    """An account that says everything a source can say."""
    return pb.Record(
        name="sources/erp/records/Ärger-1",
        kind=ACCOUNT,
        values={"company_name": "Ünï & Co\u202e", "custom.tier": "", "customer_number": "C-1"},
        facts=[
            core_pb2.Fact(name="open_invoices", count=3),
            core_pb2.Fact(
                name="yearly_revenue", amount=Money(currency_code="EUR", units=12, nanos=340_000_000)
            ),
            core_pb2.Fact(name="open_pipeline", amount=Money(currency_code="USD", units=0, nanos=1)),
            core_pb2.Fact(name="legal_hold", flag=False),
            core_pb2.Fact(name="last_touched", time=Timestamp(seconds=1_700_000_000, nanos=123_456_000)),
            core_pb2.Fact(name="legal_entity", text="DE"),
        ],
        children=[
            core_pb2.Child(
                kind=core_pb2.CHILD_KIND_INVOICE,
                child_id="i-1",
                owner="u",
                open=True,
                amount=Money(currency_code="EUR", units=999_999_999_999_999_999, nanos=999_999_999),
            ),
            core_pb2.Child(kind=core_pb2.CHILD_KIND_CASE, child_id="i-1"),
        ],
        owner=core_pb2.Owner(queue="q"),
        parent="sources/erp/records/2",
        source_update_time=Timestamp(seconds=-62_135_596_800),
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
    owned = pb.Record(name=bare.name, owner=core_pb2.Owner(function="sales"))
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
    assert not shown.etag
    assert not shown.golden_record
    assert not shown.HasField("revision")
    await refused(api.records.GetRecord(pb.GetRecordRequest(name=shown.name), metadata=ANN))


async def test_everything_that_is_wrong_is_named_at_once(api: Api) -> None:
    """Violations that the edge finds and those of the domain come in one answer, without values."""
    record = pb.Record(
        name="sources/CRM/records/1",
        kind=CONTACT,
        values={"email": "nul\0", "nonsense": "x"},
        facts=[
            core_pb2.Fact(name="open_cases", count=-1),
            core_pb2.Fact(name="last_touched", time=Timestamp(nanos=1)),
        ],
        children=[core_pb2.Child(child_id="c")],
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
    request = pb.BatchUpdateRecordsRequest(
        parent="sources/-", requests=[pb.UpdateRecordRequest(record=r) for r in records]
    )
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
        (
            "min_revision.token",
            pb.ListRecordsRequest(parent="sources/-", min_revision=core_pb2.RevisionToken(token="x")),
        ),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused(
    api: Api, field: str, request_: pb.ListRecordsRequest
) -> None:
    """Filter, parent, page size and token are checked before any work."""
    refusal = await refused(api.records.ListRecords(request_, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, [field])


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
