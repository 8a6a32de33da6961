"""What the service takes of one call and one caller, beside what each request says of its own fields.

`limit_table` prints all limits for docs/operating.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dedup_service.rpc.access import CallClass

MAX_MESSAGE_BYTES = 1024 * 1024
# The gate refuses what is over 1 MB with a reason; what is far over is not even received.
MAX_RECEIVED_BYTES = 4 * 1024 * 1024
# A token of an identity provider that lists many groups takes some kilobytes.
MAX_METADATA_BYTES = 16 * 1024
# How connections are kept, by gRPC's names, in seconds.
CONNECTION_SECONDS: Mapping[str, int] = {
    # Who is silent for so long is asked for a sign of life, and given up without one.
    "keepalive_time": 30,
    "keepalive_timeout": 10,
    # For the answer to a ping of gRPC's own, during which it asks for no other sign of life.
    "http2.ping_timeout": 10,
    # A client that asks us more often than that is sent away.
    "http2.min_ping_interval_without_data": 5,
    # A connection without calls ends, and an old one too, so that new processes and addresses get their part.
    "max_connection_idle": 15 * 60,
    "max_connection_age": 60 * 60,
    "max_connection_age_grace": 10 * 60,
}
# Calls on one connection at a time; a client keeps those beyond until one of them ends.
MAX_CALLS_A_CONNECTION = 1000

# Calls that gRPC keeps until they are heard; of more it drops some with CANCELLED, of twice as many all.
# At its own thousand that begins where a process that is busy refuses within a second.
MAX_CALLS_AT_THE_DOOR = 3000

# What a call without a deadline gets, and one with a longer one is cut to.
LONGEST_SECONDS: Mapping[CallClass, float] = {
    CallClass.MATCH: 30.0,
    CallClass.READ: 300.0,
    CallClass.WRITE: 60.0,
    CallClass.DECIDE: 120.0,
    CallClass.MANAGE: 300.0,
    # An operation is waited for by a single answer; streams have no such limit.
    CallClass.WATCH: 330.0,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one principal may do, and for how long a stream may stand still."""

    calls_a_second: int = 1_000
    items_a_second: int = 20_000
    streams_each: int = 32
    idle_seconds: float = 300.0
    # A unary call without one is refused, instead of getting the longest of its class.
    deadlines_required: bool = False
