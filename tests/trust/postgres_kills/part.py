"""PostgreSQL killed under load a hundred times, and its disk full."""

import asyncio
from random import Random

from tests.trust.failpoints.stand import running_servers
from tests.trust.postgres_kills.cycles import running_cycles
from tests.trust.postgres_kills.full_disk import MountRefused, log_elsewhere, served_on, small_disk
from tests.trust.report import Line, Plan

_CYCLES = 100
# How often everything is checked, and not only what the cycle wrote.
_DEEP_EVERY = 20
_FULL_DISKS = 5
_MOST_DETAILS = 20


def run(plan: Plan) -> list[Line]:
    """Kill PostgreSQL in as many cycles as the plan says, and fill its disk."""
    return [asyncio.run(killed(plan)), asyncio.run(disk_full(plan))]


async def killed(plan: Plan) -> Line:
    """PostgreSQL killed under load."""
    wrong: list[str] = []
    home = plan.directory / "killed"
    home.mkdir()
    plan.directory.chmod(0o711)
    async with running_servers(home) as servers:
        async with running_cycles(servers, Random(plan.seed)) as cycles:
            for number in range(1, plan.count(_CYCLES) + 1):
                await cycles.run(number)
                if number % _DEEP_EVERY == 0:
                    await cycles.callers.rest()
                    wrong += [f"cycle {number}: {each}" for each in await cycles.deep()]
                    cycles.callers.resume()
            await cycles.callers.rest()
            wrong += [f"at the end: {each}" for each in await cycles.deep()]
        seen, counts = cycles.callers.seen, cycles.counts
        wrong += [*counts.wrong, *seen.wrong, *servers.nursery.incidents()]
    figures = {
        "cycles": counts.cycles,
        "postmasters killed": counts.postmasters_killed,
        "immediate stops": counts.stopped_at_once,
        "sessions killed": counts.sessions_killed,
        "writes answered": seen.answered_count,
        "calls unanswered and sent again": seen.unanswered_count,
        "answered writes sent again": counts.sent_again,
        "longest until answers came again, seconds": round(counts.longest_back_seconds, 1),
    }
    return Line(
        "PostgreSQL killed under load and started again; the service stays",
        ("A-2", "A-3", "B-2", "C-4", "D-6", "E-1", "E-3"),
        figures,
        f"{len(wrong)} things did not hold" if wrong else "",
        tuple(wrong[:_MOST_DETAILS]),
    )


async def disk_full(plan: Plan) -> Line:
    """The disk of PostgreSQL full, and with room again."""
    what, invariants = "The disk of PostgreSQL full, then with room again; the service stays", ("A-4", "A-3")
    try:
        with small_disk() as disk:
            async with running_servers(disk) as servers:
                log_elsewhere(servers, disk.with_name("write-ahead-log"))
                async with served_on(servers, disk / "filler") as full:
                    for number in range(1, plan.count(_FULL_DISKS) + 1):
                        await full.cycle(number)
                wrong = [*full.wrong, *servers.nursery.incidents()]
    except MountRefused as refused:
        return Line(what, invariants, {"cycles": 0}, f"no small disk can be mounted here: {refused}")
    figures = {
        "cycles": plan.count(_FULL_DISKS),
        "writes taken": full.write_count,
        "writes refused": full.refused_count,
        "reads meanwhile": full.read_count,
    }
    short = f"{len(wrong)} things did not hold" if wrong else ""
    return Line(what, invariants, figures, short, tuple(wrong[:_MOST_DETAILS]))
