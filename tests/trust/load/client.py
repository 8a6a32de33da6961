"""The process that sends a load: `python -m tests.trust.load.client LOAD ANSWERS`.

A call is sent when it is due, whatever has become of those before it, and its time counts from there: what a
stalled service does to calls that were due meanwhile is not left out. Nothing is serialised or parsed here.
"""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import msgspec
import uvloop

from tests.trust.load.calls import METHODS, Answers, Call, Load, read_load

# Several, as several callers would have; each its own connection.
_CHANNELS = 4
_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.enable_retries", 0),
)
_SAID = 20
_START_SECONDS = 0.2
_HINT = b"google.rpc.RetryInfo"
_EXPECTED = (grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED)
_NOT_ANSWERED = -1

Method = Callable[..., Any]


class _Sender:
    """The connections, and what has come of each call."""

    def __init__(self, load: Load, channels: list[grpc.aio.Channel]) -> None:
        self._load = load
        self._methods = [_methods(channel, load.deadline_seconds) for channel in channels]
        count = len(load.calls)
        self.status = [_NOT_ANSWERED] * count
        self.hinted = [False] * count
        self.ended = [0.0] * count
        self.said: list[str] = []
        self._start = time.monotonic() + _START_SECONDS

    async def when_due(self) -> None:
        """Send each call at its moment, and wait for all answers."""
        running: set[asyncio.Task[None]] = set()
        for number, call in enumerate(self._load.calls):
            early = self._start + call.due - time.monotonic()
            if early > 0:
                await asyncio.sleep(early)
            task = asyncio.create_task(self._send(number, call))
            running.add(task)
            task.add_done_callback(running.discard)
        while running:
            await asyncio.wait(running)

    async def together(self) -> None:
        """Send one call after the other, so many at a time."""
        self._start = time.monotonic()
        numbers = iter(range(len(self._load.calls)))

        async def some() -> None:
            for number in numbers:
                await self._send(number, self._load.calls[number])

        await asyncio.gather(*(some() for _ in range(self._load.together)))

    async def _send(self, number: int, call: Call) -> None:
        methods = self._methods[number % len(self._methods)]
        code = grpc.StatusCode.OK
        try:
            await methods[call.kind](self._load.bodies[call.body])
        except grpc.aio.AioRpcError as error:
            code = error.code()
            details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
            self.hinted[number] = _HINT in (details if isinstance(details, bytes) else details.encode())
            if code not in _EXPECTED and len(self.said) < _SAID:
                self.said.append(f"{code.name}: {error.details()}")
        self.ended[number] = time.monotonic() - self._start
        self.status[number] = code.value[0]


def _methods(channel: grpc.aio.Channel, seconds: float) -> list[Method]:
    return [_method(channel, path, principal, seconds) for path, principal in METHODS.values()]


def _method(channel: grpc.aio.Channel, path: str, principal: str, seconds: float) -> Method:
    call: Any = channel.unary_unary(f"/dedup_service.v1.{path}")
    metadata = (("dedup-principal", principal),)
    return lambda body: call(body, timeout=seconds, metadata=metadata)


@asynccontextmanager
async def _channels(address: str) -> AsyncIterator[list[grpc.aio.Channel]]:
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, _OPTIONS))
            for _ in range(_CHANNELS)
        ]
        await asyncio.gather(*(channel.channel_ready() for channel in opened))
        yield opened


async def _main(load: Load) -> Answers:
    async with _channels(load.address) as channels:
        sender = _Sender(load, channels)
        gc.collect()
        gc.freeze()
        spent = time.process_time()
        await (sender.together() if load.together else sender.when_due())
        spent = time.process_time() - spent
    return Answers(sender.status, sender.hinted, sender.ended, spent, sender.said)


if __name__ == "__main__":
    answers = uvloop.run(_main(read_load(Path(sys.argv[1]))))
    Path(sys.argv[2]).write_bytes(msgspec.msgpack.encode(answers))
