"""Failpoints at every seam of merge, undo, vote, ingest, cleanup job and migration."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

from dedup_service.store.migrate import migrations
from tests.conftest import TEMPLATE
from tests.trust.failpoints.calls import WRITES
from tests.trust.failpoints.cases import Case, Cases, Found, Way
from tests.trust.failpoints.jobs import JobCases
from tests.trust.failpoints.migrations import MigrationCases
from tests.trust.failpoints.stand import Servers, Stand, running_servers
from tests.trust.report import Line, Plan

T = TypeVar("T")

# Drawn of all, where there is no time for all: points of writes, each taken in every way, and cases.
_HURRIED_POINTS = 150
_HURRIED_JOB_CASES = 60
_HURRIED_MIGRATION_CASES = 60
_LEAST_POINTS = 120
_MOST_DETAILS = 20
# On a machine that does much else a write may take another way, such as a connection more.
_MOST_UNREACHED = 0.02


def run(plan: Plan) -> list[Line]:
    """Interrupt writes, runs of a cleanup job and migrations, drawn by the plan."""
    return asyncio.run(_run(plan))


async def _run(plan: Plan) -> list[Line]:
    async with running_servers(plan.directory) as servers:
        random = Random(plan.seed)
        lines = [await _writes(plan, servers, random)]
        lines.append(await _jobs(plan, servers, random))
        lines.append(await _migrations(plan, servers, random))
        incidents = servers.nursery.incidents()
    if incidents:
        lines.append(
            Line(
                "The log of the services that were interrupted",
                ("F-1",),
                {"incidents": len(incidents)},
                f"{len(incidents)} faults of the service's own were logged",
                tuple(incidents[:_MOST_DETAILS]),
            )
        )
    return lines


async def _writes(plan: Plan, servers: Servers, random: Random) -> Line:
    stand = Stand(servers)
    await stand.open()
    cases = Cases(stand)
    try:
        points = [(write, point) for write in WRITES for point in await cases.points(write)]
        taken = _drawn(points, len(points) if plan.unhurried else _HURRIED_POINTS, random)
        every = [Case(write, point, way) for write, point in taken for way in Way]
        for case in _drawn(every, plan.count(len(every), len(WRITES)), random):
            await cases.run(case)
    finally:
        await stand.close()
    figures = {"points": len(points), "taken in every way": len(taken)}
    return _line(
        "Writes over gRPC interrupted at each statement, commit, index command and frame of the answer",
        ("A-1", "A-2", "A-3", "D-6"),
        cases.found,
        figures | {"kept": cases.found.kept_count, "answered": cases.found.answered_count},
        "" if len(points) >= _LEAST_POINTS else f"only {len(points)} points were found",
    )


async def _jobs(plan: Plan, servers: Servers, random: Random) -> Line:
    jobs = JobCases(servers)
    await jobs.open(TEMPLATE)
    try:
        points = await jobs.points()
        every = [(point, way) for point in points for way in Way]
        for point, way in _drawn(every, plan.some(len(every), _HURRIED_JOB_CASES, 3), random):
            await jobs.run(point, way)
    finally:
        await jobs.close()
    return _line(
        "Workers of a cleanup job interrupted at a statement; the run ends as one that never was",
        ("A-1", "A-3"),
        jobs.found,
        {"points": len(points)},
    )


async def _migrations(plan: Plan, servers: Servers, random: Random) -> Line:
    migrating = MigrationCases(servers)
    try:
        await migrating.open()
        known = [each.version for each in migrations()]
        versions = _drawn(known, plan.count(len(known)), random)
        every = await migrating.cases(versions)
        for case in _drawn(every, plan.some(len(every), _HURRIED_MIGRATION_CASES, 3), random):
            await migrating.run(case)
    finally:
        await migrating.close()
    return _line(
        "Migrations interrupted at a statement of a file, then run to their end",
        ("A-5",),
        migrating.found,
        {"files": len(versions), "points": len(every) // len(Way)},
    )


def _drawn(every: Sequence[T], count: int, random: Random) -> list[T]:
    """So many of them, in their order."""
    chosen = sorted(random.sample(range(len(every)), min(count, len(every))))
    return [every[place] for place in chosen]


def _line(
    what: str, invariants: tuple[str, ...], found: Found, figures: Mapping[str, float], short: str = ""
) -> Line:
    shorts = [short] if short else []
    if found.wrong:
        shorts.append(f"{len(found.wrong)} things did not hold")
    if len(found.unreached) > max(1, _MOST_UNREACHED * found.case_count):
        shorts.append(f"{len(found.unreached)} points were not reached")
    details = (*found.wrong[:_MOST_DETAILS], *(f"not reached: {each}" for each in found.unreached))
    return Line(
        what,
        invariants,
        {"cases": found.case_count, "not reached": len(found.unreached), **figures},
        "; ".join(shorts),
        details,
    )
