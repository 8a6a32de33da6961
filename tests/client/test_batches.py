"""Batches through streams that break at the worst moment: written, but not answered."""

from collections.abc import Iterator

import grpc
import pytest

from dedup_service.client import ServiceError
from dedup_service.client.batches import ATTEMPTS_WITHOUT_AN_ANSWER, answered
from dedup_service.v1.intake_service_pb2 import RouteRecordsRequest, RouteRecordsResponse

BROKEN = ServiceError(grpc.StatusCode.UNAVAILABLE, "", "the connection broke")


class Answers:
    """A stream that answers some requests, takes one more without an answer, and breaks."""

    def __init__(self, requests: Iterator[RouteRecordsRequest], few: int, taken: list[str]) -> None:
        self._requests = requests
        self._left = few
        self._taken = taken

    def __iter__(self) -> Iterator[RouteRecordsResponse]:
        return self

    def __next__(self) -> RouteRecordsResponse:
        request = next(self._requests)
        self._taken.append(request.request_id)
        if not self._left:
            raise BROKEN
        self._left -= 1
        return RouteRecordsResponse(sequence=request.sequence)

    def cancel(self) -> None:
        """Nothing is under way between two answers."""


class Calls:
    """A method whose streams break after so many answers each; `taken` are the request ids as they came."""

    def __init__(self, *answers: int) -> None:
        self._answers = list(answers)
        self.taken: list[str] = []

    def __call__(self, request_iterator: Iterator[RouteRecordsRequest], /) -> Answers:
        return Answers(request_iterator, self._answers.pop(0), self.taken)


def requests(count: int) -> list[RouteRecordsRequest]:
    return [RouteRecordsRequest(sequence=number, request_id=f"id-{number}") for number in range(count)]


def test_a_batch_without_an_answer_is_sent_again_under_its_id() -> None:
    """What was taken and not answered comes a second time with the same id, and nothing else does."""
    calls, asked = Calls(2, 9), requests(5)
    done = list(answered(calls, iter(asked), pause=lambda _: None))
    assert [(request.sequence, answer.sequence) for request, answer in done] == [(n, n) for n in range(5)]
    assert calls.taken == ["id-0", "id-1", "id-2", "id-2", "id-3", "id-4"]


def test_a_service_that_never_answers_is_given_up() -> None:
    """So many streams without one answer, each waited for longer; then the error comes out."""
    calls, pauses = Calls(*[0] * ATTEMPTS_WITHOUT_AN_ANSWER), list[float]()
    with pytest.raises(ServiceError, match="broke"):
        list(answered(calls, iter(requests(1)), pause=pauses.append))
    assert len(calls.taken) == ATTEMPTS_WITHOUT_AN_ANSWER
    assert pauses == sorted(pauses)
    assert len(pauses) == ATTEMPTS_WITHOUT_AN_ANSWER - 1


def test_an_answer_makes_patience_new() -> None:
    """A stream that breaks after each answer is taken up again for as long as there are answers."""
    calls = Calls(*[1] * 9, 1)
    done = list(answered(calls, iter(requests(10)), pause=lambda _: None))
    assert len(done) == 10
