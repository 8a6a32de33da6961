"""Any bytes on the wire give OK or a documented code with its ErrorInfo (F-1)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rpc.api import ANN, Api, refusal_of
from tests.trust.fuzz.calling import DOCUMENTED, all_methods

METHODS = all_methods()
TEXTS = st.one_of(
    st.sampled_from(
        [
            "\0",
            "sources/crm/records/1",
            "sources/crm/records/\U0001f600",
            "sources/crm",
            "sources/-",
            "goldenRecords/1",
            "mergeProposals/1",
            "merges/1",
            "distinctions/1",
            "delegations/1",
            "cleanupJobs/1",
            "cleanupJobs/-",
            "cleanupJobs/1/runs/1",
            "operations/1",
            "done = true",
            "limits.max_merges_per_day",
            "policyVersions/1",
            "policyVersions/current",
            "changes/1-0",
            "changes/999999999999999999-999999999",
            "scoringModels/1",
            "state = ACTIVE",
            'record:"x"',
            "create_time desc",
            "impact desc, due_time",
            "account_state = PROVISIONAL",
            "escalated = true",
            "me",
            "users/ben",
            "sales",
            "version: test-1",
            "- [",
            "email",
            "given_name",
            "custom.x",
            "open_cases",
            "last_touched",
            "open_pipeline",
            "EUR",
            "*",
            "values.email",
            "tax_id",
        ]
    ),
    st.text(max_size=40),
)
_NUMBERS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 3),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 3),
    FieldDescriptor.TYPE_ENUM: st.integers(-1, 12),
    FieldDescriptor.TYPE_STRING: TEXTS,
}


@st.composite
def messages(draw: st.DrawFn, kind: type[Message], depth: int = 0) -> Message:
    """A message of this type with some of its fields set, to values that are often nearly right."""
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if depth > 4 or not draw(st.booleans()):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            entries = getattr(message, field.name)
            for name in draw(st.lists(TEXTS, max_size=3)):
                if field.message_type.fields_by_name["value"].message_type is None:
                    entries[name] = draw(TEXTS)
        elif field.message_type is not None:
            inner = GetMessageClass(cast("Descriptor", field.message_type))
            for _ in range(draw(st.integers(1, 2)) if field.is_repeated else 1):
                value = draw(messages(inner, depth + 1))
                target = getattr(message, field.name)
                (target.add() if field.is_repeated else target).CopyFrom(value)
        elif field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(_NUMBERS[field.type], max_size=3)))
        else:
            setattr(message, field.name, draw(_NUMBERS[field.type]))
    return message


@st.composite
def calls(draw: st.DrawFn) -> tuple[MethodDescriptor, bytes]:
    """A method, and the bytes of a request that is well formed, cut or spoilt, or nothing but noise."""
    method = draw(st.sampled_from(METHODS))
    data = draw(messages(GetMessageClass(method.input_type))).SerializeToString()
    match draw(st.integers(0, 5)):
        case 0:
            return method, draw(st.binary(max_size=60))
        case 1:
            return method, data[: draw(st.integers(0, len(data)))]
    return method, data


async def answer(api: Api, method: MethodDescriptor, data: bytes) -> grpc.aio.AioRpcError | None:
    """Call a method with these bytes; how it failed, if it did."""
    try:
        await read(api, method, data)
    except grpc.aio.AioRpcError as error:
        return error
    return None


async def read(api: Api, method: MethodDescriptor, data: bytes) -> None:
    """Read what a method answers, of endless streams one message."""
    channel: Any = api.channel
    path = f"/{method.containing_service.full_name}/{method.name}"
    if method.client_streaming:

        async def requests() -> AsyncIterator[bytes]:
            yield data

        async for _ in channel.stream_stream(path)(requests(), metadata=ANN):
            pass
    elif method.server_streaming:
        watch = channel.unary_stream(path)(data, metadata=ANN)
        await watch.read()
        watch.cancel()
    else:
        await channel.unary_unary(path)(data, metadata=ANN)


@settings(
    max_examples=400,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(call=calls())
async def test_any_bytes_give_a_documented_code(api: Api, call: tuple[MethodDescriptor, bytes]) -> None:
    """Whatever is sent to whichever method, nothing ends in UNKNOWN or INTERNAL."""
    method, data = call
    async with asyncio.timeout(5):
        failed = await answer(api, method, data)
    if failed is not None:
        refusal = refusal_of(failed)
        assert refusal.code.name in DOCUMENTED, (method.name, data, failed.details())
        assert refusal.info.reason
