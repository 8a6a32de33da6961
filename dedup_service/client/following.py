"""Following the changes through broken streams."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc

from dedup_service.client.errors import ServiceError
from dedup_service.v1.change_service_pb2 import ChangeType, WatchChangesRequest, WatchChangesResponse
from dedup_service.v1.change_service_pb2_grpc import ChangeServiceStub
from dedup_service.v1.core_pb2 import RecordKind, RevisionToken

SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 3.0
# A server that shuts down cancels its streams; a proxy in between may end them in any of these ways.
_PASSING = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
)
_LASTING = ("LIMIT_EXCEEDED", "INTERNAL_ERROR")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which changes to see; empty means all."""

    types: tuple[ChangeType.ValueType, ...] = ()
    kinds: tuple[RecordKind.ValueType, ...] = ()
    sources: tuple[str, ...] = ()


def passing(error: ServiceError, *, moved: bool) -> bool:
    """Whether a stream that ended so may be taken up again; `moved` says that it had answered before.

    A token that expires on the way may have been renewed meanwhile; one that is expired at once was not.
    """
    if error.reason == "TOKEN_EXPIRED":
        return moved
    # The service ends a stream that stood still; a deadline of the caller's own has no reason.
    if error.reason == "DEADLINE_PASSED":
        return True
    return error.code in _PASSING and error.reason not in _LASTING


def follow(
    stub: ChangeServiceStub,
    resume_token: str,
    selection: Selection,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[WatchChangesResponse]:
    """Changes after the token, for ever; `pause` waits between two attempts."""
    wait_seconds = SHORTEST_PAUSE_SECONDS
    while True:
        request = WatchChangesRequest(
            types=selection.types,
            kinds=selection.kinds,
            sources=selection.sources,
            resume_token=RevisionToken(token=resume_token) if resume_token else None,
        )
        stream = stub.WatchChanges(request)
        moved = False
        try:
            for message in stream:
                moved = True
                resume_token = message.resume_token.token or resume_token
                wait_seconds = SHORTEST_PAUSE_SECONDS
                yield message
        except ServiceError as error:
            if not resume_token or not passing(error, moved=moved):
                raise
            wait_seconds = max(wait_seconds, error.retry_seconds or 0.0)
        finally:
            stream.cancel()
        pause(wait_seconds)
        wait_seconds = min(wait_seconds * 2, LONGEST_PAUSE_SECONDS)
