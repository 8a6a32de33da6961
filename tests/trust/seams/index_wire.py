"""The wire to the index server: each command is a point before it is handed on and once it was answered."""

import asyncio
from pathlib import Path
from typing import cast

import hiredis

from dedup_service.index.scripts import scripts
from tests.trust.seams.watch import Moment, Watch
from tests.trust.seams.wire import LIMIT_BYTES, Listening, Sides, Streams

INDEX = "index"
_CHUNK = 65536
_SCRIPTS = {script.digest.encode(): name for name, script in scripts(is_cluster=False)._asdict().items()}


class IndexWire:
    """Between the service and the index server that listens on `server`; its own socket is `socket`."""

    def __init__(self, watch: Watch, server: Path, socket: Path) -> None:
        self.watch = watch
        self._server = server
        self._socket = socket
        self._listening = Listening(self._through)

    async def open(self) -> None:
        await self._listening.open_socket(self._socket)

    async def close(self) -> None:
        await self._listening.close()

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    async def _through(self, near: Streams) -> None:
        far = await asyncio.open_unix_connection(self._server, limit=LIMIT_BYTES)
        session = _IndexSession(self.watch, near, far)
        await session.run()


class _IndexSession:
    def __init__(self, watch: Watch, near: Streams, far: Streams) -> None:
        self._watch = watch
        self._sides = Sides(near, far)
        self._is_answered = asyncio.Event()

    async def run(self) -> None:
        await self._sides.both(self._upward(), self._downward())

    async def _upward(self) -> None:
        reader = hiredis.Reader()
        while data := await self._sides.near_reader.read(_CHUNK):
            reader.feed(data)
            while (command := reader.gets()) is not False:
                await self._command(command)

    async def _command(self, words: list[bytes]) -> None:
        label = _label(words)
        # The stub of hiredis names a tuple of one element where it takes any number.
        packed = hiredis.pack_command(cast(tuple[bytes], tuple(words)))
        await self._watch.passes(INDEX, label, Moment.BEFORE, self)
        if self._watch.awaits(INDEX, label, Moment.ANSWERED):
            self._sides.hold()
            self._is_answered.clear()
            self._sides.ask(packed)
            await self._is_answered.wait()
        else:
            self._sides.ask(packed)
        await self._watch.passes(INDEX, label, Moment.ANSWERED, self)

    async def _downward(self) -> None:
        while data := await self._sides.far_reader.read(_CHUNK):
            self._sides.answer(data)
            self._is_answered.set()

    def cut(self) -> None:
        self._sides.cut()

    async def fail(self) -> None:
        """End the connection, as a server that is killed does."""
        self.cut()

    async def hang(self, released: asyncio.Event) -> None:
        """Neither hand on nor answer until released."""
        await released.wait()
        self._sides.release()


def _label(words: list[bytes]) -> str:
    verb = words[0].decode()
    return f"{verb} {_SCRIPTS.get(words[1], '?')}" if verb == "EVALSHA" else verb
