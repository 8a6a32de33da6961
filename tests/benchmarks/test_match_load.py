"""The open-loop load, against a gRPC server that is slow on purpose."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
import pytest

from benchmarks.match.load import METADATA, NO_ANSWER, PATH, Outcome, Plan, run

REQUESTS = [f"request {number}".encode() for number in range(50)]

Behaviour = Callable[[bytes, Any], Any]


@contextmanager
def answering(behaviour: Behaviour) -> Iterator[int]:
    """A server that answers the method of the load by a coroutine; its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[grpc.aio.Server, int]:
        server = grpc.aio.server()
        _, service, method = PATH.split("/")
        handler: Any = grpc.unary_unary_rpc_method_handler(behaviour)
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, port

    server, port = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(0), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def outcome_of(behaviour: Behaviour, **plan: Any) -> Outcome:
    with answering(behaviour) as port:
        return run(Plan("127.0.0.1", port, **{"rate": 400.0, "seconds": 0.5, **plan}), REQUESTS)


async def echo(request: bytes, _: Any) -> bytes:
    return b"answer to " + request


def test_every_call_is_answered_with_its_own_answer() -> None:
    """Answers come back beside the request that they are of, around the end of the requests."""
    found = outcome_of(echo, first=7)
    assert found.ok.all()
    assert len(found.bodies) == 200
    assert found.bodies[0] == b"answer to request 7"
    assert found.bodies[99] == f"answer to request {found.query_of(99, 50)}".encode()


@pytest.mark.proof
def test_a_stall_is_in_the_latency_of_all_calls_due_meanwhile() -> None:
    """Each call that was due while the server stood still is at least as late as what was left of it."""
    asked = 0
    stalls: list[tuple[int, int]] = []

    async def stalling(request: bytes, context: Any) -> bytes:
        nonlocal asked
        asked += 1
        if asked == 400:
            start = time.monotonic_ns()
            time.sleep(0.2)  # noqa: ASYNC251 -- the whole server is to stand still
            stalls.append((start, time.monotonic_ns()))
        return await echo(request, context)

    found = outcome_of(stalling, seconds=2.5)
    [(start, end)] = stalls
    meanwhile = (found.due_ns > start) & (found.due_ns < end)
    assert meanwhile.sum() > 400 * 0.2 / 2
    assert (found.latency_ns[meanwhile] >= end - found.due_ns[meanwhile]).all()
    before = found.latency_ns[found.due_ns < start - 50_000_000]
    assert np.median(before) < 200_000_000 / 2


def test_the_due_times_do_not_wait_for_answers() -> None:
    """A server that takes 300 ms for each call is asked as often as one that takes none."""
    arrivals: list[int] = []

    async def slow(request: bytes, context: Any) -> bytes:
        arrivals.append(time.monotonic_ns())
        await asyncio.sleep(0.3)
        return await echo(request, context)

    found = outcome_of(slow)
    assert found.ok.all()
    assert found.latency_ms(0) >= 300
    assert np.median(np.array(arrivals) - found.due_ns) < 60_000_000


def test_a_refused_call_counts_as_infinitely_late() -> None:
    """The status is read from the trailers, and no percentile hides a refusal."""

    async def refusing(request: bytes, context: Any) -> bytes:
        if request.endswith(b"0"):
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much at a time")
        return await echo(request, context)

    found = outcome_of(refusing)
    assert (found.status == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]).sum() == 20
    assert found.share_within(10) == pytest.approx(0.9)
    assert found.latency_ms(95) == float("inf")
    assert found.latency_ms(50) < 1000


@pytest.mark.proof
def test_a_call_past_its_deadline_is_no_good_answer() -> None:
    """The server ends it with a status of its own."""

    async def silent(request: bytes, context: Any) -> bytes:
        if request == REQUESTS[3]:
            await asyncio.sleep(60)
        return await echo(request, context)

    found = outcome_of(silent, rate=50.0, seconds=0.2)
    assert found.status[3] == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert found.ok.sum() == 9


@pytest.mark.proof
def test_a_call_without_an_answer_is_told() -> None:
    """A server that takes connections and says nothing is given up after the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        found = run(Plan("127.0.0.1", mute.getsockname()[1], rate=50.0, seconds=0.1), REQUESTS)
    assert found.status.tolist() == [NO_ANSWER] * 5
    assert found.latency_ns.tolist() == [-1] * 5
    assert found.share_within(60) == 0


def test_connections_are_replaced_before_their_stream_ids_end() -> None:
    """With five calls a connection, 200 calls are answered all the same."""
    found = outcome_of(echo, connections=2, last_stream_id=9)
    assert found.ok.all()


def test_the_metadata_reaches_the_server_on_every_call() -> None:
    """The headers are sent whole once a connection, and read whole on each call."""
    seen: set[tuple[str, str]] = set()

    async def looking(request: bytes, context: Any) -> bytes:
        seen.add(next(pair for pair in context.invocation_metadata() if pair[0] == METADATA[0][0]))
        seen.add(("left", str(4 < context.time_remaining() <= 5)))
        return await echo(request, context)

    found = outcome_of(looking, connections=3)
    assert found.ok.all()
    assert seen == {METADATA[0], ("left", "True")}


def test_large_answers_come_whole() -> None:
    """An answer of several frames and reads is put together in order."""

    async def large(request: bytes, context: Any) -> bytes:
        return (await echo(request, context)) * 40_000

    found = outcome_of(large, rate=20.0)
    assert found.ok.all()
    assert found.bodies[4] == b"answer to request 4" * 40_000
