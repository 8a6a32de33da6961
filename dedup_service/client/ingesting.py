"""Writing many records through one stream, with an answer for each batch."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dedup_service.client.batches import answered, batched
from dedup_service.v1.record_service_pb2 import IngestRecordsRequest, IngestRecordsResponse, Record
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub


@dataclass(frozen=True, slots=True)
class IngestedBatch:
    """One batch, and what became of it; `answer.rejected` tells places in `records`."""

    records: tuple[Record, ...]
    answer: IngestRecordsResponse


def ingest(stub: RecordServiceStub, records: Iterable[Record], batch_size: int) -> Iterator[IngestedBatch]:
    """Write the records and give one result a batch."""
    requests = (
        IngestRecordsRequest(request_id=str(uuid.uuid4()), sequence=batch.sequence, records=batch.messages)
        for batch in batched(records, batch_size)
    )
    for request, answer in answered(stub.IngestRecords, requests):
        yield IngestedBatch(tuple(request.records), answer)
