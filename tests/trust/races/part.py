"""Five pairs of writes stopped wherever they can be, and crowds whose answers one order explains."""

import asyncio
import random
from collections import Counter

from tests.trust.model.part import servers
from tests.trust.races.crowd import run_round
from tests.trust.races.interleaving import Interleaved, interleave
from tests.trust.races.pairs import PAIRS
from tests.trust.report import Line, Plan

ROUNDS = 25


def run(plan: Plan) -> list[Line]:
    """Schedules of each pair, all or a share of them, then the crowds."""
    draws = random.Random(plan.seed)
    with servers(plan.directory) as (standing, redis_url):

        def wanted(possible: int) -> int:
            return plan.count(possible, least=3)

        seen = [asyncio.run(interleave(standing.emptied(), redis_url, name, draws, wanted)) for name in PAIRS]
        calls: Counter[str] = Counter()
        broken: list[str] = []
        rounds = plan.count(ROUNDS)
        for number in range(rounds):
            seed = plan.seed * 10_000 + number
            history, problems = asyncio.run(run_round(standing.emptied(), redis_url, seed))
            calls.update(op.code for op in history)
            broken += [f"round {seed}: {problem}" for problem in problems]
    return [_schedules_line(seen), crowd_line(rounds, calls, broken)]


def _schedules_line(seen: list[Interleaved]) -> Line:
    broken = [problem for each in seen for problem in each.broken]
    return Line(
        "two writes, each stopped at a statement, against one after the other",
        ("A-1", "B-3", "B-4", "C-1", "C-4"),
        {
            "pairs": len(seen),
            "schedules possible": sum(each.possible for each in seen),
            "run": sum(each.schedules for each in seen),
            "of them one waited": sum(each.blocked for each in seen),
            "the same as one that was run": sum(each.same for each in seen),
        },
        "a schedule gives what no order gives" if broken else "",
        tuple(broken)
        + tuple(f"{each.name}: {each.statements} statements, {len(each.outcomes)} outcomes" for each in seen),
    )


def crowd_line(rounds: int, calls: Counter[str], broken: list[str]) -> Line:
    refused = sum(count for code, count in calls.items() if code != "OK")
    return Line(
        "sixteen voters, eight mergers and four editors at once: one order explains every answer",
        ("B-3", "B-4", "C-1", "C-4", "E-1"),
        {"rounds": rounds, "calls": calls.total(), "refused or without effect": refused},
        "no order explains an answer" if broken else "",
        (*broken[:20], *(f"{code}: {count}" for code, count in sorted(calls.items()))),
    )
