"""Rounds: who begins at once, who with the next round, and that the door is heard in between."""

import asyncio
from collections.abc import Iterable

import pytest

from dedup_service.rpc import rounds as rounds_module
from dedup_service.rpc.rounds import ROUND, Rounds


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round ends when few are at work, and hearing when nobody comes: neither by the clock."""
    monkeypatch.setattr(rounds_module, "_LONGEST_WORK_SECONDS", 3600.0)
    monkeypatch.setattr(rounds_module, "_LONGEST_HEARING_SECONDS", 3600.0)


def begun(rounds: Rounds, count: int) -> list[int]:
    """So many begin at once: none of them waits for anything."""
    return [begun_at_once(rounds) for _ in range(count)]


def begun_at_once(rounds: Rounds) -> int:
    with pytest.raises(StopIteration) as done:
        rounds.enter().send(None)
    return int(done.value.value)


def left(rounds: Rounds, begun_in: Iterable[int]) -> None:
    for number in begun_in:
        rounds.leave(number)


async def entering(rounds: Rounds, count: int) -> list[asyncio.Task[int]]:
    """Calls that wait for their round."""
    tasks = [asyncio.create_task(rounds.enter()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def ended(tasks: list[asyncio.Task[int]]) -> int:
    """How many of these have begun, after a time in which more could have."""
    await asyncio.sleep(0.05)
    return sum(task.done() for task in tasks)


@pytest.mark.usefixtures("patience")
async def test_who_comes_while_a_round_is_at_work_waits_for_it() -> None:
    """A round is let in at once; the next waits until few of it are left, then comes in as a whole."""
    rounds = Rounds()
    first = begun(rounds, ROUND)
    tasks = await entering(rounds, ROUND + 1)
    assert await ended(tasks) == 0
    left(rounds, first)
    assert await ended(tasks) == ROUND
    left(rounds, [task.result() for task in tasks if task.done()])
    assert await ended(tasks) == ROUND + 1


@pytest.mark.usefixtures("patience")
async def test_the_door_is_heard_before_a_round() -> None:
    """As long as calls come through the door nobody is let in."""
    rounds = Rounds()
    left(rounds, begun(rounds, ROUND))
    first = begun(rounds, ROUND)
    tasks = await entering(rounds, 1)
    left(rounds, first)
    for _ in range(200):
        rounds.arrived()
        await asyncio.sleep(0)
        assert not tasks[0].done()
    assert await ended(tasks) == 1


async def test_some_are_let_in_however_many_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hearing ends at its time though many keep coming, and work that takes long holds up nobody."""
    monkeypatch.setattr(rounds_module, "_LONGEST_WORK_SECONDS", 0.01)
    monkeypatch.setattr(rounds_module, "_LONGEST_HEARING_SECONDS", 0.01)
    rounds = Rounds()
    begun(rounds, ROUND)
    tasks = await entering(rounds, 1)

    async def arrive() -> None:
        while True:
            rounds.arrived()
            await asyncio.sleep(0)

    arriving = asyncio.create_task(arrive())
    async with asyncio.timeout(5):
        await tasks[0]
    arriving.cancel()


@pytest.mark.usefixtures("patience")
async def test_what_takes_long_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of an earlier round that are still at work hold up no later round."""
    rounds = Rounds()
    monkeypatch.setattr(rounds_module, "_LONGEST_WORK_SECONDS", 0.01)
    slow = begun(rounds, ROUND)
    second = await asyncio.gather(*await entering(rounds, ROUND))
    monkeypatch.setattr(rounds_module, "_LONGEST_WORK_SECONDS", 3600.0)
    tasks = await entering(rounds, ROUND)
    assert await ended(tasks) == 0
    left(rounds, second)
    assert await ended(tasks) == ROUND
    left(rounds, slow)
    assert await ended(await entering(rounds, 1)) == 0


@pytest.mark.usefixtures("patience")
async def test_after_idle_time_nobody_waits() -> None:
    """Once all have left, as many as a round may begin without one, time and again."""
    rounds = Rounds()
    for _ in range(3):
        left(rounds, begun(rounds, ROUND))


@pytest.mark.usefixtures("patience")
async def test_who_gives_up_is_not_waited_for() -> None:
    """A call that is cancelled while it waits, or at the moment at which it is let in, is not at work."""
    rounds = Rounds()
    first = begun(rounds, ROUND)
    waiting, let_in = await entering(rounds, 2)
    waiting.cancel()
    left(rounds, first)
    rounds._let_in()  # the moment cannot be met from outside
    let_in.cancel()
    await asyncio.gather(waiting, let_in, return_exceptions=True)
    assert waiting.cancelled()
    assert let_in.cancelled()
    await asyncio.sleep(0.05)
    for _ in range(2):
        left(rounds, begun(rounds, ROUND))
