"""Calls every method with requests of all sorts, and says whether the service stood it (F-1, F-2).

The service is the real one, in a process of its own, on a sample CRM with open proposals.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import grpc
import psutil
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from dedup_service.cli.sample_crm import fill_with_sample
from dedup_service.composition import Servers, running_desk
from dedup_service.embedded import discard_data, start_postgres, start_valkey
from dedup_service.settings import Settings
from tests.trust.fuzz.calling import all_methods, call, exchange, read_answer
from tests.trust.fuzz.requests import Requests
from tests.trust.fuzz.seen import Seen
from tests.trust.fuzz.tally import Tally
from tests.trust.invariants import broken_invariants
from tests.trust.nursery import Child, Nursery
from tests.trust.report import Line, Plan

CALLS = 50_000
AT_ONCE = 12
# Of the service's memory, from the first tenth of the calls to its greatest: the rest is what the store's own
# growth costs, of which the names that are in use are kept in memory.
MOST_GROWTH_MIB = 200
_PEOPLE, _COMPANIES = 150, 40
_PRINCIPALS = (
    *("users/ann", "users/carla", "users/fiona", "users/mia", "users/omar", "users/paula") * 3,
    *("services/importer",) * 8,
    *("services/matcher",) * 4,
    "services/follower",
)
# More of them from one address, and the service listens to nobody there for a while.
_STRANGERS_OF_1000 = 8
_STRANGERS = ("users/nobody", "", "users/", "x" * 3000, "services/importer,users/ann")
_MAKERS = ("Create", "Approve", "Execute", "Update", "Route", "Ingest")
# It refuses every operation that there is: each is kept, because it says what was done.
_NEVER_OK = ("Operations.DeleteOperation",)
_DETAILS = 40
_FAULT = re.compile(r'" ?ERROR ?"| ERROR |^Traceback')


def run(plan: Plan) -> list[Line]:
    """Fuzz the service with the plan's share of the calls."""
    return asyncio.run(_fuzz(plan))


async def _fuzz(plan: Plan) -> list[Line]:
    async with _served(plan.directory) as (child, where):
        tally, began = Tally(), monotonic()
        await _call_all(plan, child, tally)
        seconds = monotonic() - began
        alive = child.running() and await _serving(child.address)
        log = (plan.directory / "service.log").read_text(errors="replace")
        await child.kill()
        broken = await broken_invariants(where.database_url, where.redis_url)
    tally.write(plan.directory / "codes.json")
    return [_line_of_codes(plan, tally, seconds), _line_of_service(tally, log, broken, alive=alive)]


@asynccontextmanager
async def _served(directory: Path) -> AsyncIterator[tuple[Child, Servers]]:
    """A service on servers of its own, with a sample CRM that has been swept for duplicates."""
    # PostgreSQL has an account of its own.
    await asyncio.to_thread(directory.chmod, 0o711)
    postgres, valkey = start_postgres(directory), start_valkey(directory)
    nursery = Nursery(directory / "service.log")
    where = Servers(postgres.url, valkey.url)
    try:
        settings = replace(
            Settings.from_environment({}), database_url=where.database_url, redis_url=where.redis_url
        )
        async with running_desk(settings, where) as running:
            await fill_with_sample(running.desk, None, _PEOPLE, _COMPANIES)
        await nursery.open()
        yield (
            await nursery.serve(
                where.database_url,
                where.redis_url,
                DEDUP_RATE_LIMIT="100000",
                DEDUP_ITEM_RATE_LIMIT="1000000",
            ),
            where,
        )
    finally:
        await nursery.close()
        valkey.stop()
        postgres.stop()
        discard_data(directory)


