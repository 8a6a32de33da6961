"""What every call passes through: who calls, how often, a place, a deadline, and errors as statuses.

Handlers are built from the descriptors of the API: a method that nobody answers is found at start, and none
can be reached without passing here.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc.aio import ServicerContext

from dedup_service.domain.errors import (
    DeadlinePassed,
    DedupError,
    InvalidInput,
    LimitExceeded,
    Unauthenticated,
)
from dedup_service.rpc.access import Access, access_of
from dedup_service.rpc.admission import Admission, room_of
from dedup_service.rpc.call_log import LoggedCall
from dedup_service.rpc.callers import Caller, check_still, credentials_of
from dedup_service.rpc.doors import Door, Doors
from dedup_service.rpc.errors import STATUS_METADATA_KEY, OverloadedError, status_of
from dedup_service.rpc.limits import LONGEST_SECONDS, MAX_MESSAGE_BYTES, Limits
from dedup_service.rpc.rates import Rates
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.rpc.sight.sights import Sights
from dedup_service.telemetry.recording import MethodMeter, Telemetry
from dedup_service.workflows.authentication import Authentication, Proven
from dedup_service.workflows.deadlines import due_in, ended_in, seconds_left
from dedup_service.workflows.rules import Rules

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_OK: int = grpc.StatusCode.OK.value[0]
_CANCELLED: int = grpc.StatusCode.CANCELLED.value[0]
_TOO_LATE: int = grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
# For rolling back what was not done in time, and for saying so.
_TIME_FOR_THE_END_SECONDS = 0.1
# What a caller is told; all else is a fault.
_REFUSALS = (DedupError, OverloadedError)
_WORD = re.compile(r"(?<!^)(?=[A-Z])")

Context = ServicerContext[Any, Any]
Behaviour = Callable[[Any, Caller], Any]


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of the API, with what the gate must know of it."""

    descriptor: MethodDescriptor
    access: Access
    room: str
    request: type[Message]
    # The fields that make one request as much work as many.
    batch_fields: tuple[str, ...]
    meter: MethodMeter

    @property
    def streams(self) -> bool:
        return self.descriptor.client_streaming or self.descriptor.server_streaming

    def read(self, data: bytes) -> Message:
        """The request; raises LimitExceeded, InvalidInput."""
        if len(data) > MAX_MESSAGE_BYTES:
            raise LimitExceeded(
                f"a message takes at most {MAX_MESSAGE_BYTES} bytes, this one has {len(data)}"
            )
        try:
            return self.request.FromString(data)
        except DecodeError:
            name = self.request.DESCRIPTOR.name
            raise InvalidInput.at("request", f"cannot be read as a {name}") from None

    def item_count(self, request: Message) -> int:
        return sum(len(getattr(request, name)) for name in self.batch_fields)


