"""The little of HTTP/2 that a client of one gRPC method needs: frames, and header blocks made in advance.

RFC 9113 for the frames, RFC 7541 for the headers. The table of the server's headers is switched off
(SETTINGS_HEADER_TABLE_SIZE 0), so that each of its blocks can be read by itself, after the run.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum, IntFlag

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES = 9
# Before each message: whether it is compressed, and its length.
GRPC_HEAD_BYTES = 5
MAX_STREAM_ID = 2**31 - 1
LARGEST_WINDOW_BYTES = 2**31 - 1
FIRST_WINDOW_BYTES = 65_535
# What a server takes in one frame unless it says more.
FRAME_LIMIT_BYTES = 16_384
_LARGEST_FRAME_BYTES = 2**24 - 1

_POST, _HTTP = b"\x83", b"\x86"
_FIRST_DYNAMIC_INDEX = 62
_GRPC_STATUS = b"grpc-status"


class Type(IntEnum):
    """Frames that a client receives."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8


class Flag(IntFlag):
    """Flags of frames; ACK and END_STREAM are the same bit, of different frames."""

    END_STREAM = 0x1
    ACK = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8


class Setting(IntEnum):
    """Settings that either side tells."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5


class ProtocolError(Exception):
    """The server sent what this client does not read, or refused the connection."""


def frame(kind: Type, flags: int, stream_id: int, payload: bytes) -> bytes:
    """One frame, whole."""
    return struct.pack("!BHBBI", *divmod(len(payload), 2**16), kind, flags, stream_id) + payload


def opening() -> bytes:
    """What a client says first: windows so wide that no answer ever waits for it."""
    told = {
        Setting.HEADER_TABLE_SIZE: 0,
        Setting.ENABLE_PUSH: 0,
        Setting.INITIAL_WINDOW_SIZE: LARGEST_WINDOW_BYTES,
        Setting.MAX_FRAME_SIZE: _LARGEST_FRAME_BYTES,
    }
    settings = b"".join(struct.pack("!HI", name, value) for name, value in told.items())
    return PREFACE + frame(Type.SETTINGS, 0, 0, settings) + window_update(LARGEST_WINDOW_BYTES - 65_535)


def window_update(byte_count: int) -> bytes:
    """Lets the server send so much more on the connection."""
    return frame(Type.WINDOW_UPDATE, 0, 0, byte_count.to_bytes(4))


def settings_of(payload: bytes) -> dict[int, int]:
    """The settings of a frame."""
    return dict(struct.iter_unpack("!HI", payload))


def request_headers(path: str, authority: str, metadata: Sequence[tuple[str, str]]) -> tuple[bytes, bytes]:
    """The header block of a connection's first call, and that of all others, which only points at it."""
    fields = [
        (":path", path),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *metadata,
    ]
    first = b"".join(b"\x40" + _text(name) + _text(value) for name, value in fields)
    # The newest entry of the table comes first.
    pointers = bytes(0x80 | (_FIRST_DYNAMIC_INDEX + place) for place in reversed(range(len(fields))))
    return _POST + _HTTP + first, _POST + _HTTP + pointers


def grpc_status(block: bytes) -> int:
    """The grpc-status of a block of trailers; -1 when it has none."""
    at = 0
    while at < len(block):
        first = block[at]
        if first & 0x80:
            _, at = _integer(block, at, 7)
            continue
        if first & 0xE0 == 0x20:
            _, at = _integer(block, at, 5)
            continue
        index, at = _integer(block, at, 6 if first & 0x40 else 4)
        name = b""
        if index == 0:
            name, at = _string(block, at)
        value, at = _string(block, at)
        if name == _GRPC_STATUS:
            return int(value)
    return -1


def _text(text: str) -> bytes:
    raw = text.encode("ascii")
    if len(raw) < 0x7F:
        return bytes([len(raw)]) + raw
    rest, tail = len(raw) - 0x7F, b""
    while rest >= 0x80:
        tail += bytes([0x80 | rest & 0x7F])
        rest >>= 7
    return b"\x7f" + tail + bytes([rest]) + raw


def _integer(block: bytes, at: int, prefix_bits: int) -> tuple[int, int]:
    """An integer of RFC 7541 section 5.1, and the place after it."""
    mask = (1 << prefix_bits) - 1
    value = block[at] & mask
    at += 1
    if value < mask:
        return value, at
    shift = 0
    while True:
        value += (block[at] & 0x7F) << shift
        shift += 7
        at += 1
        if block[at - 1] < 0x80:
            return value, at


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """A string, or nothing for one in Huffman code, in which no name or status of gRPC is written."""
    coded = block[at] & 0x80
    length, at = _integer(block, at, 7)
    return (b"" if coded else block[at : at + length]), at + length
