"""A read that names a write waits for it, whichever read it is (D-3)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo

from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1.core_pb2 import RevisionToken
from tests.merge_desk import Office
from tests.rpc.api import refusal_of
from tests.rpc.sight_calls import METHODS, full_name, requests_of
from tests.rpc.sight_world import VERA, World, sight_office, sight_world

# Nothing is written here that would come so far.
_AHEAD = 1000
# Well below what is refused as too much at once.
_AT_ONCE = 14


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    async with sight_office(database_url, redis_url) as office:
        yield office


@pytest.fixture
async def world(office: Office) -> AsyncIterator[World]:
    async with sight_world(office) as world:
        yield world


def takes_a_token(method: MethodDescriptor) -> bool:
    """Whether a request has a `min_revision`, or wraps one that has."""
    request: Any = method.input_type
    inner = request.fields_by_name.get("request")
    return "min_revision" in (inner.message_type if inner else request).fields_by_name


def one_of_each(world: World, token: RevisionToken) -> Iterator[tuple[MethodDescriptor, Message]]:
    """A request with this token to each method that takes one."""
    left = {name for name, method in METHODS.items() if takes_a_token(method)}
    for name, request in requests_of(world):
        if full_name(name) in left:
            left.remove(full_name(name))
            reading: Any = getattr(request, "request", request)
            reading.min_revision.CopyFrom(token)
            yield METHODS[full_name(name)], request
    assert not left, f"no request to {left}"


async def first_answer(channel: Any, method: MethodDescriptor, request: Message) -> Any:
    """The first message that a method answers with."""
    service: Any = method.containing_service
    made = {
        "request_serializer": type(request).SerializeToString,
        "response_deserializer": GetMessageClass(method.output_type).FromString,
    }
    how = {"metadata": (("dedup-principal", VERA.name),)}
    path = f"/{service.full_name}/{method.name}"
    if method.client_streaming:
        stream = channel.stream_stream(path, **made)(**how)
        await stream.write(request)
        return await stream.read()
    if method.server_streaming:
        return await channel.unary_stream(path, **made)(request, **how).read()
    return await channel.unary_unary(path, **made)(request, **how)


async def reason(channel: grpc.aio.Channel, method: MethodDescriptor, request: Message) -> str:
    """Why a call, or its part of a stream, is refused; the name of the answer when it is not."""
    try:
        answer = await first_answer(channel, method, request)
    except grpc.aio.AioRpcError as error:
        return refusal_of(error).info.reason
    info = ErrorInfo()
    for packed in answer.error.details if hasattr(answer, "error") else ():
        packed.Unpack(info)
        return info.reason
    return type(answer).__name__


async def test_every_read_waits_for_the_write_that_it_must_see(world: World) -> None:
    """What a token names is not there and does not come: no read answers with what there was before."""
    token = RevisionTokens(world.api.office.desk.store_id).message(_AHEAD)
    places = asyncio.Semaphore(_AT_ONCE)

    async def asked(method: MethodDescriptor, request: Message) -> tuple[str, str]:
        async with places:
            return method.full_name, await reason(world.api.channel, method, request)

    found = await asyncio.gather(*(asked(*each) for each in one_of_each(world, token)))
    assert len(found) > 35
    assert [each for each in found if each[1] != "STORE_UNAVAILABLE"] == []
