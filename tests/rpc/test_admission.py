"""Places by class of call: who gets one, who waits, who is refused, and when."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from dedup_service.rpc import admission as admission_module
from dedup_service.rpc.access import CallClass
from dedup_service.rpc.admission import BULK, LONGEST_WAIT_SECONDS, Admission, places
from dedup_service.rpc.errors import OverloadedError
from dedup_service.workflows.deadlines import due_in

MOST = 16


async def fill(admission: Admission, room: str, stack: AsyncExitStack) -> None:
    """Take all places of a sort."""
    for _ in range(places(MOST)[room]):
        await stack.enter_async_context(admission.place(room))


def test_the_places_of_calls_are_all_there_are() -> None:
    """The classes of calls share the places between them, each has one at least, and streams are apart."""
    found = places(64)
    assert sum(count for room, count in found.items() if room not in (BULK, CallClass.WATCH)) == 64
    assert found[CallClass.WATCH] == 64
    assert set(places(1).values()) == {1}


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits, waits for an hour: what ends sooner did not wait."""
    monkeypatch.setattr(admission_module, "LONGEST_WAIT_SECONDS", 3600.0)


@pytest.mark.usefixtures("patience")
async def test_a_flood_of_matches_takes_no_place_of_a_vote() -> None:
    """With all places of matches taken, and as many waiting as may, a vote is admitted at once."""
    admission = Admission(MOST, 1)
    async with AsyncExitStack() as stack:
        await fill(admission, CallClass.MATCH, stack)
        waiting = [asyncio.create_task(take(admission, CallClass.MATCH)) for _ in range(MOST)]
        await asyncio.sleep(0)
        assert admission.full(CallClass.MATCH)
        async with asyncio.timeout(5):
            with pytest.raises(OverloadedError):
                await take(admission, CallClass.MATCH)
            assert not admission.full(CallClass.DECIDE)
            await take(admission, CallClass.DECIDE)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert not admission.full(CallClass.MATCH)


async def take(admission: Admission, room: str) -> None:
    async with admission.place(room):
        pass


async def test_a_place_that_becomes_free_is_for_who_waited_longest() -> None:
    """Whoever waits gets the place that is given back, in order, and all places are free in the end."""
    admission = Admission(1, 1)
    order: list[int] = []

    async def one(number: int) -> None:
        async with admission.place(CallClass.WRITE):
            order.append(number)

    async with admission.place(CallClass.WRITE):
        first = asyncio.create_task(one(1))
        await asyncio.sleep(0)
        assert admission.full(CallClass.WRITE)
    await first
    assert order == [1]
    assert not admission.full(CallClass.WRITE)
    async with asyncio.timeout(5):
        await admission.idle()


@pytest.mark.parametrize("seconds", [LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS * 4])
async def test_a_call_that_gets_no_place_in_time_is_refused(seconds: float) -> None:
    """One with little time at once, one with more after the wait; neither loses the place by that."""
    admission = Admission(1, 1)
    async with admission.place(CallClass.READ):
        due_in(seconds)
        with pytest.raises(OverloadedError):
            await take(admission, CallClass.READ)
    await take(admission, CallClass.READ)


async def test_who_gives_up_while_it_is_given_a_place_gives_it_back() -> None:
    """A call that is cancelled at the moment at which it would have been admitted keeps no place."""
    admission = Admission(1, 1)
    async with admission.place(CallClass.READ):
        waiting = asyncio.create_task(take(admission, CallClass.READ))
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    async with asyncio.timeout(5):
        await take(admission, CallClass.READ)


@pytest.mark.usefixtures("patience")
async def test_streams_never_wait() -> None:
    """A place of a stream is taken for long: whoever finds none is told so at once."""
    admission = Admission(4, 100)
    async with AsyncExitStack() as stack:
        for _ in range(places(4)[BULK]):
            await stack.enter_async_context(admission.place(BULK))
        assert admission.full(BULK)
        async with asyncio.timeout(5):
            with pytest.raises(OverloadedError):
                await take(admission, BULK)


async def test_one_principal_has_so_many_streams() -> None:
    """One more is refused; another principal has as many, and one that ends makes room."""
    admission = Admission(4, 1)
    with admission.stream("users/ann"):
        with pytest.raises(OverloadedError, match="1 streams"), admission.stream("users/ann"):
            pass
        with admission.stream("users/ben"):
            pass
    with admission.stream("users/ann"):
        pass
