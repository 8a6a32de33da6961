"""Each case: a link misbehaves while something is asked; then it is sound again, and the same is asked again.

Whatever the link did, the first call ends in time with a documented answer, the second succeeds without a
restart of anything, both answers are of one effect, and every invariant holds.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from dedup_service.client import ServiceError
from tests.trust.invariants import Watch, watch
from tests.trust.proxy.cases import CASES, Case, On, draw_cases
from tests.trust.proxy.faults import Way
from tests.trust.proxy.stand import Errand, Stand, stand
from tests.trust.report import Line, Plan

DEADLINE_SECONDS = 1.0
# The deadline is the caller's own clock's: what it takes beyond is the machine's.
_LATENESS_SECONDS = 3.0
RECOVERY_SECONDS = 30.0
# What a network may make of a call. grpc tells a torn connection as UNKNOWN or INTERNAL where it was torn
# within an answer: these come from the caller's side alone, and are allowed on the caller's link alone.
_NETWORK = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
_TORN = {"UNKNOWN", "INTERNAL", "CANCELLED"}


@dataclass(slots=True)
class Tally:
    """What was seen over all cases."""

    answers: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    fired: int = 0
    longest_call: float = 0.0
    longest_recovery: float = 0.0


def run(plan: Plan) -> list[Line]:
    """One line for all cases, and one for the system that follows the changes meanwhile."""
    cases = draw_cases(plan.count(CASES), plan.seed)
    tally = Tally()
    with stand(plan.directory) as standing:
        asyncio.run(_all(standing, cases, tally))
        missed = _missed_changes(standing)
        incidents = standing.service.logged_incidents()
    tally.broken += [f"logged: {each}" for each in incidents]
    figures = {
        "cases": len(cases),
        "faults that struck": tally.fired,
        "ways": len({case.fault.way for case in cases}),
        "links": len({case.link for case in cases}),
        **{f"first answered {code}": count for code, count in sorted(tally.answers.items())},
        "longest call s": tally.longest_call,
        "longest recovery s": tally.longest_recovery,
    }
    short = f"{len(tally.broken)} cases broke something" if tally.broken else ""
    what = "a link to client, SQL, Redis or changes misbehaves during a call, and the call is repeated"
    followed = {"changes": len(standing.follower.seen), "missed": len(missed)}
    return [
        Line(what, ("A-1", "A-3", "D-1", "F-1"), figures, short, tuple(tally.broken)),
        Line(
            "a system follows the changes over the links that misbehave",
            ("E-1", "E-2"),
            followed | {"out of order": len(standing.follower.order_broken)},
            "changes were missed or came out of order" if missed or standing.follower.order_broken else "",
            tuple(missed[:10] + standing.follower.order_broken[:10]),
        ),
    ]


async def _all(standing: Stand, cases: list[Case], tally: Tally) -> None:
    async with watch(standing.database_url, standing.redis_url) as watched:
        for case in cases:
            broken = await asyncio.to_thread(_one, standing, case, tally)
            broken += await _checked(watched)
            tally.broken += [f"{case}: {each}" for each in broken]


async def _checked(watched: Watch) -> list[str]:
    return await watched.broken()


def _one(standing: Stand, case: Case, tally: Tally) -> list[str]:
    """Carry a case out; what broke."""
    link = standing.links[case.link]
    errand = standing.errand(case.asked, case.number)
    client = standing.through if case.link is On.CLIENT else standing.past
    breaks = link.breaks
    link.set(case.fault)
    started = time.monotonic()
    first: object = None
    try:
        first = errand.same(errand.call(client.acting_as(errand.principal), DEADLINE_SECONDS))
        code = "OK"
    except ServiceError as error:
        code = error.code.name
    taken = time.monotonic() - started
    link.lift()
    tally.fired += link.breaks > breaks or case.fault.way in {Way.LATENCY, Way.TRICKLE}
    tally.answers[code] += 1
    tally.longest_call = max(tally.longest_call, taken)
    allowed = _NETWORK | {"OK"} | (_TORN if case.link is On.CLIENT else set())
    broken = [] if code in allowed else [f"F-1 the first call was answered {code}"]
    if taken > DEADLINE_SECONDS + _LATENESS_SECONDS:
        broken.append(f"F-1 the first call took {taken:.1f} s of {DEADLINE_SECONDS:.0f}")
    return broken + _again(standing, errand, first if code == "OK" else None, tally)


def _again(standing: Stand, errand: Errand, first: object, tally: Tally) -> list[str]:
    """The same call over sound links: it succeeds before long, with the answer that was given if one was."""
    started = time.monotonic()
    while True:
        try:
            answer = errand.call(standing.through.acting_as(errand.principal), DEADLINE_SECONDS * 2)
            break
        except ServiceError as error:
            if time.monotonic() - started > RECOVERY_SECONDS:
                return [
                    f"A-3 repeated, it is still answered {error.code.name} after {RECOVERY_SECONDS:.0f} s"
                ]
            time.sleep(0.02)
    tally.longest_recovery = max(tally.longest_recovery, time.monotonic() - started)
    second = errand.same(answer)
    if first is not None and first != second:
        return [f"A-3 the first answer was {first}, the second {second}"]
    return []


def _missed_changes(standing: Stand) -> list[str]:
    """Changes that the follower has not seen although it had the time to."""
    names = standing.change_names()
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        missed = [name for name in names if name not in standing.follower.seen]
        if not missed or time.monotonic() > deadline:
            return missed
        time.sleep(0.05)
