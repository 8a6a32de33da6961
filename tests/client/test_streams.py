"""Ingesting and following, through streams that break."""

import threading
from collections.abc import Iterator

import pytest
from google.longrunning.operations_pb2 import CancelOperationRequest

from dedup_service.client import DedupClient, ServiceError
from dedup_service.client.batches import MAX_BATCH_BYTES
from dedup_service.v1.change_service_pb2 import ChangeType, ListChangesRequest
from dedup_service.v1.cleanup_run_pb2 import CleanupRunState
from dedup_service.v1.cleanup_service_pb2 import CreateCleanupJobRequest, RunCleanupJobRequest
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record
from tests.served_desk import ServedDesk


def contacts(first: int, count: int, **values: str) -> list[Record]:
    return [
        Record(
            name=f"sources/crm/records/{number:05}",
            kind=RecordKind.RECORD_KIND_CONTACT,
            values=values or {"email": f"person{number}@example.org"},
        )
        for number in range(first, first + count)
    ]


def stored(client: DedupClient) -> list[str]:
    """The names of all records, however many pages they take."""
    names: list[str] = []
    request = ListRecordsRequest(parent="sources/-", page_size=1000)
    while True:
        answer = client.records.ListRecords(request)
        names += [record.name for record in answer.records]
        request.page_token = answer.next_page_token
        if not request.page_token:
            return names


def creations(client: DedupClient) -> int:
    answer = client.changes.ListChanges(
        ListChangesRequest(page_size=1000, types=[ChangeType.CHANGE_TYPE_RECORD_CREATED])
    )
    return len(answer.changes)


def test_records_are_ingested_in_batches_with_a_result_each(client: DedupClient) -> None:
    """Each batch is answered in order; a bad record is rejected and the others of its batch written."""
    records = [*contacts(0, 10), *contacts(10, 1, no_such_field="x"), *contacts(11, 9)]
    results = list(client.ingest(records, batch_size=8))
    assert [len(result.records) for result in results] == [8, 8, 4]
    assert [result.answer.written_count for result in results] == [8, 7, 4]
    assert results[1].records[results[1].answer.rejected[0].index].name == records[10].name
    assert len(stored(client)) == 19


def test_ingesting_again_leaves_what_is_stored_alone(client: DedupClient) -> None:
    """The second time all records are unchanged."""
    list(client.ingest(contacts(0, 5)))
    (again,) = client.ingest(contacts(0, 5))
    assert (again.answer.written_count, again.answer.unchanged_count) == (0, 5)


def test_batches_also_fit_into_a_message(client: DedupClient) -> None:
    """Large records make smaller batches, so that no message is over the limit of the service."""
    values = {f"custom.note_{number}": "x" * 4000 for number in range(20)}
    results = list(client.ingest(contacts(0, 30, **values)))
    assert len(results) > 1
    assert all(sum(record.ByteSize() for record in r.records) <= MAX_BATCH_BYTES for r in results)
    assert len(stored(client)) == 30


def test_a_batch_size_over_the_limit_is_refused(client: DedupClient) -> None:
    """A batch takes 1 to 500 records."""
    with pytest.raises(ValueError, match="500"):
        next(client.ingest(contacts(0, 1), batch_size=501))


def test_an_error_of_the_callers_records_comes_out_as_it_is(client: DedupClient) -> None:
    """The records are drawn in the caller's thread; what was answered before is written."""

    def broken() -> Iterator[Record]:
        yield from contacts(0, 3)
        raise RuntimeError("the file ended")

    with pytest.raises(RuntimeError, match="the file ended"):
        list(client.ingest(broken(), batch_size=1))


def test_a_broken_stream_of_records_is_taken_up_again(desk: ServedDesk, client: DedupClient) -> None:
    """The service goes away half-way: every record is written, and each once."""
    results = client.ingest(contacts(0, 60), batch_size=5)
    done = [next(results) for _ in range(3)]
    desk.stop_answering()
    desk.answer_again()
    done += list(results)
    assert [len(result.records) for result in done] == [5] * 12
    assert len(stored(client)) == 60
    assert creations(client) == 60


def test_a_stream_that_may_not_be_retried_is_raised(desk: ServedDesk) -> None:
    """A principal that is not known gets one typed error."""
    with (
        DedupClient(desk.address, principal="users/nobody") as stranger,
        pytest.raises(ServiceError) as caught,
    ):
        list(stranger.ingest(contacts(0, 1)))
    assert caught.value.reason == "UNAUTHENTICATED_PRINCIPAL"


def test_changes_are_followed_through_a_restart(desk: ServedDesk, client: DedupClient) -> None:
    """The follower goes on at its last token: nothing is missing after the service was away."""
    (before, *_) = client.ingest(contacts(0, 1))
    seen: list[str] = []
    got_first, got_all = threading.Event(), threading.Event()
    follower = DedupClient(desk.address, principal="services/follower")

    def follow() -> None:
        for message in follower.follow_changes(before.answer.revision.token):
            seen.extend(change.record for change in message.changes)
            (got_first if len(set(seen)) < 3 else got_all).set()
            if got_all.is_set():
                return

    threading.Thread(target=follow, daemon=True).start()
    list(client.ingest(contacts(1, 1)))
    assert got_first.wait(10)
    desk.stop_answering()
    desk.answer_again()
    list(client.ingest(contacts(2, 2)))
    assert got_all.wait(10)
    follower.close()
    assert sorted(set(seen)) == [record.name for record in contacts(1, 3)]


def test_a_token_that_is_none_is_an_error(client: DedupClient) -> None:
    """Reconnecting does not mend a wrong token: it is raised."""
    with pytest.raises(ServiceError):
        next(client.follow_changes("no token at all"))


def test_a_run_is_watched_through_a_restart(desk: ServedDesk, client: DedupClient) -> None:
    """The watcher goes on with the same run after the service was away, though the job has begun another."""
    job = client.cleanup.CreateCleanupJob(CreateCleanupJobRequest())
    client.cleanup.RunCleanupJob(RunCleanupJobRequest(name=job.name))
    watched = client.watch_cleanup(job.name)
    first = next(watched)
    desk.stop_answering()
    desk.answer_again()
    client.operations.CancelOperation(CancelOperationRequest(name=first.operation))
    client.cleanup.RunCleanupJob(RunCleanupJobRequest(name=job.name))
    rest = list(watched)
    assert {run.name for run in rest} == {first.name}
    assert rest[-1].state == CleanupRunState.CLEANUP_RUN_STATE_CANCELLED
    again = list(client.watch_cleanup(job.name, first.name))
    assert [run.state for run in again] == [CleanupRunState.CLEANUP_RUN_STATE_CANCELLED]


def test_a_job_that_never_ran_is_no_stream_to_wait_for(client: DedupClient) -> None:
    """Reconnecting does not mend it: it is raised at once."""
    job = client.cleanup.CreateCleanupJob(CreateCleanupJobRequest())
    with pytest.raises(ServiceError) as caught:
        next(client.watch_cleanup(job.name))
    assert caught.value.reason == "STATE_NOT_ALLOWED"
