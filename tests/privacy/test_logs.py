"""No call, whatever it holds and however it ends, leaves a value in the log (F-3)."""

import io
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from dedup_service.telemetry.logs import configure_logging
from tests.logged import everything_logged
from tests.privacy.somebody import NAME, WORD, somebody
from tests.rpc.api import Api, by
from tests.rpc.sight_calls import METHODS

_DEPTH = 4


def filled(message: Message, text: str, depth: int = _DEPTH) -> Message:
    """The message with this text in every field that takes words, in every message below it."""
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            setattr(message, field.name, text)
        elif field.type == FieldDescriptor.TYPE_STRING:
            getattr(message, field.name).append(text)
        elif field.type == FieldDescriptor.TYPE_MESSAGE and _is_single(field) and depth:
            filled(getattr(message, field.name), text, depth - 1)
    return message


def _is_single(field: Any) -> bool:
    return not field.is_repeated and field.containing_oneof is None


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, at any level."""
    with everything_logged("text") as stream:
        yield stream


async def test_no_method_logs_what_it_was_sent(api: Api, log: io.StringIO) -> None:
    """Every method of the API with her in every text: refused or answered, the log has the call alone."""
    await api.put(somebody())
    for method in METHODS.values():
        name = f"/{method.containing_service.full_name}/{method.name}"
        for text in (WORD, NAME):
            request = filled(GetMessageClass(method.input_type)(), text)
            await _called(api.channel, name, method.client_streaming, method.server_streaming, request)
    told = log.getvalue()
    assert told.count("dedup_service.rpc.call_log: call") > len(METHODS)
    assert WORD not in told.lower()


async def _called(
    channel: grpc.aio.Channel, name: str, client_streams: bool, server_streams: bool, request: Message
) -> None:
    how: Any = {"request_serializer": type(request).SerializeToString, "response_deserializer": bytes}
    calls: Any = channel

    async def requests() -> AsyncIterator[Message]:
        yield request

    try:
        if client_streams:
            async for _ in calls.stream_stream(name, **how)(requests(), metadata=by("ann"), timeout=2):
                break
        elif server_streams:
            async for _ in calls.unary_stream(name, **how)(request, metadata=by("ann"), timeout=0.3):
                break
        else:
            await calls.unary_unary(name, **how)(request, metadata=by("ann"), timeout=5)
    except grpc.aio.AioRpcError:
        pass


@pytest.mark.parametrize("how", ["json", "text"])
def test_a_text_of_several_lines_is_one_line_of_the_log(how: str) -> None:
    """No text begins a line that could be taken for another event."""
    stream = io.StringIO()
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        configure_logging(logging.INFO, how, stream)
        logging.getLogger("dedup_service.x").warning("first\n2026-01-01 INFO forged: %s", "a\rb\x1b[31m")
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
        logging.raiseExceptions = True
    lines = stream.getvalue().splitlines()
    assert [line for line in lines if line.startswith("2026-01-01")] == []
    assert "\x1b" not in stream.getvalue()


def test_the_manual_has_every_field_of_the_log() -> None:
    """docs/privacy.md holds the very table that the code prints."""
    root = Path(__file__).parents[2]
    table = (root / "docs" / "privacy.md").read_text("utf-8")
    table = table.split("<!-- log-fields -->\n")[1].split("<!-- /log-fields -->")[0]
    command = [sys.executable, "-m", "dedup_service.telemetry.logs"]
    assert table == subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout
