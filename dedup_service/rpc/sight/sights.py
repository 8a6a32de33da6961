"""Between the gate and the services: each call is asked, and answered, as far as its caller may see.

A caller from whom nothing is kept passes untouched, at the cost of one look into a table.
The policy is that of the moment in which an answer leaves, also where it was kept for a repeated request, and
in a stream.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from inspect import signature
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from dedup_service.domain.errors import DedupError, NotFound
from dedup_service.domain.principals import Principal
from dedup_service.domain.visibility import Sight, sight_of
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.sight.asking import check_request
from dedup_service.rpc.sight.names import Hiding, keys_in_part, named_records
from dedup_service.rpc.sight.rules import RULES
from dedup_service.rpc.sight.showing import Showing
from dedup_service.rpc.sight.tags import Tags
from dedup_service.workflows.desk import Desk

Unary = Callable[[Message, Caller], Awaitable[Message]]
Streaming = Callable[[Any, Caller], AsyncIterator[Message]]


class Sights:
    """The sight of each caller of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tags = Tags(desk.store_id)

    def of(self, principal: Principal) -> Sight:
        """What a principal may see now."""
        return sight_of(principal, self._desk.rules.policy.visibility)

    def named(self, principal_name: str) -> Sight:
        """What the principal of this name may see now; nobody whom nobody knows sees anything."""
        found = self._desk.rules.principals.find(principal_name)
        return sight_of(found, self._desk.rules.policy.visibility)

    def behind(self, method: MethodDescriptor, behaviour: Callable[..., Any]) -> Callable[..., Any]:
        """The behaviour of a method, of the same kind, taking the request and the caller."""
        wants_caller = len(signature(behaviour).parameters) > 1

        def started(request: Any, caller: Caller) -> Any:
            return behaviour(request, caller) if wants_caller else behaviour(request)

        if method.client_streaming or method.server_streaming:
            return self._streaming(method, started)
        return self._unary(started)

    def _unary(self, behaviour: Unary) -> Unary:
        async def answer(request: Message, caller: Caller) -> Message:
            if self.of(caller.principal).whole:
                return await behaviour(request, caller)
            await self._ask(request, caller)
            try:
                found = await behaviour(request, caller)
            except DedupError as refused:
                raise (await self._hiding(caller, refused)).error(refused) from None
            return await self._shown(found, caller)

        return answer

    def _streaming(self, method: MethodDescriptor, behaviour: Streaming) -> Streaming:
        async def answer(request: Any, caller: Caller) -> AsyncIterator[Message]:
            if not method.client_streaming and not self.of(caller.principal).whole:
                await self._ask(request, caller)
            asked = self._each_asked(request, caller) if method.client_streaming else request
            answers: Any = behaviour(asked, caller)
            async with aclosing(answers):
                try:
                    async for found in answers:
                        yield await self._shown(found, caller)
                except DedupError as refused:
                    raise (await self._hiding(caller, refused)).error(refused) from None

        return answer

    async def _each_asked(self, requests: AsyncIterator[Message], caller: Caller) -> AsyncIterator[Message]:
        async for request in requests:
            if not self.of(caller.principal).whole:
                await self._ask(request, caller)
            yield request

    async def _ask(self, request: Message, caller: Caller) -> None:
        hiding = await self._hiding(caller, request)
        check_request(request, caller.principal.name, hiding, self._desk.rules.policy.visibility)

    async def _shown(self, found: Message, caller: Caller) -> Message:
        if self.of(caller.principal).whole:
            return found
        hiding = await self._hiding(caller, found)
        if not Showing(hiding, self._tags, RULES).shown(found):
            raise NotFound(found.DESCRIPTOR.name, getattr(found, "name", ""))
        return found

    async def _hiding(self, caller: Caller, about: Message | DedupError) -> Hiding:
        """What is hidden of this message; where a source is hidden in part, by the kinds of its records."""
        sight = self.of(caller.principal)
        if not any(map(sight.hides_kinds_of, sight.hidden)):
            return Hiding(sight, {})
        keys = keys_in_part(named_records(about), sight)
        found = await self._desk.store.read(lambda tx: tx.records(keys)) if keys else {}
        return Hiding(sight, {key.name: record.kind for key, record in found.items()})
