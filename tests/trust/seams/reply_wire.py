"""The wire to callers: each frame of an answer is a point before it is handed on.

An answer is the frames `headers`, `data` and `trailers` of a stream of HTTP/2; what comes before its
trailers is no answer yet.
"""

import asyncio

from tests.trust.seams.watch import Moment, Watch
from tests.trust.seams.wire import LIMIT_BYTES, Listening, Sides, Streams

REPLY = "reply"
_CHUNK = 65536
_HEAD = 9
_DATA, _HEADERS = 0, 1
_END_OF_STREAM = 1


class ReplyWire:
    """Between callers and the service; `service` is where it serves now, as it may be started again."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.service = ""
        self.address = ""
        self._listening = Listening(self._through)

    async def open(self) -> None:
        self.address = f"127.0.0.1:{await self._listening.open_port()}"

    async def close(self) -> None:
        await self._listening.close()

    async def _through(self, near: Streams) -> None:
        host, _, port = self.service.rpartition(":")
        far = await asyncio.open_connection(host, int(port), limit=LIMIT_BYTES)
        await _ReplySession(self.watch, near, far).run()


class _ReplySession:
    def __init__(self, watch: Watch, near: Streams, far: Streams) -> None:
        self._watch = watch
        self._sides = Sides(near, far)
        self._is_cut = False

    async def run(self) -> None:
        await self._sides.both(self._upward(), self._downward())

    async def _upward(self) -> None:
        while data := await self._sides.near_reader.read(_CHUNK):
            self._sides.ask(data)

    async def _downward(self) -> None:
        while True:
            head = await self._sides.far_reader.readexactly(_HEAD)
            body = await self._sides.far_reader.readexactly(int.from_bytes(head[:3]))
            if label := _label(head, body):
                await self._watch.passes(REPLY, label, Moment.BEFORE, self)
            self._sides.answer(head + body)

    def cut(self) -> None:
        self._sides.cut()

    async def fail(self) -> None:
        """End the connection, as a network that is gone does."""
        self.cut()

    async def hang(self, released: asyncio.Event) -> None:
        """Hand nothing on until released."""
        await released.wait()


def _label(head: bytes, body: bytes) -> str:
    kind, flags = head[3], head[4]
    if kind == _HEADERS:
        return "trailers" if flags & _END_OF_STREAM else "headers"
    return "data" if kind == _DATA and body else ""
