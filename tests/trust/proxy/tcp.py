"""A TCP proxy whose link can be made to misbehave."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.trust.proxy.faults import Direction, Fault, Way

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_CHUNK = 64 * 1024
# Slow enough that a call notices, quick enough that a whole answer comes within its deadline.
_TRICKLE_SECONDS = 0.001
_PATIENCE_SECONDS = 10.0
_ABORT = struct.pack("ii", 1, 0)


class Link:
    """Listens at `address` and carries every connection to `upstream`: HOST:PORT, or the path of a socket.

    `set` and `lift` may be called from any thread.
    """

    def __init__(self, upstream: str | Path, loop: asyncio.AbstractEventLoop) -> None:
        self._upstream = upstream
        self._loop = loop
        self._fault: Fault | None = None
        self._passed = 0
        self._broken = False
        self._lifted = asyncio.Event()
        # Near ends that must not learn that their far end is gone.
        self._unaware: set[asyncio.StreamWriter] = set()
        # Held here: nobody else holds what carries a connection whose transport is gone.
        self._carrying: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.address = ""
        self.breaks = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def set(self, fault: Fault) -> None:
        """Let the link misbehave from now on, connections that are open included."""
        asyncio.run_coroutine_threadsafe(self._set(fault), self._loop).result(_PATIENCE_SECONDS)

    def lift(self) -> None:
        """Let the link be sound again; what a partition held back arrives now."""
        asyncio.run_coroutine_threadsafe(self._set(None), self._loop).result(_PATIENCE_SECONDS)

    async def _set(self, fault: Fault | None) -> None:
        self._fault, self._passed, self._broken = fault, 0, False
        self._lifted.set()
        self._lifted = asyncio.Event()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._hopeless():
            _abort(writer)
            return
        try:
            far = await self._connect()
        except OSError:
            _abort(writer)
            return
        near: Streams = (reader, writer)
        sending = asyncio.create_task(self._carry(near, far, Direction.SENT))
        receiving = asyncio.create_task(self._carry(far, near, Direction.RECEIVED))
        self._carrying |= {sending, receiving}
        await asyncio.wait({sending, receiving})
        self._carrying -= {sending, receiving}
        for pair in (near, far):
            pair[1].close()
            self._unaware.discard(pair[1])

    def _hopeless(self) -> bool:
        """Whether a cut or reset link refuses whoever comes after."""
        return self._broken and self._fault is not None and self._fault.way in {Way.CUT, Way.RESET}

    async def _connect(self) -> Streams:
        if isinstance(self._upstream, Path):
            return await asyncio.open_unix_connection(str(self._upstream), limit=_CHUNK)
        host, _, port = self._upstream.rpartition(":")
        return await asyncio.open_connection(host, int(port), limit=_CHUNK)

    async def _carry(self, source: Streams, target: Streams, direction: Direction) -> None:
        """Carry bytes one way until either end is gone; then the other learns of it."""
        told = True
        with suppress(OSError):
            while chunk := await source[0].read(_CHUNK):
                told = await self._pass(chunk, source, target, direction)
                if not told:
                    break
        if told and target[1] not in self._unaware:
            with suppress(OSError, RuntimeError):
                target[1].write_eof()

    async def _pass(self, chunk: bytes, source: Streams, target: Streams, direction: Direction) -> bool:
        """Pass a chunk on as the fault of the moment lets it; False when the link has broken silently."""
        fault = self._fault
        if source[1] in self._unaware:
            return True
        if fault is None:
            await _send(target, chunk)
        elif fault.way is Way.LATENCY:
            await asyncio.sleep(fault.seconds)
            await _send(target, chunk)
        elif fault.way is Way.TRICKLE:
            for start in range(0, len(chunk), fault.piece_bytes):
                await _send(target, chunk[start : start + fault.piece_bytes])
                await asyncio.sleep(_TRICKLE_SECONDS)
        elif self._sound(fault, direction):
            await _send(target, chunk)
        else:
            return await self._break(fault, chunk, source, target, direction)
        return True

    def _sound(self, fault: Fault, direction: Direction) -> bool:
        """Whether bytes still pass this way: half-open is one connection, the others break for all."""
        if self._broken:
            return fault.way is Way.HALF_OPEN
        return direction is not fault.direction

    async def _break(
        self, fault: Fault, chunk: bytes, source: Streams, target: Streams, direction: Direction
    ) -> bool:
        """Let through what may still pass, then break; whether there is more to carry."""
        room = 0 if self._broken else max(fault.after_bytes - self._passed, 0)
        self._passed += len(chunk)
        if room >= len(chunk):
            await _send(target, chunk)
            return True
        await _send(target, chunk[:room])
        if not self._broken:
            self._broken = True
            self.breaks += 1
        if fault.way is Way.BLACK_HOLE:
            await self._lifted.wait()
            await _send(target, chunk[room:])
            return True
        if fault.way is Way.HALF_OPEN:
            # The end that connected hears nothing, ever: its far end is gone, as after a lost route.
            near, far = (source, target) if direction is Direction.SENT else (target, source)
            self._unaware.add(near[1])
            _abort(far[1])
            return near is source
        for _, writer in (source, target):
            if fault.way is Way.RESET:
                _abort(writer)
            else:
                writer.close()
        return False


async def _send(target: Streams, data: bytes) -> None:
    target[1].write(data)
    await target[1].drain()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a goodbye."""
    taken: socket.socket | None = writer.get_extra_info("socket")
    if taken is not None and taken.family != socket.AF_UNIX:
        with suppress(OSError):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    writer.transport.abort()


@contextmanager
def links(upstreams: dict[str, str | Path]) -> Iterator[dict[str, Link]]:
    """A link for each upstream, carried by a thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="links", daemon=True)
    thread.start()
    made = {name: Link(upstream, loop) for name, upstream in upstreams.items()}
    for link in made.values():
        asyncio.run_coroutine_threadsafe(link.open(), loop).result(10)
    try:
        yield made
    finally:
        for link in made.values():
            link.lift()
            loop.call_soon_threadsafe(link.close)
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
