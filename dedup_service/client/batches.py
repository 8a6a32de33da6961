"""Sending many batches through one stream, with an answer for each.

Each batch keeps its request id until it is answered: sent again after a broken stream, it happens once.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from dedup_service.client.errors import ServiceError
from dedup_service.client.following import LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS, passing

MAX_BATCH = 500
# Below the service's limit of 1 MB for a message, with room for the rest of it.
MAX_BATCH_BYTES = 900_000
_BYTES_AROUND_A_MESSAGE = 8
# Enough to keep the service busy while we prepare the next.
BATCHES_UNDER_WAY = 4
ATTEMPTS_WITHOUT_AN_ANSWER = 6

M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=Message)
A_co = TypeVar("A_co", bound=Message, covariant=True)
A = TypeVar("A", bound=Message)
Q_contra = TypeVar("Q_contra", bound=Message, contravariant=True)


class Answers(Protocol[A_co]):
    """A stream of answers, one a request."""

    def __next__(self) -> A_co: ...

    def __iter__(self) -> Iterator[A_co]: ...

    def cancel(self) -> Any: ...


class StreamCall(Protocol[Q_contra, A_co]):
    """The method of a stub that takes a stream and answers with one."""

    def __call__(self, request_iterator: Iterator[Q_contra], /) -> Answers[A_co]: ...


@dataclass(frozen=True, slots=True)
class Batched(Generic[M]):
    """A batch of messages that fit into one request, and its number from 0 on."""

    sequence: int
    messages: tuple[M, ...]


def batched(messages: Iterable[M], batch_size: int) -> Iterator[Batched[M]]:
    """Batches of at most so many messages, 1 to 500, that also fit into one request.

    Raises:
        ValueError: the size is out of range; raised when the iterator is first asked.
    """
    if not 1 <= batch_size <= MAX_BATCH:
        raise ValueError(f"batch_size is {batch_size}; a batch takes 1 to {MAX_BATCH} records")
    sequence = 0
    batch: list[M] = []
    size = 0
    for message in messages:
        bytes_more = message.ByteSize() + _BYTES_AROUND_A_MESSAGE
        if batch and (len(batch) == batch_size or size + bytes_more > MAX_BATCH_BYTES):
            yield Batched(sequence, tuple(batch))
            sequence, batch, size = sequence + 1, [], 0
        batch.append(message)
        size += bytes_more
    if batch:
        yield Batched(sequence, tuple(batch))


def answered(
    call: StreamCall[Q, A], requests: Iterator[Q], pause: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Q, A]]:
    """Each request with its answer, in order; `pause` waits between two attempts.

    The requests are drawn in the caller's thread, only as fast as they are answered; each must bear a
    request id.

    Raises:
        ServiceError: what sending again does not mend.
    """
    unanswered: deque[Q] = deque()
    failures = 0
    while True:
        try:
            for done in _one_stream(call, requests, unanswered):
                failures = 0
                yield done
            return
        except ServiceError as error:
            failures += 1
            if failures >= ATTEMPTS_WITHOUT_AN_ANSWER or not passing(error, moved=failures == 1):
                raise
            backoff = SHORTEST_PAUSE_SECONDS * 2**failures
            pause(max(min(backoff, LONGEST_PAUSE_SECONDS), error.retry_seconds or 0.0))


def _one_stream(call: StreamCall[Q, A], requests: Iterator[Q], unanswered: deque[Q]) -> Iterator[tuple[Q, A]]:
    """Send what has no answer yet, then what follows, until all is answered."""
    outbox: SimpleQueue[Q | None] = SimpleQueue()
    for request in unanswered:
        outbox.put(request)
    stream = call(iter(outbox.get, None))
    try:
        while True:
            while len(unanswered) < BATCHES_UNDER_WAY and (following := next(requests, None)) is not None:
                unanswered.append(following)
                outbox.put(following)
            if not unanswered:
                outbox.put(None)
                # All is answered: the service ends the call, which is then not one that was cancelled.
                with suppress(ServiceError):
                    next(stream, None)
                return
            answer = next(stream, None)
            if answer is None:
                raise ServiceError(grpc.StatusCode.UNAVAILABLE, "", "the service ended the stream early")
            yield unanswered.popleft(), answer
    finally:
        outbox.put(None)
        stream.cancel()
