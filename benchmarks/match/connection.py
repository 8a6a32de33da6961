"""One HTTP/2 connection of the load: calls go out as prepared bytes, answers stay as they came."""

import socket
import struct
from collections import deque
from dataclasses import dataclass

from benchmarks.match.frames import (
    FIRST_WINDOW_BYTES,
    FRAME_LIMIT_BYTES,
    HEAD_BYTES,
    LARGEST_WINDOW_BYTES,
    MAX_STREAM_ID,
    Flag,
    ProtocolError,
    Setting,
    Type,
    frame,
    opening,
    settings_of,
    window_update,
)

RECEIVE_BYTES = 2**18
# Half of the window: the server never comes near its end.
_REPLENISH_BYTES = LARGEST_WINDOW_BYTES // 2
_CONNECT_SECONDS = 5.0
_ID_BYTES = 4
_HEAD = struct.Struct("!HBBBI").unpack_from
# Members of an enum are looked up anew each time, which the loop over frames cannot afford.
_DATA, _HEADERS, _WINDOW_UPDATE = int(Type.DATA), int(Type.HEADERS), int(Type.WINDOW_UPDATE)
_END_HEADERS = int(Flag.END_HEADERS)
_TRAILERS = int(Flag.END_HEADERS | Flag.END_STREAM)


@dataclass(frozen=True, slots=True)
class Headers:
    """The header frames of a connection's first call and of its later ones, each cut at its stream id."""

    first: tuple[bytes, bytes]
    later: tuple[bytes, bytes]

    @classmethod
    def of(cls, first_block: bytes, later_block: bytes) -> "Headers":
        return cls(
            _cut(frame(Type.HEADERS, Flag.END_HEADERS, 0, first_block)),
            _cut(frame(Type.HEADERS, Flag.END_HEADERS, 0, later_block)),
        )


@dataclass(frozen=True, slots=True)
class Request:
    """The data frame of a request, cut at its stream id; `size_bytes` is what flow control counts."""

    before_id: bytes
    after_id: bytes
    size_bytes: int

    @classmethod
    def of(cls, body: bytes) -> "Request":
        message = b"\0" + len(body).to_bytes(4) + body
        if len(message) > FRAME_LIMIT_BYTES:
            raise ValueError(f"a request of {len(body)} bytes does not fit into one frame")
        return cls(*_cut(frame(Type.DATA, Flag.END_STREAM, 0, message)), len(message))


@dataclass(slots=True)
class Answers:
    """What came back, by number of the call; `done_ns` is on the monotonic clock, 0 while nothing came."""

    done_ns: list[int]
    bodies: list[bytes]
    trailers: list[bytes]

    @classmethod
    def of(cls, call_count: int) -> "Answers":
        return cls([0] * call_count, [b""] * call_count, [b""] * call_count)