class Gate:
    """Admits calls, at most `max_calls` at a time, and streams besides them."""

    def __init__(
        self,
        rules: Rules,
        authentication: Authentication,
        sights: Sights,
        tokens: RevisionTokens,
        max_calls: int,
        limits: Limits,
        telemetry: Telemetry,
    ) -> None:
        self._rules = rules
        self._authentication = authentication
        self._sights = sights
        self._tokens = tokens
        self._limits = limits
        self._telemetry = telemetry
        self._admission = Admission(max_calls, limits.streams_each)
        self._rates = Rates(limits.calls_a_second, limits.items_a_second)

    async def idle(self) -> None:
        """Return once no call is running."""
        await self._admission.idle()

    def doors(self, services: Iterable[tuple[ServiceDescriptor, object]]) -> Doors:
        """The doors of services; each method is answered by one of the same name in snake case.

        Raises:
            MissingAccessError: nothing says who may call one of the methods.
        """
        doors = {}
        for service, answering in services:
            for method in service.methods:
                behaviour = getattr(answering, _WORD.sub("_", method.name).lower())
                path = f"/{service.full_name}/{method.name}"
                doors[path] = self._door(method, self._sights.behind(method, behaviour))
        return Doors(doors, self._admission, self._tokens, self._telemetry)

    def _door(self, descriptor: MethodDescriptor, behaviour: Behaviour) -> Door:
        method = _Method(
            descriptor,
            access_of(descriptor),
            room_of(descriptor),
            GetMessageClass(descriptor.input_type),
            _batch_fields(descriptor),
            self._telemetry.method(descriptor.containing_service.full_name, descriptor.name),
        )
        handler: Any
        if descriptor.client_streaming:
            make, handler = grpc.stream_stream_rpc_method_handler, self._both_streaming(method, behaviour)
        elif descriptor.server_streaming:
            make, handler = grpc.unary_stream_rpc_method_handler, self._streaming(method, behaviour)
        else:
            make, handler = grpc.unary_unary_rpc_method_handler, self._unary(method, behaviour)
        # Requests are read once their calls are admitted: what is refused costs no more than that.
        serializer = GetMessageClass(descriptor.output_type).SerializeToString
        return Door(make(handler, response_serializer=serializer), method.room, method.meter)

    def _unary(self, method: _Method, behaviour: Behaviour) -> Any:
        async def answer(data: bytes, context: Context) -> Message:
            try:
                async with self._call(method, context) as caller:
                    try:
                        response: Message = await behaviour(self._read(method, data, caller), caller)
                        return response
                    except _REFUSALS as refused:
                        raise _bare(refused) from None
                raise AssertionError("a refused call is aborted")
            finally:
                # grpc keeps the end of a refused call in a cycle, and with it every frame that it came
                # through, until the next collection: none of them may hold the request.
                del data

        return answer

    def _streaming(self, method: _Method, behaviour: Behaviour) -> Any:
        async def answer(data: bytes, context: Context) -> None:
            try:
                async with self._call(method, context) as caller:
                    try:
                        answers = behaviour(self._read(method, data, caller), caller)
                        await self._write(self._while_still(caller, answers), context)
                    except _REFUSALS as refused:
                        raise _bare(refused) from None
            finally:
                del data

        return answer

    def _both_streaming(self, method: _Method, behaviour: Behaviour) -> Any:
        async def answer(requests: AsyncIterator[bytes], context: Context) -> None:
            async with self._call(method, context) as caller:
                try:
                    await self._write(behaviour(self._read_all(method, requests, caller), caller), context)
                except _REFUSALS as refused:
                    raise _bare(refused) from None

        return answer

    def _read(self, method: _Method, data: bytes, caller: Caller) -> Message:
        request = method.read(data)
        if items := method.item_count(request):
            self._rates.sent(caller.principal.name, items)
        return request

    async def _read_all(
        self, method: _Method, requests: AsyncIterator[bytes], caller: Caller
    ) -> AsyncIterator[Message]:
        """The requests of a stream. One that sends more than a principal may is read more slowly."""
        while True:
            async with self._moving("no request came"):
                data = await anext(requests, None)
            if data is None:
                return
            check_still(caller, self._rules.principals)
            request = method.read(data)
            while True:
                try:
                    self._rates.sent(caller.principal.name, max(method.item_count(request), 1))
                    break
                except OverloadedError as later:
                    await asyncio.sleep(later.retry_seconds)
            yield request

    async def _while_still(self, caller: Caller, answers: Any) -> AsyncIterator[Message]:
        """The answers, for as long as what the caller was let in by holds."""
        async with aclosing(answers):
            async for response in answers:
                check_still(caller, self._rules.principals)
                yield response

    async def _write(self, answers: Any, context: Context) -> None:
        """Send what a stream answers as fast as it is read, and no faster."""
        async with aclosing(answers):
            async for response in answers:
                async with self._moving("no answer was taken"):
                    await context.write(response)

    @asynccontextmanager
    async def _moving(self, what: str) -> AsyncIterator[None]:
        """Ends a stream that stands still; raises DeadlinePassed."""
        try:
            async with asyncio.timeout(self._limits.idle_seconds) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            seconds = f"{self._limits.idle_seconds:g} seconds"
            raise DeadlinePassed(f"{what} for {seconds}: call again, and go on where this ended") from None

    @asynccontextmanager
    async def _call(self, method: _Method, context: Context) -> AsyncIterator[Caller]:
        """Admit a call of a known principal, and end it with a documented status when it is refused."""
        call = method.meter.begin(context.invocation_metadata)
        descriptor = method.descriptor
        logged = LoggedCall(f"{descriptor.containing_service.full_name}/{descriptor.name}", context.peer)
        # Unless something below says otherwise the caller, or the stop of the server, has ended it.
        code = _CANCELLED
        try:
            due = _due(method, context, required=self._limits.deadlines_required)
            async with due, self._admitted(method, context, logged) as caller:
                yield caller
            code = _OK
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets a documented code
            if context.done() and _is_of_grpc(error):
                # What was written reaches nobody: the caller has gone, which is no fault of anybody.
                raise asyncio.CancelledError from None
            if isinstance(error, OverloadedError):
                self._telemetry.refused(method.room)
            status = status_of(error, method.descriptor.name, self._tokens)
            code = status.code
            trailer = ((STATUS_METADATA_KEY, status.SerializeToString()),)
            await context.abort(_CODES[status.code], status.message, trailer)
        finally:
            ended = _TOO_LATE if code == _CANCELLED and seconds_left() == 0 else code
            call.end(ended)
            logged.end(ended)

    @asynccontextmanager
    async def _admitted(self, method: _Method, context: Context, logged: LoggedCall) -> AsyncIterator[Caller]:
        """A place for the call, once it is known whose it is and that they may call."""
        proven = await self._proven(context)
        principal = proven.principal
        logged.principal = principal.name
        method.access.who.check(principal, self._rules.policy)
        self._rates.called(principal.name)
        async with AsyncExitStack() as stack:
            if method.streams:
                stack.enter_context(self._admission.stream(principal.name))
            await stack.enter_async_context(self._admission.place(method.room))
            yield Caller(principal, method.descriptor.name, proven.end_seconds)

    async def _proven(self, context: Context) -> Proven:
        given = credentials_of(context)
        if self._authentication.knows(given):
            return await self._authentication.proven(given)
        self._rates.check_peer(context.peer())
        try:
            return await self._authentication.proven(given)
        except Unauthenticated:
            self._rates.failed(context.peer())
            raise


