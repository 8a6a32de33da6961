"""Calls with any bytes, and what may come of them: OK or a documented code with its reason, in time."""

import asyncio
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import grpc
from google.longrunning import operations_pb2
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from dedup_service import v1

DEADLINE_SECONDS = 10.0
# Answers when the operation is done, or the caller's time is over.
_WAITS = "google.longrunning.Operations.WaitOperation"
_WAIT_SECONDS = 0.5
# What a call may be answered with beside OK: docs/api.md.
DOCUMENTED = frozenset(
    {
        "INVALID_ARGUMENT",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "NOT_FOUND",
        "ABORTED",
        "FAILED_PRECONDITION",
        "ALREADY_EXISTS",
        "OUT_OF_RANGE",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
    }
)
OK = "OK"
# A stream that has begun and is ended by the caller, who has seen enough of it.
_WATCHED_SECONDS = 0.3
_MOST_READ = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: the name of its code, the answers read, and what is wrong with that, if so."""

    code: str
    answers: tuple[bytes, ...] = ()
    wrong: str = ""
    said: str = ""


def all_methods() -> list[MethodDescriptor]:
    """Every method of every service of the API, in order of name."""
    names = [each.name for each in iter_modules(v1.__path__) if each.name.endswith("_pb2")]
    ours = [import_module(f"{v1.__name__}.{name}") for name in names]
    files: list[FileDescriptor] = [module.DESCRIPTOR for module in (operations_pb2, *ours)]
    found = [
        method for file in files for service in file.services_by_name.values() for method in service.methods
    ]
    return sorted(found, key=lambda method: method.full_name)


async def call(
    channel: grpc.aio.Channel, method: MethodDescriptor, request: bytes, metadata: tuple[Any, ...]
) -> Outcome:
    """Call a method that takes one request with these bytes."""
    answers: list[bytes] = []
    try:
        async with asyncio.timeout(DEADLINE_SECONDS + 5):
            await _read(channel, method, request, metadata, answers)
    except grpc.aio.AioRpcError as error:
        return _refusal(method, error)
    except TimeoutError:
        return Outcome("NONE", wrong="no answer, and no end at the deadline")
    return Outcome(OK, tuple(answers), _unreadable(method, answers))


async def _read(
    channel: Any, method: MethodDescriptor, request: bytes, metadata: object, answers: list[bytes]
) -> None:
    path = f"/{method.containing_service.full_name}/{method.name}"
    waits = method.full_name == _WAITS
    options = {"metadata": metadata, "timeout": _WAIT_SECONDS if waits else DEADLINE_SECONDS}
    if method.server_streaming:
        await _watch(channel.unary_stream(path)(request, **options), answers)
    else:
        answers.append(await channel.unary_unary(path)(request, **options))


def exchange(
    channel: grpc.Channel, method: MethodDescriptor, requests: list[bytes], metadata: Any
) -> Outcome:
    """Send all requests of a stream, then read all answers; it waits.

    The asyncio client loses the refusal of a stream that ends while it still sends: it says INTERNAL then.
    """
    answers: list[bytes] = []
    path = f"/{method.containing_service.full_name}/{method.name}"
    stream: Any = channel.stream_stream(path)
    try:
        for answer in stream(iter(requests), metadata=metadata, timeout=DEADLINE_SECONDS):
            answers.append(answer)  # noqa: PERF402  those that came before an error are kept
    except grpc.RpcError as error:
        return _refusal(method, error)
    return Outcome(OK, tuple(answers), _unreadable(method, answers))


async def _watch(stream: Any, answers: list[bytes]) -> None:
    """The first answers of a stream that need not end."""
    try:
        async with asyncio.timeout(_WATCHED_SECONDS):
            while len(answers) < _MOST_READ and (answer := await stream.read()) is not grpc.aio.EOF:
                answers.append(answer)
    except TimeoutError:
        pass
    finally:
        stream.cancel()


def _unreadable(method: MethodDescriptor, answers: list[bytes]) -> str:
    for answer in answers:
        try:
            read_answer(method, answer)
        except DecodeError:
            return "an answer that is no message of its type"
    return ""


def read_answer(method: MethodDescriptor, data: bytes) -> Message:
    return GetMessageClass(method.output_type).FromString(data)


def _refusal(method: MethodDescriptor, error: Any) -> Outcome:
    """A refusal is one if its code is documented and it says why."""
    code = error.code().name
    if code == "DEADLINE_EXCEEDED" and method.full_name == _WAITS:
        return Outcome(code)
    if code not in DOCUMENTED:
        return Outcome(code, wrong=f"{code}: {error.details()}")
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if packed is None:
        return Outcome(code, wrong=f"{code} without its details: {error.details()}")
    status = Status.FromString(bytes(packed) if not isinstance(packed, str) else packed.encode())
    info = error_details_pb2.ErrorInfo()
    if not any(detail.Unpack(info) for detail in status.details) or not info.reason:
        return Outcome(code, wrong=f"{code} without a reason: {error.details()}")
    if code == "UNAVAILABLE":
        return Outcome(code, wrong=f"{method.name} was not available: {info.reason}")
    return Outcome(code, said=status.message)