class Connection:
    """A connection that is written and read without ever waiting; its owner says when."""

    def __init__(
        self,
        address: tuple[str, int],
        headers: Headers,
        answers: Answers,
        last_stream_id: int = MAX_STREAM_ID,
    ) -> None:
        self._socket = socket.create_connection(address, _CONNECT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._headers = headers
        self._block = headers.first
        self._answers = answers
        self._last_stream_id = last_stream_id
        self._next_id = 1
        self._window_bytes = FIRST_WINDOW_BYTES
        self._stream_limit = MAX_STREAM_ID
        self._waiting: deque[tuple[int, Request]] = deque()
        # What is to be sent, or what the system did not take.
        self.out: list[bytes] = [opening()]
        # Bytes of a frame that is not whole yet.
        self._rest = b""
        self._unacknowledged_bytes = 0
        self._calls: dict[int, int] = {}
        self.retired = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self.retired = True
        self._socket.close()

    @property
    def busy(self) -> bool:
        """Whether a call still waits for its answer, or to be sent."""
        return bool(self._calls or self._waiting)

    def give_up(self) -> int:
        """Take no more calls, and expect no answer to those that were sent: so many."""
        lost = len(self._calls)
        self._calls.clear()
        self.out.clear()
        self.retired = True
        return lost

    def unsent(self) -> list[tuple[int, Request]]:
        """The calls that it holds and, retired, will never send: its owner's again."""
        unsent = list(self._waiting)
        self._waiting.clear()
        return unsent

    def call(self, number: int, request: Request) -> None:
        """Send a call, or hold it while the server's limits do not let it through."""
        self._waiting.append((number, request))
        self._release()

    def _release(self) -> None:
        waiting, calls = self._waiting, self._calls
        while waiting and not self.retired:
            number, request = waiting[0]
            if request.size_bytes > self._window_bytes or len(calls) >= self._stream_limit:
                return
            waiting.popleft()
            stream = self._next_id
            self._next_id += 2
            self._window_bytes -= request.size_bytes
            calls[stream] = number
            stream_id = stream.to_bytes(4)
            before, after = self._block
            self.out += (before, stream_id, after, request.before_id, stream_id, request.after_id)
            self._block = self._headers.later
            if self._next_id > self._last_stream_id:
                self.retired = True

    def flush(self) -> None:
        """Give the system what there is to send."""
        if not self.out:
            return
        data = b"".join(self.out)
        self.out.clear()
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.out.append(data[sent:])

    def receive(self, now_ns: int) -> int:
        """Read what has come by `now_ns`; gives the number of calls that are over with it.

        Raises:
            ProtocolError: the server broke the connection off, or sent what this client does not read.
        """
        data = self._rest + self._received() if self._rest else self._received()
        at, size, over = 0, len(data), 0
        calls, answers = self._calls, self._answers
        while at + HEAD_BYTES <= size:
            length, low, kind, flags, stream = _HEAD(data, at)
            begin = at + HEAD_BYTES
            at = begin + (length << 8 | low)
            if at > size:
                at = begin - HEAD_BYTES
                break
            if kind == _DATA and not flags:
                self._unacknowledged_bytes += at - begin
                if stream in calls:
                    number = calls[stream]
                    # Nearly always the whole answer.
                    held = answers.bodies[number]
                    answers.bodies[number] = held + data[begin:at] if held else data[begin:at]
            elif kind == _HEADERS and flags == _END_HEADERS:
                pass  # the headers of an answer say nothing that its trailers do not
            else:
                over += self._frame(kind, flags, stream, data[begin:at], now_ns)
        self._rest = data[at:]
        if self._unacknowledged_bytes > _REPLENISH_BYTES:
            self.out.append(window_update(self._unacknowledged_bytes))
            self._unacknowledged_bytes = 0
        return over

    def _received(self) -> bytes:
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise ProtocolError(str(error)) from error
        if not data:
            raise ProtocolError("the server closed the connection")
        return data

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes, now_ns: int) -> int:
        """Take in one frame that is not the usual data of an answer; 1 when it ends a call."""
        if kind == _HEADERS and flags == _TRAILERS:
            return self._over(stream, payload, now_ns)
        if kind == _WINDOW_UPDATE:
            if stream == 0:
                self._window_bytes += int.from_bytes(payload)
                self._release()
            return 0
        if kind == _HEADERS:
            raise ProtocolError("headers in several frames, or padded")
        if kind == _DATA:
            # An answer without trailers has no status, and counts as none.
            raise ProtocolError("an answer that is padded, or ends without trailers")
        return self._control(kind, flags, stream, payload, now_ns)

    def _over(self, stream: int, trailers: bytes, now_ns: int) -> int:
        number = self._calls.pop(stream, None)
        if number is None:
            return 0
        self._answers.trailers[number] = trailers
        self._answers.done_ns[number] = now_ns
        if self._waiting:
            self._release()
        return 1

    def _control(self, kind: int, flags: int, stream: int, payload: bytes, now_ns: int) -> int:
        if kind == Type.RST_STREAM:
            return self._over(stream, b"", now_ns)
        if kind == Type.PING and not flags & Flag.ACK:
            self.out.append(frame(Type.PING, Flag.ACK, 0, payload))
        elif kind == Type.SETTINGS and not flags & Flag.ACK:
            self._stream_limit = settings_of(payload).get(Setting.MAX_CONCURRENT_STREAMS, self._stream_limit)
            self.out.append(frame(Type.SETTINGS, Flag.ACK, 0, b""))
            self._release()
        elif kind == Type.GOAWAY:
            self.retired = True
        return 0


def _cut(whole: bytes) -> tuple[bytes, bytes]:
    """A frame before and after its stream id."""
    return whole[: HEAD_BYTES - _ID_BYTES], whole[HEAD_BYTES:]
