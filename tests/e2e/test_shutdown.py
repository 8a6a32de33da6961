"""SIGTERM while calls and watches run: refuse first, finish what runs, lose no answered write (F-5)."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT, RevisionToken
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record, UpdateRecordRequest
from tests.e2e.golden_copies import all_changes
from tests.e2e.running_service import RunningService, running_service
from tests.e2e.story_context import FOLLOWER, IMPORTER

WRITER_COUNT = 4
WAIT_SECONDS = 20.0
# What a call may end with that a shutdown has overtaken: nothing was answered, so it may be sent again.
OVERTAKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


@pytest.fixture
def service() -> Iterator[RunningService]:
    with running_service(DEDUP_GRACE_SECONDS="5") as running:
        yield running


def person(source: str, number: int) -> Record:
    """A contact with an e-mail address of its own."""
    return Record(
        name=f"sources/{source}/records/{number}",
        kind=RECORD_KIND_CONTACT,
        values={"full_name": f"Person {number}", "email": f"{source}.{number}@example.com"},
    )


def write_until_overtaken(address: str, source: str, answered: list[str]) -> ServiceError:
    """Write one record after the other; the names of those answered, and what ended it."""
    with DedupClient(address, principal=IMPORTER) as client:
        for number in itertools.count():
            request = UpdateRecordRequest(record=person(source, number), allow_missing=True)
            try:
                answered.append(client.records.UpdateRecord(request).name)
            except ServiceError as error:
                return error
    raise AssertionError("unreachable")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_answered_writes_survive_sigterm(service: RunningService) -> None:
    """Under writing callers the service ends with 0, fails calls only so that they may be repeated, and keeps
    every write that it answered.
    """
    answered: list[list[str]] = [[] for _ in range(WRITER_COUNT)]
    with ThreadPoolExecutor(WRITER_COUNT) as writers:
        ends = [
            writers.submit(write_until_overtaken, service.address, f"source{number}", names)
            for number, names in enumerate(answered)
        ]
        wait_until(lambda: all(len(names) >= 5 for names in answered))
        assert service.terminate() == 0
        for end in ends:
            error = end.result(WAIT_SECONDS)
            assert error.code in OVERTAKEN, f"{error.code} {error.reason}: {error}"
    service.start()
    with DedupClient(service.address, principal=FOLLOWER) as client:
        stored = {
            record.name
            for number in range(WRITER_COUNT)
            for record in client.records.ListRecords(
                ListRecordsRequest(parent=f"sources/source{number}", page_size=1000)
            ).records
        }
    assert {name for names in answered for name in names} <= stored
    assert service.logged_incidents() == []


def test_health_says_not_serving_before_the_end(service: RunningService) -> None:
    """Who watches the health hears NOT_SERVING before the connection ends, and idle callers cost no grace."""
    heard: list[int] = []
    with DedupClient(service.address, principal=FOLLOWER) as client:
        watch = client.health.Watch(HealthCheckRequest())
        heard.append(next(watch).status)
        begin = time.monotonic()
        assert service.terminate() == 0
        assert time.monotonic() - begin < 4
        with pytest.raises(ServiceError) as ended:
            heard.extend(answer.status for answer in watch)
        assert ended.value.code in OVERTAKEN
    assert heard == [HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING]


def test_a_watch_goes_on_after_a_restart(service: RunningService) -> None:
    """A follower whose stream a shutdown ends misses nothing that is written before and after."""
    heard: list[str] = []
    everything = threading.Event()

    def follow(client: DedupClient, token: RevisionToken) -> None:
        for message in client.follow_changes(token.token):
            heard.extend(change.name for change in message.changes)
            if any(change.record == person("crm", 99).name for change in message.changes):
                everything.set()
                return

    with (
        DedupClient(service.address, principal=FOLLOWER) as follower,
        DedupClient(service.address, principal=IMPORTER) as writer,
    ):
        [start] = writer.ingest([person("crm", 0)])
        following = threading.Thread(target=follow, args=(follower, start.answer.revision), daemon=True)
        following.start()
        list(writer.ingest((person("crm", number) for number in range(1, 10)), batch_size=2))
        wait_until(lambda: len(heard) >= 9)
        assert service.terminate() == 0
        service.start()
        list(writer.ingest([person("crm", 99)]))
        assert everything.wait(WAIT_SECONDS)
        following.join(WAIT_SECONDS)
        first, *rest = [change.name for change in all_changes(writer)]
        assert list(dict.fromkeys(heard)) == rest
        assert first not in heard


@pytest.mark.proof
def test_an_ingest_goes_on_after_a_restart() -> None:
    """An import that a shutdown interrupts goes on by itself, and every record is written once."""
    done: list[str] = []
    enough = threading.Event()
    with (
        running_service(DEDUP_GRACE_SECONDS="0.5") as service,
        DedupClient(service.address, principal=IMPORTER) as client,
        ThreadPoolExecutor(1) as importer,
    ):

        def ingest() -> None:
            people = (person("erp", number) for number in itertools.count())
            for batch in client.ingest(itertools.takewhile(lambda _: not enough.is_set(), people), 4):
                assert batch.answer.written_count == len(batch.records)
                done.extend(record.name for record in batch.records)

        imported = importer.submit(ingest)
        try:
            wait_until(lambda: len(done) >= 40)
            assert service.terminate() == 0
            before = len(done)
            service.start()
            wait_until(lambda: len(done) >= before + 40)
        finally:
            enough.set()
        imported.result(WAIT_SECONDS)
        changes = [change.record for change in all_changes(client)]
        assert sorted(changes) == sorted(done)
        assert service.logged_incidents() == []
