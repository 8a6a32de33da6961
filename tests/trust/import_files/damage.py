"""Files that were good once: CSV and Parquet with something done to their bytes."""

import gzip
import io
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

_COLUMNS = ("Id", "First Name", "Last Name", "Email", "Phone", "City", "Account Name")
_MOST_ROWS = 40
_CELL = 1_200_000


def csv_text(random: Random) -> str:
    """A good file, of some ways to write one."""
    mark, end = random.choice((",", ";", "\t")), random.choice(("\n", "\r\n"))
    rows = [mark.join(_COLUMNS)]
    for at in range(random.randrange(1, _MOST_ROWS)):
        cells = [f"C-{at}", "Zoë", '"O""Neil, jr"', f"z{at}@example.com", "+44 20 7946 0958", "Köln", "Acme"]
        rows.append(mark.join(cells))
    return end.join(rows) + end


def csv_bytes(random: Random) -> bytes:
    """The same in some encoding, with something done to it."""
    text = csv_text(random)
    data = text.encode(random.choice(("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")))
    return random.choice(_CSV_DAMAGE)(random, data)


def parquet_bytes(random: Random) -> bytes:
    """A Parquet file with something done to it."""
    rows = random.randrange(1, _MOST_ROWS)
    columns = {name: pa.array([f"{name} {at}" for at in range(rows)]) for name in _COLUMNS}
    if random.randrange(4) == 0:
        said = pa.array([0] * 3_000, pa.int32())
        columns = {
            "Id": pa.array([str(at) for at in range(3_000)]),
            "Email": pa.DictionaryArray.from_arrays(said, pa.array(["a" * random.choice((90_000, _CELL))])),
        }
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression=random.choice(("none", "snappy", "zstd")))
    return random.choice(_DAMAGE)(random, buffer.getvalue())


def _as_it_is(_: Random, data: bytes) -> bytes:
    return data


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _flipped(random: Random, data: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(random.randrange(1, 9)):
        spoilt[random.randrange(len(spoilt))] = random.randrange(256)
    return bytes(spoilt)


def _mixed(random: Random, data: bytes) -> bytes:
    at, other = random.randrange(len(data)), random.randrange(len(data))
    return data[:at] + data[other:] + data[:other]


def _with(piece: bytes) -> Callable[[Random, bytes], bytes]:
    def put(random: Random, data: bytes) -> bytes:
        at = random.randrange(len(data))
        return data[:at] + piece + data[at:]

    return put


def _wide(random: Random, _: bytes) -> bytes:
    count = random.choice((1_000, 20_000))
    header = ",".join(["Id", "Email", *(f"c{at}" for at in range(count))])
    return f"{header}\n{'x,' * (count + 1)}x\n".encode()


def _zipped(_: Random, data: bytes) -> bytes:
    return gzip.compress(data + bytes(10_000_000))


def _nothing(_: Random, __: bytes) -> bytes:
    return b""


_DAMAGE = (_as_it_is, _cut, _flipped, _mixed, _with(b"\0" * 8))
_CSV_DAMAGE = (
    *_DAMAGE,
    *map(_with, (b"\0", b'"', b"\xff", b"\xef\xbb\xbf", b"\r", b"\x1a", b"a" * _CELL, b'"' * 999, b"=1+1,")),
    _wide,
    _zipped,
    _nothing,
)
