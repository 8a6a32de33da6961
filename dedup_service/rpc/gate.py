"""What every call passes through: size, admission, the principal, and errors as documented statuses.

Handlers are built from the descriptors of the API: a method that nobody answers is found at start, and none
can be reached without passing here.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from inspect import signature
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from grpc.aio import ServicerContext

from dedup_service.domain.errors import DedupError, InvalidInput, LimitExceeded
from dedup_service.domain.principals import Principals
from dedup_service.rpc.callers import Caller, find_principal
from dedup_service.rpc.errors import OverloadedError, status_of
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.telemetry.recording import MethodMeter, Telemetry

MAX_MESSAGE_BYTES = 1024 * 1024
STATUS_METADATA_KEY = "grpc-status-details-bin"
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_OK: int = grpc.StatusCode.OK.value[0]
_CANCELLED: int = grpc.StatusCode.CANCELLED.value[0]
# Answers once, but after minutes: it takes a place of a watching stream and none of a call.
_WAITING = "google.longrunning.Operations.WaitOperation"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")

Context = ServicerContext[Any, Any]
Unary = Callable[..., Awaitable[Message]]
Streaming = Callable[..., AsyncIterator[Message]]


class Gate:
    """Admits calls, at most `max_calls` at a time, and as many watching streams besides them."""

    def __init__(
        self, principals: Principals, tokens: RevisionTokens, max_calls: int, telemetry: Telemetry
    ) -> None:
        self._principals = principals
        self._tokens = tokens
        self._max_calls = max_calls
        self._telemetry = telemetry
        self._running = {False: 0, True: 0}
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Return once no call is running."""
        await self._idle.wait()

    def handlers(self, service: ServiceDescriptor, answering: object) -> grpc.GenericRpcHandler:
        """The handlers of a service, whose methods are answered by methods of the same name in snake case."""
        handlers = {}
        for method in service.methods:
            behaviour = getattr(answering, _WORD.sub("_", method.name).lower())
            handlers[method.name] = self._handler(method, behaviour)
        return grpc.method_handlers_generic_handler(service.full_name, handlers)

    def _handler(
        self, method: MethodDescriptor, behaviour: Callable[..., Any]
    ) -> "grpc.RpcMethodHandler[Any, Any]":
        """A behaviour takes the request, and the caller where it needs to know who calls."""
        wants_caller = len(signature(behaviour).parameters) > 1

        def started(request: object, caller: Caller) -> Any:
            return behaviour(request, caller) if wants_caller else behaviour(request)

        meter = self._telemetry.method(method.containing_service.full_name, method.name)
        serializers: dict[str, Any] = {
            "request_deserializer": _reader(GetMessageClass(method.input_type)),
            "response_serializer": GetMessageClass(method.output_type).SerializeToString,
        }
        if method.client_streaming:
            return grpc.stream_stream_rpc_method_handler(
                self._both_streaming(method, meter, started), **serializers
            )
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(method, meter, started), **serializers
            )
        return grpc.unary_unary_rpc_method_handler(self._unary(method, meter, started), **serializers)

    def _unary(self, method: MethodDescriptor, meter: MethodMeter, behaviour: Unary) -> Any:
        watching = method.full_name == _WAITING

        async def answer(request: Message | DedupError, context: Context) -> Message:
            try:
                async with self._call(method, meter, context, watching=watching) as caller:
                    try:
                        return await behaviour(_readable(request), caller)
                    except DedupError as refused:
                        raise _bare(refused) from None
                raise AssertionError("a refused call is aborted")
            finally:
                # grpc keeps the end of a refused call in a cycle, and with it every frame that it came
                # through, until the next collection: none of them may hold the request.
                del request

        return answer

    def _streaming(self, method: MethodDescriptor, meter: MethodMeter, behaviour: Streaming) -> Any:
        async def answer(request: Message | DedupError, context: Context) -> AsyncIterator[Message]:
            async with self._call(method, meter, context, watching=True) as caller:
                answers: Any = behaviour(_readable(request), caller)
                async with aclosing(answers):
                    async for response in answers:
                        yield response

        return answer

    def _both_streaming(self, method: MethodDescriptor, meter: MethodMeter, behaviour: Streaming) -> Any:
        async def answer(
            requests: AsyncIterator[Message | DedupError], context: Context
        ) -> AsyncIterator[Message]:
            async with self._call(method, meter, context) as caller:
                answers: Any = behaviour(_all_readable(requests), caller)
                async with aclosing(answers):
                    async for response in answers:
                        yield response

        return answer

    @asynccontextmanager
    async def _call(
        self, method: MethodDescriptor, meter: MethodMeter, context: Context, *, watching: bool = False
    ) -> AsyncIterator[Caller]:
        """Admit a call of a known principal, and end it with a documented status when it is refused."""
        call = meter.begin(context.invocation_metadata)
        # Unless something below says otherwise the caller, or the stop of the server, has ended it.
        code = _CANCELLED
        try:
            async with self._admitted(watching=watching):
                principal = find_principal(context.invocation_metadata() or (), self._principals)
                yield Caller(principal, method.name)
            code = _OK
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets a documented code
            status = status_of(error, method.name, self._tokens)
            code = status.code
            trailer = ((STATUS_METADATA_KEY, status.SerializeToString()),)
            await context.abort(_CODES[status.code], status.message, trailer)
        finally:
            call.end(code)

    @asynccontextmanager
    async def _admitted(self, *, watching: bool) -> AsyncIterator[None]:
        if self._running[watching] >= self._max_calls:
            raise OverloadedError
        self._running[watching] += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running[watching] -= 1
            if not any(self._running.values()):
                self._idle.set()


def _reader(message: type[Message]) -> Callable[[bytes], Message | DedupError]:
    """Reads a request; one that cannot be read becomes the refusal that its call will end with."""

    def read(data: bytes) -> Message | DedupError:
        if len(data) > MAX_MESSAGE_BYTES:
            return LimitExceeded(
                f"a message takes at most {MAX_MESSAGE_BYTES} bytes, this one has {len(data)}"
            )
        try:
            return message.FromString(data)
        except DecodeError:
            return InvalidInput.at("request", f"cannot be read as a {message.DESCRIPTOR.name}")

    return read


def _readable(request: Message | DedupError) -> Message:
    if isinstance(request, DedupError):
        raise request
    return request


async def _all_readable(requests: AsyncIterator[Message | DedupError]) -> AsyncIterator[Message]:
    async for request in requests:
        yield _readable(request)


def _bare(refused: DedupError) -> DedupError:
    """The refusal without the frames that it came through, nor those of what led to it."""
    error: BaseException | None = refused
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
    return refused
