"""Lists that come in pages, read as far as somebody wants to see them."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from dedup_service.cli.output import Output

PAGE_SIZE = 200


class PagedRequest(Protocol):
    """What every request for a page has."""

    page_size: int
    page_token: str


class PagedAnswer(Protocol):
    """What every page has."""

    next_page_token: str


Q = TypeVar("Q", bound=PagedRequest)
A = TypeVar("A", bound=PagedAnswer)
T = TypeVar("T", bound=Message)


def paged(
    out: Output, request: Q, ask: Callable[[Q], A], items: Callable[[A], Iterable[T]], limit: int
) -> tuple[list[T], bool]:
    """At most so many of a list, and whether there are more; as JSON they are printed as they come."""
    found: list[T] = []
    while True:
        request.page_size = min(limit - len(found), PAGE_SIZE)
        answer = ask(request)
        for item in items(answer):
            found.append(item)
            if out.as_json:
                out.json(item)
        request.page_token = answer.next_page_token
        if not answer.next_page_token or len(found) >= limit:
            return found, bool(answer.next_page_token)
