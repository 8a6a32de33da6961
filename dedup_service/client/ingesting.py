"""Writing many records through one stream, with an answer for each batch.

Each batch keeps its request id until it is answered: sent again after a broken stream, it happens once.
"""

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue

import grpc

from dedup_service.client.errors import ServiceError
from dedup_service.client.following import LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS, passing
from dedup_service.v1.record_service_pb2 import IngestRecordsRequest, IngestRecordsResponse, Record
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub

MAX_BATCH = 500
# Below the service's limit of 1 MB for a message, with room for the rest of it.
MAX_BATCH_BYTES = 900_000
_BYTES_AROUND_A_RECORD = 8
# Enough to keep the service busy while we prepare the next.
BATCHES_UNDER_WAY = 4
ATTEMPTS_WITHOUT_AN_ANSWER = 6


@dataclass(frozen=True, slots=True)
class IngestedBatch:
    """One batch, and what became of it; `answer.rejected` tells places in `records`."""

    records: tuple[Record, ...]
    answer: IngestRecordsResponse


def ingest(
    stub: RecordServiceStub,
    records: Iterable[Record],
    batch_size: int,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[IngestedBatch]:
    """Write the records and give one result a batch; `pause` waits between two attempts."""
    if not 1 <= batch_size <= MAX_BATCH:
        raise ValueError(f"batch_size is {batch_size}; a batch takes 1 to {MAX_BATCH} records")
    requests = _requests(records, batch_size)
    unanswered: deque[IngestRecordsRequest] = deque()
    failures = 0
    while True:
        try:
            for done in _one_stream(stub, requests, unanswered):
                failures = 0
                yield done
            return
        except ServiceError as error:
            failures += 1
            if failures >= ATTEMPTS_WITHOUT_AN_ANSWER or not passing(error):
                raise
            backoff = SHORTEST_PAUSE_SECONDS * 2**failures
            pause(max(min(backoff, LONGEST_PAUSE_SECONDS), error.retry_seconds or 0.0))


def _one_stream(
    stub: RecordServiceStub,
    requests: Iterator[IngestRecordsRequest],
    unanswered: deque[IngestRecordsRequest],
) -> Iterator[IngestedBatch]:
    """Send what has no answer yet, then what follows, until all is answered."""
    outbox: SimpleQueue[IngestRecordsRequest | None] = SimpleQueue()
    for request in unanswered:
        outbox.put(request)
    stream = stub.IngestRecords(iter(outbox.get, None))
    try:
        while True:
            while len(unanswered) < BATCHES_UNDER_WAY and (following := next(requests, None)) is not None:
                unanswered.append(following)
                outbox.put(following)
            if not unanswered:
                return
            answer = next(stream, None)
            if answer is None:
                raise ServiceError(grpc.StatusCode.UNAVAILABLE, "", "the service ended the stream early")
            done = unanswered.popleft()
            yield IngestedBatch(tuple(done.records), answer)
    finally:
        outbox.put(None)
        stream.cancel()


def _requests(records: Iterable[Record], batch_size: int) -> Iterator[IngestRecordsRequest]:
    """Batches of at most so many records that also fit into one message."""
    sequence = 0
    batch: list[Record] = []
    size = 0
    for record in records:
        bytes_more = record.ByteSize() + _BYTES_AROUND_A_RECORD
        if batch and (len(batch) == batch_size or size + bytes_more > MAX_BATCH_BYTES):
            yield _request(batch, sequence)
            sequence, batch, size = sequence + 1, [], 0
        batch.append(record)
        size += bytes_more
    if batch:
        yield _request(batch, sequence)


def _request(batch: list[Record], sequence: int) -> IngestRecordsRequest:
    return IngestRecordsRequest(request_id=str(uuid.uuid4()), sequence=sequence, records=batch)
