"""Records over the wire, many at a time: in atomic batches and in streams."""

from collections.abc import AsyncIterator

import grpc
import pytest

from dedup_service.v1 import record_service_pb2 as pb
from tests.rpc.api import ANN, IMPORTER, Api, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


def new(name: str) -> pb.UpdateRecordRequest:
    """The write of a contact that may not be there yet."""
    return pb.UpdateRecordRequest(record=contact(name), allow_missing=True)


async def test_a_batch_is_written_whole_or_not_at_all(api: Api) -> None:
    """One bad write of a batch keeps all of it from being written and is named by its place."""
    good = [new(str(n)) for n in range(3)]
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
    writes = [new(str(n)) for n in range(count)]
    request = pb.BatchUpdateRecordsRequest(parent=parent, requests=writes)
    assert (await refused(api.records.BatchUpdateRecords(request, metadata=IMPORTER))).fields == [field]


async def test_a_batch_names_a_record_once(api: Api) -> None:
    """Two writes to one record in a batch are refused: neither could come first."""
    request = pb.BatchUpdateRecordsRequest(
        parent="sources/-", requests=[pb.UpdateRecordRequest(record=contact("1"), allow_missing=True)] * 2
    )
    refusal = await refused(api.records.BatchUpdateRecords(request, metadata=IMPORTER))
    assert refusal.fields == ["requests[1].record.name"]


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
