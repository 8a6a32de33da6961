"""The connection that every match shares: commands are written as they come, answers read in that order.

A client of the library takes a connection out of its pool for each call and gives it back, which costs more
than the answer (benchmarks/README.md, "Match"). Here all calls of one event loop share one connection, and
what they ask within one turn of the loop goes out in one write.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
from redis.exceptions import ResponseError

from dedup_service.index.places import Place, place_of, read_places

Argument = str | int | float | bytes | memoryview
Reply = Any
_LOST = "the connection to the index server was lost"


class ConnectionLostError(OSError):
    """The connection ended, or did not answer in time, before this call was answered."""


class _Protocol(asyncio.Protocol):
    """One connection, from when it is made until it is lost."""

    def __init__(self, lost: "Callable[[_Protocol], None]") -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[float, asyncio.Future[Reply]]] = deque()
        self._unsent: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._lost = lost
        self._is_retired = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asked by its class: the transports of uvloop are of none.
        self._transport = cast(asyncio.Transport, transport)

    @property
    def is_open(self) -> bool:
        """Whether it was made and not lost; it may be lost before whoever asked for it has it."""
        return self._transport is not None

    def ask(self, command: bytes) -> "asyncio.Future[Reply]":
        if self._transport is None:
            raise ConnectionLostError(_LOST)
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(command)
        answer: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting.append((self._loop.time(), answer))
        return answer

    def _send(self) -> None:
        if self._transport is not None and self._unsent:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                _, answer = self._waiting.popleft()
                # The call may have been cancelled meanwhile.
                if not answer.done():
                    answer.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            self.abort()
        if self._is_retired and not self._waiting:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio passes it
        self._transport = None
        self._unsent.clear()
        while self._waiting:
            _, answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(ConnectionLostError(_LOST))
        self._lost(self)

    def oldest_seconds(self) -> float:
        """How long the oldest call has been waiting."""
        return self._loop.time() - self._waiting[0][0] if self._waiting else 0.0

    def retire(self) -> None:
        """End the connection once all that it was asked is answered."""
        self._is_retired = True
        if not self._waiting:
            self.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Script:
    """A Lua script by its digest, sent whole where the server does not know it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class SharedConnection:
    """A connection to the index server, made when it is first needed and again when it was lost.

    `url` is one of those that `places` describes. In a cluster the node that has the index says so, and is
    followed; what it holds lies in one slot.
    """

    def __init__(self, url: str, *, connect_seconds: float, answer_seconds: float) -> None:
        self._places = read_places(url)
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._protocol: _Protocol | None = None
        # Left for another, with calls that still wait for their answers.
        self._left: set[_Protocol] = set()
        # Where a node of a cluster said that the index is.
        self._told: Place | None = None
        self._opening: asyncio.Task[_Protocol] | None = None
        self._is_closed = False
        self._watch: asyncio.TimerHandle | None = None

    async def run(self, script: Script, keys: Sequence[Argument], *arguments: Argument) -> Reply:
        """What a script answers; raises as `ask` does."""
        rest = (len(keys), *keys, *arguments)
        try:
            return await self.ask("EVALSHA", script.digest, *rest)
        except ResponseError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await self.ask("EVAL", script.text, *rest)

    async def ask(self, *words: Argument) -> Reply:
        """The reply to one command, bulk strings as bytes.

        Raises:
            OSError, TimeoutError: the server cannot be reached, or the connection was lost meanwhile.
            ResponseError: it refused.
        """
        command = _packed(words)
        is_stale = True
        for _ in range(_MOST_MOVES):
            protocol = self._protocol
            if protocol is None or not protocol.is_open:
                is_stale, protocol = False, await self._opened()
            try:
                reply = await protocol.ask(command)
            except ConnectionLostError:
                # The server may have been restarted since the last call: what we ask bears being asked twice.
                if not is_stale:
                    raise
                is_stale = False
                continue
            if not isinstance(reply, hiredis.ReplyError):
                return reply
            said = str(reply)
            if said.startswith("MOVED "):
                self._leave(protocol, place_of(said.split()[2]))
                continue
            if said.startswith("READONLY"):
                # A server that was replaced: the next call asks where the index is now.
                self._leave(protocol, None)
            raise ResponseError(said)
        raise ConnectionLostError("the nodes of the cluster send us from one to the other")

    def _leave(self, protocol: _Protocol, told: Place | None) -> None:
        if self._protocol is protocol:
            self._protocol, self._told = None, told
            self._left.add(protocol)
        protocol.retire()

    async def _opened(self) -> _Protocol:
        if self._is_closed:
            raise ConnectionLostError(_LOST)
        # One attempt for all who come meanwhile: one after the other they would wait out its limit each.
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="index connection")
        return await asyncio.shield(self._opening)

    async def _open(self) -> _Protocol:
        try:
            self._protocol = protocol = await self._reached()
            if self._is_closed:
                protocol.abort()
            self._watch_answers()
            return protocol
        finally:
            self._opening = None

    async def _reached(self) -> _Protocol:
        """A connection to the first place that answers: where we were told, then the seeds."""
        told = () if self._told is None else (self._told,)
        self._told = None
        problem: Exception | None = None
        for place in (*told, *self._places.seeds):
            try:
                async with asyncio.timeout(self._connect_seconds):
                    return await self._greeted(await self._located(place))
            except (OSError, TimeoutError) as error:
                problem = error
        assert problem is not None, "a URL names one place at least"
        raise problem

    async def _located(self, place: Place) -> Place:
        """The place of the server: the seed itself, or what a sentinel says."""
        if not self._places.service:
            return place
        sentinel = await self._connected(place)
        try:
            reply = await sentinel.ask(_packed(("SENTINEL", "get-master-addr-by-name", self._places.service)))
        finally:
            sentinel.retire()
            sentinel.abort()
        if not isinstance(reply, list):
            raise ConnectionLostError("the sentinels know no server of that service")
        return Place(reply[0].decode(), int(reply[1]))

    async def _greeted(self, place: Place) -> _Protocol:
        """A connection on which we have said who we are and which database we mean."""
        protocol = await self._connected(place)
        places = self._places
        try:
            if places.password:
                await _agreed(protocol, "AUTH", *([places.user] if places.user else []), places.password)
            if places.database:
                await _agreed(protocol, "SELECT", places.database)
        except BaseException:
            # Also when the time is over: the server would keep a connection for each attempt.
            protocol.abort()
            raise
        return protocol

    async def _connected(self, place: Place) -> _Protocol:
        loop = asyncio.get_running_loop()
        if place.path:
            return (await loop.create_unix_connection(self._new_protocol, place.path))[1]
        tls = self._places.tls
        name = place.host if tls is not None and tls.check_hostname else None
        made = await loop.create_connection(
            self._new_protocol, place.host, place.port, ssl=tls, server_hostname=name or ("" if tls else None)
        )
        return made[1]

    def _new_protocol(self) -> _Protocol:
        return _Protocol(self._forget)

    def _forget(self, protocol: _Protocol) -> None:
        self._left.discard(protocol)
        if self._protocol is protocol:
            self._protocol = None

    def _watch_answers(self) -> None:
        """Give up a connection whose server hangs; one timer for all calls costs none of them anything."""
        if self._watch is not None:
            self._watch.cancel()
        asked = self._asked()
        for protocol in asked:
            if protocol.oldest_seconds() > self._answer_seconds:
                protocol.abort()
        if not asked:
            return
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self._answer_seconds / 4, self._watch_answers)

    def close(self) -> None:
        """End the connection for good; calls that wait end with ConnectionLostError."""
        self._is_closed = True
        if self._watch is not None:
            self._watch.cancel()
        for protocol in self._asked():
            protocol.abort()

    def _asked(self) -> list[_Protocol]:
        """The connections on which calls may wait."""
        return [*self._left, *([] if self._protocol is None else [self._protocol])]


_MOST_MOVES = 5


def _packed(words: tuple[Argument, ...]) -> bytes:
    # The stub of hiredis names a tuple of one element where it takes any number.
    return cast(bytes, hiredis.pack_command(cast(tuple[Argument], words)))


async def _agreed(protocol: _Protocol, *words: Argument) -> None:
    reply = await protocol.ask(_packed(words))
    if isinstance(reply, hiredis.ReplyError):
        raise ResponseError(str(reply).partition(" ")[0])
