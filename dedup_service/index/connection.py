"""The connection that every match shares: commands are written as they come, answers read in that order.

A client of the library takes a connection out of its pool for each call and gives it back, which costs more
than the answer (benchmarks/README.md, "Match"). Here all calls of one event loop share one connection, and
what they ask within one turn of the loop goes out in one write.
"""

import asyncio
import hashlib
import ssl
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import hiredis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.exceptions import ResponseError

Argument = str | int | float | bytes | memoryview
Reply = Any
_LOST = "the connection to the index server was lost"


class ConnectionLostError(OSError):
    """The connection ended, or did not answer in time, before this call was answered."""


class _Protocol(asyncio.Protocol):
    """One connection, from when it is made until it is lost."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[float, asyncio.Future[Reply]]] = deque()
        self._unsent: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._lost = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asked by its class: the transports of uvloop are of none.
        self._transport = cast(asyncio.Transport, transport)

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

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio passes it
        self._transport = None
        self._unsent.clear()
        while self._waiting:
            _, answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(ConnectionLostError(_LOST))
        self._lost()

    def oldest_seconds(self) -> float:
        """How long the oldest call has been waiting."""
        return self._loop.time() - self._waiting[0][0] if self._waiting else 0.0

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Script:
    """A Lua script by its digest, sent whole where the server does not know it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class SharedConnection:
    """A connection to one server, made when it is first needed and again when it was lost.

    `url` as the client of the library takes it: redis://, rediss:// or unix://, with user, password and
    database.
    """

    def __init__(self, url: str, *, connect_seconds: float, answer_seconds: float) -> None:
        self._options: Mapping[str, Any] = parse_url(url)
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._protocol: _Protocol | None = None
        self._opening = asyncio.Lock()
        self._watch: asyncio.TimerHandle | None = None

    async def run(self, script: Script, keys: Sequence[Argument], arguments: Sequence[Argument]) -> Reply:
        """What a script answers.

        Raises:
            OSError, TimeoutError: the server cannot be reached, or the connection was lost meanwhile.
            ResponseError: it refused.
        """
        rest = (len(keys), *keys, *arguments)
        reply = await self.ask("EVALSHA", script.digest, *rest)
        if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
            reply = await self.ask("EVAL", script.text, *rest)
        if isinstance(reply, hiredis.ReplyError):
            raise ResponseError(str(reply))
        return reply

    async def ask(self, *words: Argument) -> Reply:
        """The reply to one command; a refusal is a `hiredis.ReplyError`, not raised."""
        protocol = self._protocol or await self._opened()
        return await protocol.ask(_packed(words))

    async def _opened(self) -> _Protocol:
        async with self._opening:
            if self._protocol is None:
                async with asyncio.timeout(self._connect_seconds):
                    protocol = await self._connected()
                    await self._greet(protocol)
                self._protocol = protocol
                self._watch_answers()
            return self._protocol

    async def _connected(self) -> _Protocol:
        loop = asyncio.get_running_loop()
        options = self._options
        if "path" in options:
            _, protocol = await loop.create_unix_connection(self._new_protocol, options["path"])
            return protocol
        host, port = options.get("host", "localhost"), int(options.get("port", 6379))
        secure = _tls(options) if options.get("connection_class") is SSLConnection else None
        _, protocol = await loop.create_connection(
            self._new_protocol, host, port, ssl=secure, server_hostname=host if secure else None
        )
        return protocol

    def _new_protocol(self) -> _Protocol:
        return _Protocol(self._forget)

    async def _greet(self, protocol: _Protocol) -> None:
        """Say who we are and which database we mean, as far as the URL says so."""
        options = self._options
        if password := options.get("password"):
            user = options.get("username")
            await _agreed(protocol, "AUTH", *([user] if user else []), password)
        if database := options.get("db"):
            await _agreed(protocol, "SELECT", database)

    def _forget(self) -> None:
        self._protocol = None

    def _watch_answers(self) -> None:
        """Give up a connection whose server hangs; one timer for all calls costs none of them anything."""
        if self._protocol is None:
            return
        if self._protocol.oldest_seconds() > self._answer_seconds:
            self._protocol.abort()
            return
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self._answer_seconds / 4, self._watch_answers)

    def close(self) -> None:
        """End the connection; calls that wait end with ConnectionLostError."""
        if self._watch is not None:
            self._watch.cancel()
        if self._protocol is not None:
            self._protocol.abort()


def _packed(words: tuple[Argument, ...]) -> bytes:
    # The stub of hiredis names a tuple of one element where it takes any number.
    return cast(bytes, hiredis.pack_command(cast(tuple[Argument], words)))


async def _agreed(protocol: _Protocol, *words: Argument) -> None:
    reply = await protocol.ask(_packed(words))
    if isinstance(reply, hiredis.ReplyError):
        protocol.abort()
        raise ResponseError(str(reply).partition(" ")[0])


def _tls(options: Mapping[str, Any]) -> ssl.SSLContext:
    """What the client of the library makes of the same URL."""
    given = {name: value for name, value in options.items() if name != "connection_class"}
    return SSLConnection(**given).ssl_context.get()
