"""A share of the races, and that a history that was doctored is refused."""

import asyncio
import copy
import random
from collections.abc import Callable

import pytest

from dedup_service.store.reading import Reading
from dedup_service.store.writing import Writing
from tests.trust.races.crowd import all_at_once, crowd, run_round
from tests.trust.races.history import Checker, Operation
from tests.trust.races.interleaving import interleave
from tests.trust.races.pairs import PAIRS

SEED = 3


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_two_writes_give_what_one_order_gives(database_url: str, redis_url: str, name: str) -> None:
    """Wherever either stops: what is answered and stored is that of one after the other."""
    seen = asyncio.run(interleave(database_url, redis_url, name, random.Random(1), lambda _: 6))
    assert seen.broken == []
    assert seen.schedules + seen.same == 6
    assert seen.schedules > 1
    assert min(seen.statements) > 5


def test_a_lock_that_is_taken_out_is_noticed(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the locks on golden records two merges can both take the same one."""
    monkeypatch.setattr(Writing, "lock_goldens", Reading.goldens)
    monkeypatch.setattr(Writing, "lock_proposal", Reading.proposal)
    seen = asyncio.run(
        interleave(database_url, redis_url, "merge and merge", random.Random(1), lambda all_: all_)
    )
    assert len(seen.broken) == 1


def test_one_order_explains_a_crowd(database_url: str, redis_url: str) -> None:
    """Whoever votes, merges, undoes and edits at once: every answer is that of one order."""
    history, problems = asyncio.run(run_round(database_url, redis_url, SEED))
    assert problems == []
    assert {op.kind for op in history if op.revision} == {"edit", "vote", "execute", "undo"}
    assert {"EtagMismatch", "StateNotAllowed"} <= {op.code for op in history}


def _swap(history: list[Operation]) -> None:
    """Two edits of different times change places."""
    edits = sorted((op for op in history if op.kind == "edit"), key=lambda op: op.revision)
    edits[0].revision, edits[-1].revision = edits[-1].revision, edits[0].revision


def _lose(history: list[Operation]) -> None:
    history.remove(next(op for op in history if op.kind == "vote" and op.revision))


def _carry_out(history: list[Operation]) -> None:
    """A refused vote takes the place of one that was carried out."""
    refused = next(op for op in history if op.kind == "vote" and op.code == "EtagMismatch")
    done = next(op for op in history if op.kind == "vote" and op.revision)
    refused.code, refused.revision, done.code, done.revision = "OK", done.revision, "EtagMismatch", 0


def _misread(history: list[Operation]) -> None:
    next(op for op in history if op.kind == "read" and op.shown == "PENDING").shown = "EXECUTED"


def test_a_doctored_history_is_refused(database_url: str, redis_url: str) -> None:
    """Each lie about what happened leaves no order."""

    async def once() -> tuple[list[Operation], Checker]:
        async with crowd(database_url, redis_url, SEED) as (world, checker):
            await all_at_once(world)
            return world.history, checker

    history, checker = asyncio.run(once())
    assert copy.deepcopy(checker).check(copy.deepcopy(history)) == []
    doctors: list[Callable[[list[Operation]], None]] = [_swap, _lose, _carry_out, _misread]
    for doctor in doctors:
        doctored = copy.deepcopy(history)
        doctor(doctored)
        assert copy.deepcopy(checker).check(doctored) != [], doctor.__name__
