"""Routing many people and companies through one stream, with an answer for each batch."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dedup_service.client.batches import answered, batched
from dedup_service.v1.intake_service_pb2 import RouteItem, RouteRecordsRequest, RouteRecordsResponse
from dedup_service.v1.intake_service_pb2_grpc import IntakeServiceStub


@dataclass(frozen=True, slots=True)
class RoutedBatch:
    """One batch, and what became of it: `answer.results` has one result an item, in the order of `items`.

    A result holds an `answer`, without the record's values, or the `error` for which the record was refused.
    """

    items: tuple[RouteItem, ...]
    answer: RouteRecordsResponse


def route(
    stub: IntakeServiceStub, items: Iterable[RouteItem], batch_size: int, validate_only: bool
) -> Iterator[RoutedBatch]:
    """Route the items and give one result a batch; with `validate_only` nothing is written."""
    requests = (
        RouteRecordsRequest(
            request_id=str(uuid.uuid4()),
            sequence=batch.sequence,
            items=batch.messages,
            validate_only=validate_only,
        )
        for batch in batched(items, batch_size)
    )
    for request, answer in answered(stub.RouteRecords, requests):
        yield RoutedBatch(tuple(request.items), answer)
