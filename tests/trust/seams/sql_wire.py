"""The wire to PostgreSQL: each statement is a point before it is handed on, and each commit one afterwards.

Statements come as groups of messages, of which a pipeline sends many at once; they are handed on one by one.
A statement that hangs is a `pg_sleep` put in front of it: what then ends it is the server's own doing.
"""

import asyncio
import struct
from pathlib import Path
from urllib.parse import quote

import psycopg

from dedup_service.embedded.postgres import SOCKET_NAME
from tests.trust.seams.sql_texts import name_of, statements_of
from tests.trust.seams.watch import Moment, Watch
from tests.trust.seams.wire import LIMIT_BYTES, Listening, Sides, Streams

SQL = "sql"
_CANCEL = 80877102
_FLUSH = b"H\x00\x00\x00\x04"
_SLEEP = "SELECT pg_sleep(600)"
_COMMITTED = b"COMMIT\0"


class SqlWire:
    """Between the service and the PostgreSQL that listens on `server`; its own socket is in `home`."""

    def __init__(self, watch: Watch, server: Path, home: Path, administrator_url: str) -> None:
        self.watch = watch
        self.administrator_url = administrator_url
        self._server = server
        self._home = home
        self._listening = Listening(self._through)

    async def open(self) -> None:
        self._home.mkdir(exist_ok=True)
        await self._listening.open_socket(self._home / SOCKET_NAME)

    async def close(self) -> None:
        await self._listening.close()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self._home), safe='')}"

    async def _through(self, near: Streams) -> None:
        far = await asyncio.open_unix_connection(self._server, limit=LIMIT_BYTES)
        await SqlSession(self, near, far).run()


class SqlSession:
    """One connection; `sleeps` once a statement of it hangs."""

    def __init__(self, wire: SqlWire, near: Streams, far: Streams) -> None:
        self._wire = wire
        self._sides = Sides(near, far)
        self._backend_pid = 0
        self._names: dict[bytes, str] = {}
        self._label = ""
        self._sent = {b"P": 0, b"B": 0}
        self._answered = {b"1": 0, b"2": 0}
        self._dropped: set[tuple[bytes, int]] = set()
        self._has_committed = asyncio.Event()
        self._is_simple = False
        self._silent_ends = 0
        self._hangs_next = False
        self.sleeps = False

    async def run(self) -> None:
        length, code = struct.unpack("!II", await self._sides.near_reader.readexactly(8))
        rest = await self._sides.near_reader.readexactly(length - 8)
        self._sides.ask(struct.pack("!II", length, code) + rest)
        if code == _CANCEL:
            # The server answers a wish to cancel by ending the connection.
            await self._sides.far_reader.read()
            self._sides.cut()
            return
        await self._sides.both(self._upward(), self._downward())

    async def _upward(self) -> None:
        while True:
            head = await self._sides.near_reader.readexactly(5)
            kind, length = head[:1], int.from_bytes(head[1:])
            body = await self._sides.near_reader.readexactly(length - 4)
            if kind == b"Q":
                await self._simple(body[:-1].decode())
                continue
            if label := self._begun(kind, body):
                await self._wire.watch.passes(SQL, label, Moment.BEFORE, self)
            if kind in self._sent:
                self._sent[kind] += 1
            if kind == b"E":
                label, self._label = self._label, ""
                await self._executed(label, head + body)
            else:
                self._sides.ask(head + body)

    async def _simple(self, text: str) -> None:
        """Hand on what came as one text, statement by statement: the client hears of one end alone."""
        statements = list(statements_of(text)) or [text]
        self._is_simple = True
        for number, each in enumerate(statements, 1):
            label = name_of(each)
            await self._wire.watch.passes(SQL, label, Moment.BEFORE, self)
            asked = f"{_SLEEP}; {each}" if self._hangs_next else each
            self._hangs_next = False
            self._silent_ends += number < len(statements)
            await self._executed(label, _message(b"Q", asked.encode() + b"\0"))
        self._is_simple = False

    def _begun(self, kind: bytes, body: bytes) -> str:
        """The label of the statement that this message begins; nothing in the midst of one."""
        if kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            self._names[name] = label = name_of(text.decode())
        elif kind == b"B":
            label = self._names.get(body.split(b"\0", 2)[1], "?")
        else:
            return ""
        if label == self._label:
            return ""
        self._label = label
        return label

    async def _executed(self, label: str, message: bytes) -> None:
        """Hand on what has a statement carried out; a commit may have to be answered before others know."""
        watch = self._wire.watch
        if not label.startswith("COMMIT"):
            self._sides.ask(message)
            return
        if not watch.awaits(SQL, label, Moment.ANSWERED):
            self._sides.ask(message)
            await watch.passes(SQL, label, Moment.ANSWERED, self)
            return
        self._sides.hold()
        self._has_committed.clear()
        self._sides.ask(message if message[:1] == b"Q" else message + _FLUSH)
        await self._has_committed.wait()
        await watch.passes(SQL, label, Moment.ANSWERED, self)

    async def _downward(self) -> None:
        while True:
            head = await self._sides.far_reader.readexactly(5)
            kind = head[:1]
            body = await self._sides.far_reader.readexactly(int.from_bytes(head[1:]) - 4)
            if kind == b"K":
                self._backend_pid = int.from_bytes(body[:4])
            if kind in self._answered:
                self._answered[kind] += 1
                if (kind, self._answered[kind]) in self._dropped:
                    continue
            if kind == b"Z" and self._silent_ends:
                self._silent_ends -= 1
                continue
            self._sides.answer(head + body)
            if kind == b"E" or (kind == b"C" and body == _COMMITTED):
                self._has_committed.set()

    def cut(self) -> None:
        self._sides.cut()

    async def fail(self) -> None:
        """Have the server end the session, as an operator or its own stop would; its last words pass.

        Where an answer is held back nothing of the server's may pass: the connection is lost.
        """
        if self._sides.held:
            self.cut()
            return
        await self._ask_administrator("SELECT pg_terminate_backend(%s, 5000)")
        await asyncio.Event().wait()  # the other direction ends the connection

    async def hang(self, released: asyncio.Event) -> None:
        """Have the statement that is next take for ever, or the answer held back arrive when released."""
        if self._sides.held:
            await released.wait()
            self._sides.release()
            return
        self.sleeps = True
        if self._is_simple:
            self._hangs_next = True
            return
        for kind in self._sent:
            self._sent[kind] += 1
        self._dropped |= {(b"1", self._sent[b"P"]), (b"2", self._sent[b"B"])}
        parse = b"\0" + _SLEEP.encode() + b"\0" + bytes(2)
        # No names, no formats, no parameters, no limit of rows.
        for kind, body in ((b"P", parse), (b"B", bytes(8)), (b"E", bytes(5))):
            self._sides.ask(_message(kind, body))

    async def cancel(self) -> None:
        """End the statement that runs, as the server does when its time is over."""
        await self._ask_administrator("SELECT pg_cancel_backend(%s)")

    async def _ask_administrator(self, question: str) -> None:
        url = self._wire.administrator_url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(question.encode(), [self._backend_pid])


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body
