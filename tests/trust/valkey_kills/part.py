"""Valkey loses its content in every way under writes; Match is whole or says that it is not."""

import asyncio
from collections import Counter
from itertools import chain, islice, repeat
from random import Random

from tests.trust.failpoints.calls import calling, within
from tests.trust.failpoints.stand import running_servers
from tests.trust.invariants import broken_invariants
from tests.trust.report import Line, Plan
from tests.trust.valkey_kills.census import Census
from tests.trust.valkey_kills.losses import IndexServers

_CYCLES = 30
_TAKERS = 3
_CALL_SECONDS = 10.0
_LOAD_SECONDS = (0.1, 0.4)
_MEND_SECONDS = 20.0
_MOST_DETAILS = 20


def run(plan: Plan) -> list[Line]:
    """Lose the index in as many cycles as the plan says."""
    return [asyncio.run(_run(plan))]


async def _run(plan: Plan) -> Line:
    random = Random(plan.seed)
    wrong: list[str] = []
    ways: Counter[str] = Counter()
    longest_seconds = 0.0
    loop = asyncio.get_running_loop()
    async with running_servers(plan.directory) as servers:
        index = IndexServers(servers.sockets)
        await asyncio.to_thread(index.start)
        child = await servers.nursery.serve(servers.postgres.url, index.service_url)
        try:
            async with calling(child.address, _CALL_SECONDS) as caller:
                census = Census(caller, _TAKERS, random)
                census.start()
                drawn = chain.from_iterable(index.losses(random) for _ in repeat(None))
                for number, way in enumerate(islice(drawn, plan.count(_CYCLES)), 1):
                    await asyncio.sleep(random.uniform(*_LOAD_SECONDS))
                    ways[way] += 1
                    begin = loop.time()
                    await asyncio.to_thread(index.lose, way)
                    await asyncio.sleep(random.uniform(*_LOAD_SECONDS))
                    await census.rest()
                    if not await within(census.all_whole, _MEND_SECONDS):
                        wrong.append(f"cycle {number}, {way}: D-4 the index is not mended")
                    longest_seconds = max(longest_seconds, loop.time() - begin)
                    found = await broken_invariants(servers.postgres.url, index.url)
                    wrong += [f"cycle {number}, {way}: {each}" for each in found]
                    census.resume()
                await census.stop()
        finally:
            await child.kill()
            index.stop()
        answers = census.answers
        wrong += [*answers.wrong, *servers.nursery.incidents()]
    figures = {
        "cycles": ways.total(),
        **{f"{way.replace('_', ' ')}": count for way, count in sorted(ways.items())},
        "records written": answers.written,
        "records deleted": answers.deleted,
        "answers whole": answers.whole,
        "answers that say they may be short": answers.said_short,
        "answers refused, the index being away": answers.unavailable,
        "longest until everybody was found again, seconds": round(longest_seconds, 1),
    }
    return Line(
        "The index server killed, emptied, evicting and replaced under writes",
        ("D-1", "D-2", "D-3", "D-4", "D-6"),
        figures,
        f"{len(wrong)} things did not hold" if wrong else "",
        tuple(wrong[:_MOST_DETAILS]),
    )
