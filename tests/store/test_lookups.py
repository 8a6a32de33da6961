"""Lookups for many callers at once: few statements, to each its own, and an error is nobody's end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.records import LiveRecord
from dedup_service.store.lookups import RecordLookups
from dedup_service.store.postgres import PostgresStore, StoreOptions
from tests.merge_desk import Office, contact, lead

NAME = "lookups under test"
WAIT_SECONDS = 10.0


class CountedLookups(RecordLookups):
    """Notes which numbers each statement asks for."""

    def __init__(self, url: str, statement_timeout_seconds: float) -> None:
        super().__init__(make_conninfo(url, application_name=NAME), 5.0, statement_timeout_seconds)
        self.statements: list[set[int]] = []

    async def _rows(self, record_nos: Sequence[int]) -> dict[int, LiveRecord]:
        self.statements.append(set(record_nos))
        return await super()._rows(record_nos)


class Server:
    """What another session sees of the lookups and does to them."""

    def __init__(self, url: str, connection: psycopg.AsyncConnection) -> None:
        self._url = url
        self._connection = connection

    async def backends(self) -> int:
        return await self._number("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s")

    async def terminate(self) -> None:
        """End the connection of the lookups, and wait until it is gone."""
        await self._number(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = %s"
        )

    async def is_waiting(self) -> bool:
        """Whether a statement of the lookups waits for a lock."""
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
        )
        return await self._number(question) > 0

    async def _number(self, question: Any) -> int:
        row = await (await self._connection.execute(question, [NAME])).fetchone()
        assert row is not None, "a count gives a row"
        return int(row[0])

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[None]:
        """No statement on records ends meanwhile."""
        async with await psycopg.AsyncConnection.connect(self._url) as holder:
            await holder.execute("LOCK TABLE records IN ACCESS EXCLUSIVE MODE")
            yield


Open = Callable[..., CountedLookups]


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[Server]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        yield Server(database_url, connection)


@pytest.fixture
async def lookups(database_url: str, office: Office) -> AsyncIterator[CountedLookups]:
    """Lookups that have not looked up anything yet, on a store with the records 1 to 30."""
    await office.put(*(contact(str(number)) for number in range(1, 31)))
    opened = CountedLookups(database_url, 30.0)
    yield opened
    await opened.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await holds():  # noqa: ASYNC110  PostgreSQL tells nobody
            await asyncio.sleep(0.005)


async def ended(calls: Sequence[Awaitable[Any]]) -> list[Any]:
    """What each call gave or failed with."""
    async with asyncio.timeout(WAIT_SECONDS):
        return list(await asyncio.gather(*calls, return_exceptions=True))


def asked(lookups: RecordLookups, *numbers: Sequence[int]) -> "list[asyncio.Task[dict[int, LiveRecord]]]":
    """A call for each of these, begun before any other task runs."""
    return [asyncio.create_task(lookups.records(each)) for each in numbers]


async def test_each_caller_gets_its_own_and_no_more(lookups: CountedLookups, office: Office) -> None:
    """Callers with overlapping numbers, the same and none are each answered as if they were alone."""
    wanted = [[number, number + 1, 5] for number in range(1, 30)] + [[7], [7], [], [3, 3]]
    answers = await ended(asked(lookups, *wanted))
    stored = await office.store.read(lambda tx: tx.records_by_no(range(1, 31)))
    alone = {no: LiveRecord(no, one.key, one.kind, one.golden_id) for no, one in stored.items()}
    for numbers, answer in zip(wanted, answers, strict=True):
        assert set(answer) == set(numbers)
        assert answer.items() <= alone.items()


async def test_unknown_numbers_are_left_out(lookups: CountedLookups) -> None:
    """What there is not is missing from the answer of who asked for it, and from no other."""
    mixed, unknown, known = await ended(asked(lookups, [2, 999], [10**12, 0, -1], [2, 4]))
    assert (set(mixed), unknown, set(known)) == ({2}, {}, {2, 4})


async def test_callers_at_once_share_a_statement(lookups: CountedLookups) -> None:
    """What is asked within one turn of the loop goes in one statement."""
    await ended(asked(lookups, *([number] for number in range(1, 31))))
    assert lookups.statements == [set(range(1, 31))]


async def test_who_comes_meanwhile_shares_the_next_statement(lookups: CountedLookups, server: Server) -> None:
    """However many come in however many turns while a statement runs, one more answers them all."""
    async with server.held_up():
        first = asked(lookups, [1])
        await until(server.is_waiting)
        others = []
        for number in range(2, 31):
            others += asked(lookups, [number])
            await asyncio.sleep(0)
    answers = await ended([*first, *others])
    assert [set(answer) for answer in answers] == [{number} for number in range(1, 31)]
    assert lookups.statements == [{1}, set(range(2, 31))]


async def test_a_lookup_sees_what_was_committed_before(lookups: CountedLookups, office: Office) -> None:
    """In the midst of other lookups of the same record, each shows at least what its caller has written."""
    stop = asyncio.Event()

    async def look_all_the_time() -> None:
        while not stop.is_set():
            await lookups.records([number])

    first = await office.write(lead("written", email="first@example.com"))
    number = first.record_no
    readers = [asyncio.create_task(look_all_the_time()) for _ in range(4)]
    for turn in range(20):
        written = await office.write(lead("written", email=f"{turn}@example.com"))
        assert (await lookups.records([number]))[number].lead == written.draft
    stop.set()
    await ended(readers)


async def test_a_caller_that_gives_up_takes_nobody_along(lookups: CountedLookups, server: Server) -> None:
    """Whoever is cancelled, also the one whose call began the statement, the others are answered."""
    async with server.held_up():
        beginner, beside = asked(lookups, [1], [2])
        await until(server.is_waiting)
        later, given_up = asked(lookups, [3], [4])
        await asyncio.sleep(0)
        beginner.cancel()
        given_up.cancel()
    first, second, third, fourth = await ended([beginner, beside, later, given_up])
    assert isinstance(first, asyncio.CancelledError)
    assert isinstance(fourth, asyncio.CancelledError)
    assert (set(second), set(third)) == ({2}, {3})


async def test_an_error_goes_to_all_who_asked_together(lookups: CountedLookups, server: Server) -> None:
    """A connection lost under the first statement fails its callers; those after them are answered."""
    async with server.held_up():
        together = asked(lookups, [1], [2], [3])
        await until(server.is_waiting)
        after = asked(lookups, [4])
        await asyncio.sleep(0)
        await server.terminate()
    *failed, answer = await ended([*together, *after])
    assert [isinstance(each, psycopg.OperationalError) for each in failed] == [True] * 3
    assert set(answer) == {4}
    assert set(await lookups.records([1])) == {1}


async def test_a_connection_lost_since_costs_no_caller(lookups: CountedLookups, server: Server) -> None:
    """After a connection that worked was ended, idle or in use, the statement is run again on another."""
    await lookups.records([1])
    await server.terminate()
    assert [set(each) for each in await ended(asked(lookups, [1], [2]))] == [{1}, {2}]
    async with server.held_up():
        waiting = asked(lookups, [3])
        await until(server.is_waiting)
        await server.terminate()
    assert [set(each) for each in await ended(waiting)] == [{3}]
    assert await server.backends() == 1


async def test_a_connection_lost_twice_is_an_error(lookups: CountedLookups, server: Server) -> None:
    """A statement is run again once; the next lookup begins anew."""
    await lookups.records([1])
    async with server.held_up():
        waiting = asked(lookups, [1], [2])
        for _ in range(2):
            await until(server.is_waiting)
            await server.terminate()
        failed = await ended(waiting)
    assert [isinstance(each, psycopg.OperationalError) for each in failed] == [True] * 2
    assert set(await lookups.records([1])) == {1}
    assert await server.backends() == 1


async def test_a_statement_that_takes_too_long_is_given_up(
    database_url: str, lookups: CountedLookups, server: Server
) -> None:
    """Its callers fail after the time that a statement may take, not after twice that; the next works."""
    assert set(await lookups.records([1])) == {1}
    hasty = CountedLookups(database_url, 0.2)
    assert set(await hasty.records([1])) == {1}
    hasty.statements.clear()
    async with server.held_up():
        failed = await ended(asked(hasty, [1], [2]))
    assert [type(each) for each in failed] == [errors.QueryCanceled] * 2
    assert hasty.statements == [{1, 2}]
    assert set(await hasty.records([1])) == {1}
    await hasty.close()


async def test_a_server_that_is_away_fails_all(tmp_path: Any) -> None:
    """With nobody at the URL each caller is told, and none waits for ever."""
    lookups = CountedLookups(f"postgresql://postgres@/postgres?host={tmp_path}", 1.0)
    failed = await ended(asked(lookups, [1], [2]))
    assert [isinstance(each, psycopg.OperationalError) for each in failed] == [True] * 2


async def test_the_store_says_unavailable(database_url: str, office: Office, server: Server) -> None:
    """What the store looks up while PostgreSQL ends its connections fails as all its reads do."""
    await office.put(contact("1"))
    store = PostgresStore(StoreOptions(make_conninfo(database_url, application_name=NAME), pool_size=1))
    await store.open()
    async with server.held_up():
        looking = asyncio.create_task(store.live_records([1]))
        await until(server.is_waiting)
        await server.terminate()
    (failed,) = await ended([looking])
    assert isinstance(failed, StoreUnavailable)
    assert set(await store.live_records([1])) == {1}
    await store.close()


async def test_closing_ends_what_is_under_way(lookups: CountedLookups, server: Server) -> None:
    """Callers of a statement that runs when the store closes are told at once, and no connection stays."""
    await lookups.records([1])
    async with server.held_up():
        waiting = asked(lookups, [1], [2])
        await until(server.is_waiting)
        waiting += asked(lookups, [3])
        await asyncio.sleep(0)
        await asyncio.wait_for(lookups.close(), WAIT_SECONDS)
        answers = await ended(waiting)
    assert [isinstance(each, BaseException) for each in answers] == [True] * 3

    async def none_left() -> bool:
        return await server.backends() == 0

    await until(none_left)


async def test_rows_are_read_as_they_were_written(
    office: Office, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever encoding the environment asks for, names and values come as they are."""
    written = await office.write(lead("ü", given_name="Jürgen", family_name="Müller"))
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    lookups = RecordLookups(database_url, 5.0, 30.0)
    found = (await lookups.records([written.record_no]))[written.record_no]
    await lookups.close()
    assert (found.key, found.lead) == (written.key, written.draft)


async def test_a_statement_that_nobody_waits_for_is_ended(lookups: CountedLookups, server: Server) -> None:
    """PostgreSQL works for nobody who has gone, and whoever comes then does not wait behind it."""
    async with server.held_up():
        gone = asked(lookups, [1], [2])
        await until(server.is_waiting)
        for call in gone:
            call.cancel()
        await ended(gone)
        await until(lambda: nobody_waits(server))
        others = asked(lookups, [3])
        await until(server.is_waiting)
    [answer] = await ended(others)
    assert set(answer) == {3}


async def test_a_statement_goes_on_while_one_waits_for_it(lookups: CountedLookups, server: Server) -> None:
    """Who gave up takes nothing from whoever asked with it."""
    async with server.held_up():
        gone, stays = asked(lookups, [1], [2])
        await until(server.is_waiting)
        gone.cancel()
        # Longer than it takes to notice.
        await asyncio.sleep(1.2)
        assert await server.is_waiting()
    [answer] = await ended([stays])
    assert set(answer) == {2}
    assert lookups.statements == [{1, 2}]


async def nobody_waits(server: Server) -> bool:
    return not await server.is_waiting()