async def _call_all(plan: Plan, child: Child, tally: Tally) -> None:
    """Call, some at a time, in turn each method; those that make what others need more often."""
    methods = [each for each in all_methods() for _ in range(3 if each.name.startswith(_MAKERS) else 1)]
    random, seen = Random(plan.seed), Seen()
    requests, turns = Requests(random, seen), iter(range(plan.count(CALLS)))
    service = psutil.Process(child.pid)
    with grpc.insecure_channel(child.address) as threads:
        async with grpc.aio.insecure_channel(child.address) as channel:

            async def calls() -> None:
                for turn in turns:
                    method, caller = methods[turn % len(methods)], _metadata(random)
                    sent = [requests.draw(method) for _ in range(random.randrange(1, 5))]
                    began = monotonic()
                    if method.client_streaming:
                        outcome = await asyncio.to_thread(exchange, threads, method, sent, caller)
                    else:
                        outcome = await call(channel, method, sent[0], caller)
                    tally.count(method, outcome, b"".join(sent), monotonic() - began)
                    for answer in outcome.answers[:5]:
                        seen.learn(read_answer(method, answer))
                    if turn % 200 == 0:
                        tally.memory_mib.append(service.memory_info().rss / 2**20)

            await asyncio.gather(*(calls() for _ in range(AT_ONCE)))


def _metadata(random: Random) -> tuple[tuple[str, str], ...]:
    if random.randrange(1000) < _STRANGERS_OF_1000:
        stranger = random.choice(_STRANGERS)
        return (("dedup-principal", stranger),) if stranger else ()
    return (("dedup-principal", random.choice(_PRINCIPALS)),)


async def _serving(address: str) -> bool:
    """Whether the health service says that it serves."""
    async with grpc.aio.insecure_channel(address) as channel:
        health: Any = HealthStub(channel)
        answer = await health.Check(HealthCheckRequest(), timeout=10)
    return bool(answer.status == HealthCheckResponse.SERVING)


def _line_of_codes(plan: Plan, tally: Tally, seconds: float) -> Line:
    by_code = tally.by_code
    figures = {
        "calls": by_code.total(),
        "calls a second": round(by_code.total() / seconds, 1),
        "methods": len(tally.codes),
        "methods that answered OK": len(tally.answered),
        "slowest, seconds": round(tally.slowest_seconds, 3),
        **dict(sorted(by_code.items())),
    }
    short = []
    if tally.wrong:
        short.append(f"{len(tally.wrong)} calls ended in no documented way")
    if by_code.total() != plan.count(CALLS):
        short.append("not all calls were made")
    # A share of the calls is too few to be sure to come through to the work of every method.
    never = [name for name in tally.never_answered if name not in _NEVER_OK]
    if never and plan.count(CALLS) >= CALLS:
        short.append(f"never answered OK: {', '.join(never)}")
    what = "any bytes at every method: OK or a documented code, in time"
    return Line(what, ("F-1",), figures, "; ".join(short), tuple(tally.wrong[:_DETAILS]))


def _line_of_service(tally: Tally, log: str, broken: list[str], *, alive: bool) -> Line:
    warm = tally.memory_mib[: max(1, len(tally.memory_mib) // 10)]
    growth = max(tally.memory_mib) - max(warm)
    faults = [line for line in log.splitlines() if _FAULT.search(line)]
    short = [
        *([] if alive else ["the service is gone, or does not serve"]),
        *([f"its memory grew by {growth:.0f} MiB"] if growth > MOST_GROWTH_MIB else []),
        *([f"{len(faults)} faults in its log"] if faults else []),
        *([f"{len(broken)} invariants are broken"] if broken else []),
    ]
    figures = {
        "memory at most, MiB": round(max(tally.memory_mib)),
        "grown, MiB": round(growth),
        "faults in the log": len(faults),
    }
    what = "after them the service serves, its memory is bounded, and what it stored is whole"
    details = (*broken[:_DETAILS], *faults[:_DETAILS])
    return Line(what, ("F-1", "F-2", "B-1", "B-2", "D-6", "E-3"), figures, "; ".join(short), details)