@asynccontextmanager
async def _due(method: _Method, context: Context, *, required: bool) -> AsyncIterator[None]:
    """Ends what is under way when the answer is due; a stream is due only when its caller says so.

    Raises:
        InvalidInput: a unary call has no deadline where one is required.
        DeadlinePassed: the call has taken as long as its caller, or the service, lets it.
    """
    # None without a deadline, which the stubs of grpc do not tell.
    left: float | None = context.time_remaining()
    if not method.streams:
        if left is None and required:
            raise InvalidInput.at("deadline", "is required here: say how long you will wait for the answer")
        longest = LONGEST_SECONDS[method.access.call_class]
        left = longest if left is None else min(left, longest)
    if left is None:
        yield
        return
    # Before gRPC ends the call itself: it would do so in the middle of the rollback, and without a reason.
    end = min(left / 10, _TIME_FOR_THE_END_SECONDS)
    due_in(left - end)
    async with ended_in(left - end, 2 * end):
        yield


def _is_of_grpc(error: Exception) -> bool:
    """Whether gRPC itself raised it; its classes have no common one."""
    return type(error).__module__.partition(".")[0] == "grpc"


def _batch_fields(method: MethodDescriptor) -> tuple[str, ...]:
    if not (method.client_streaming or method.name.startswith("Batch")):
        return ()
    return tuple(field.name for field in method.input_type.fields if field.is_repeated)


def _bare(refused: Exception) -> Exception:
    """The refusal without the frames that it came through, nor those of what led to it."""
    error: BaseException | None = refused
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
    return refused
