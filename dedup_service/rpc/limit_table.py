"""All limits on what callers may ask for, in one table: `python -m dedup_service.rpc.limit_table`.

docs/operating.md shows it; each figure is read from where it is kept to.
"""

import sys
from collections.abc import Iterator

from dedup_service.domain.cleanup.jobs import MAX_JOBS
from dedup_service.domain.fields import MAX_FIELDS, MAX_NAME_CODE_POINTS, MAX_VALUE_CODE_POINTS
from dedup_service.domain.plan import MAX_MEMBERS
from dedup_service.domain.validation import MAX_CHILDREN, MAX_FACTS, MAX_ID_CODE_POINTS
from dedup_service.rpc import limits, rates
from dedup_service.rpc.admission import BULK, LONGEST_WAIT_SECONDS, places
from dedup_service.rpc.field_checks import MAX_POLICY_BYTES, MAX_TEXT_CODE_POINTS
from dedup_service.rpc.page_tokens import MAX_PAGE_SIZE
from dedup_service.workflows.filters import MAX_FILTER_CODE_POINTS
from dedup_service.workflows.pages import PAGE_BYTES
from dedup_service.workflows.records import MAX_BATCH

_KIB = 1024
_INVALID = "`INVALID_FIELD`"
_TOO_LARGE = "`LIMIT_EXCEEDED`"
_BUSY = "`OVERLOADED`, with the time to wait"
_LATE = "`DEADLINE_PASSED`"
_SHIPPED_PLACES = 64


def markdown_table() -> str:
    """The table of limits for the operator's manual."""
    rows = [f"| {what} | {value} | {beyond} |" for what, value, beyond in _rows()]
    return "\n".join(["| limit | value | beyond it |", "|---|---|---|", *rows])


def _rows() -> Iterator[tuple[str, str, str]]:
    yield "a message", f"{limits.MAX_MESSAGE_BYTES // _KIB:,} KiB", _TOO_LARGE
    received = f"{limits.MAX_RECEIVED_BYTES // _KIB:,} KiB"
    yield "a message that is read at all", received, "`RESOURCE_EXHAUSTED` by gRPC"
    yield "metadata of a call", f"{limits.MAX_METADATA_BYTES // _KIB} KiB", "`RESOURCE_EXHAUSTED` by gRPC"
    yield "fields of a record", str(MAX_FIELDS), _INVALID
    yield "a name", f"{MAX_NAME_CODE_POINTS} code points", _INVALID
    yield "another value", f"{MAX_VALUE_CODE_POINTS:,} code points", _INVALID
    yield "an id", f"{MAX_ID_CODE_POINTS} code points", _INVALID
    yield "facts, and children, of a record", f"{MAX_FACTS}, {MAX_CHILDREN:,}", _INVALID
    yield "members of a proposal", str(MAX_MEMBERS), _INVALID
    yield "records of a batch", str(MAX_BATCH), _INVALID
    yield "a comment or reason", f"{MAX_TEXT_CODE_POINTS:,} code points", _INVALID
    yield "a filter", f"{MAX_FILTER_CODE_POINTS:,} code points", _INVALID
    yield "a policy", f"{MAX_POLICY_BYTES // _KIB} KiB", _INVALID
    yield "items of a page", f"{MAX_PAGE_SIZE:,}", "the page ends"
    yield "content of a page", f"{PAGE_BYTES // _KIB:,} KiB as stored", "the page ends"
    yield "cleanup jobs", f"{MAX_JOBS:,}", _TOO_LARGE
    yield from _times()


def _times() -> Iterator[tuple[str, str, str]]:
    shipped = limits.Limits()
    for room, count in places(_SHIPPED_PLACES).items():
        name = "streams of requests" if room == BULK else f"calls of class {room}"
        yield f"{name} at a time, of {_SHIPPED_PLACES}", str(count), _BUSY
    yield "wait for a place", f"{LONGEST_WAIT_SECONDS:g} s, for calls that have twice as much", _BUSY
    yield "calls of a principal", f"{shipped.calls_a_second:,} a second", _BUSY
    yield "items of a principal", f"{shipped.items_a_second:,} a second", f"{_BUSY}; streams wait"
    yield "streams of a principal", str(shipped.streams_each), _BUSY
    attempts = f"{rates.FAILED_ATTEMPTS} in {rates.FAILED_ATTEMPTS_SECONDS:g} s"
    yield "failed attempts from one address", attempts, f"{_BUSY}; not for known proof"
    attempts = f"{rates.FAILED_ON_CONNECTION} in {rates.FAILED_ON_CONNECTION_SECONDS:g} s"
    yield "failed attempts on a connection of such an address", attempts, f"{_BUSY}; not for known proof"
    for call_class, seconds in limits.LONGEST_SECONDS.items():
        yield f"time of one answer, class {call_class}", f"{seconds:g} s", _LATE
    yield "a stream that stands still", f"{shipped.idle_seconds:g} s", _LATE
    yield "calls on one connection at a time", f"{limits.MAX_CALLS_A_CONNECTION:,}", "the client waits"
    waiting = f"{limits.MAX_CALLS_AT_THE_DOOR:,}"
    yield (
        "calls that come faster than they are refused",
        waiting,
        "`CANCELLED` by gRPC, more of them the more there are",
    )
    for name, seconds in limits.CONNECTION_SECONDS.items():
        yield f"gRPC's `{name}`", f"{seconds:,} s", ""


if __name__ == "__main__":
    sys.stdout.write(f"{markdown_table()}\n")
