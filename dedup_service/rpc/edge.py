"""What the services of the edge share: the desk, and the tokens by which callers find their place again."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf.message import Message

from dedup_service.domain.errors import InvalidInput, ServiceStopping
from dedup_service.rpc.freshness import Freshness
from dedup_service.rpc.page_tokens import PageTokens, page_size
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.rpc.sight.sights import Sights
from dedup_service.telemetry.recording import Telemetry
from dedup_service.workflows.desk import Desk
from dedup_service.workflows.filters import Condition, parse_filter
from dedup_service.workflows.pages import Page

FilterFields = Mapping[str, Collection[str] | None]


class Edge:
    """One desk as its callers see it; `stopping` is set once the server no longer wants to serve."""

    def __init__(self, desk: Desk, telemetry: Telemetry) -> None:
        self.desk = desk
        self.telemetry = telemetry
        self.tokens = RevisionTokens(desk.store_id)
        self.pages = PageTokens(desk.store_id)
        self.sights = Sights(desk)
        self.stopping = asyncio.Event()
        self._freshness = Freshness(desk.store)

    async def fresh(self, request: Any) -> int:
        """Wait until reads see the `min_revision` of a request; that revision, or 0."""
        revision = self.tokens.revision(request.min_revision, "min_revision.token")
        if revision:
            await self._freshness.reach(revision)
        return revision

    def page(self, request: Any, fields: FilterFields, order_by: str = "") -> Page:
        """The part of a list that a request asks for; `fields` are those that its filter may name."""
        return Page(
            conditions=self.conditions(request, fields),
            after=self.pages.cursor(request),
            size=page_size(request),
            order_by=order_by,
        )

    def conditions(self, request: Any, fields: FilterFields) -> tuple[Condition, ...]:
        """What the filter of a request asks for."""
        allowed = {name: None if values is None else frozenset(values) for name, values in fields.items()}
        return parse_filter(request.filter, allowed)

    def next_page(self, request: Message, cursor: tuple[str, ...] | None) -> str:
        """The token of the page after this one; empty on the last."""
        return self.pages.next(request, cursor)

    def refuse_when_stopping(self) -> None:
        """End a stream that would otherwise hold up the stop of the server."""
        if self.stopping.is_set():
            raise ServiceStopping("the service is stopping; call again and go on where this stream ended")


def between(value: int, lowest: int, highest: int, at: str, what: str) -> None:
    """Refuse a number of things that is out of its range."""
    if not lowest <= value <= highest:
        raise InvalidInput.at(at, f"takes {lowest} to {highest:,} {what}, not {value:,}")
