"""What is counted over the whole store: when proposals ended, their probabilities, and what erasure left."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from dedup_service.domain.activity import ActivityCounts, CalibrationStudy, Event, FunctionQueue
from dedup_service.domain.changes import ChangeType
from dedup_service.domain.proposals import GoldenLink, Proposal, ProposalState
from dedup_service.embedded import RunningServer
from dedup_service.store.migrate import migrate, migrations
from dedup_service.store.postgres import PostgresStore
from dedup_service.store.rows import encode_text
from dedup_service.workflows.ports import ReadTransaction
from tests.conftest import with_database
from tests.merge_desk import JANUARY, POLICY, Office, contact
from tests.store.pending_proposals import decided, open_store, pending, store_proposals

_numbers = itertools.count(1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ENDED = [state for state in ProposalState if not state.open]


def ended(proposal_id: str, state: ProposalState, probability: float | None = None, *who: str) -> Proposal:
    """A proposal that ended three days after it was made."""
    link = GoldenLink("l", "r", 1.0, probability) if probability is not None else None
    return pending(
        proposal_id,
        state=state,
        update_time=JANUARY + 3 * DAY,
        weakest_link=link,
        decision=decided(voters=who or ("users/ann",)),
    )


async def activity(store: PostgresStore) -> ActivityCounts:
    return await store.read(lambda tx: tx.activity(JANUARY.date()))


async def calibration(store: PostgresStore) -> CalibrationStudy:
    return await store.read(lambda tx: tx.calibration(None, None))


@pytest.mark.parametrize("state", ENDED)
async def test_a_proposal_ends_when_it_is_closed(database_url: str, state: ProposalState) -> None:
    """On the day of the write that closed it; no later write of it moves that."""
    event = {ProposalState.EXECUTED: Event.MERGED, ProposalState.REJECTED: Event.REJECTED}
    async with open_store(database_url) as store:
        await store_proposals(store, pending("p"))
        assert await activity(store) == ActivityCounts({(Event.FOUND, JANUARY.date()): 1}, 1)
        await store_proposals(store, ended("p", state))
        await store_proposals(store, replace(ended("p", state), update_time=JANUARY + 9 * DAY))
        found = await activity(store)
    end_day = (JANUARY + 3 * DAY).date()
    wanted = {(Event.FOUND, JANUARY.date()): 1, (event.get(state, Event.LAPSED), end_day): 1}
    assert found == ActivityCounts(wanted, 0)


async def test_days_end_at_midnight_in_utc(database_url: str) -> None:
    """Whatever the time zone of the session or the machine."""
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    async with open_store(database_url) as store:
        await store_proposals(
            store,
            pending("a", create_time=midnight - timedelta(microseconds=1)),
            pending("b", create_time=midnight),
        )
        found = await activity(store)
    days = {(midnight - DAY).date(): 1, midnight.date(): 1}
    assert found.events == {(Event.FOUND, day): count for day, count in days.items()}


async def test_ages_are_parted_at_one_three_and_seven_days(database_url: str) -> None:
    """A bound belongs to the older side; what is due is overdue from that moment on."""
    now = JANUARY + 30 * DAY
    ages = (HOUR, DAY - HOUR, DAY, 3 * DAY - HOUR, 3 * DAY, 7 * DAY - HOUR, 7 * DAY, 20 * DAY)
    async with open_store(database_url) as store:
        await store_proposals(
            store,
            *(
                pending(f"p{number}", create_time=now - age, decision=decided(due_days=30 + number % 2))
                for number, age in enumerate(ages)
            ),
            pending("x", missing_functions=("finance",), create_time=now - DAY),
        )
        found = await store.read(lambda tx: tx.queues(POLICY.functions, now))
    queues = {queue.function: queue for queue in found.queues}
    assert queues["sales"] == FunctionQueue("sales", (2, 2, 2, 2), 4, now - 20 * DAY, "p7")
    assert queues["finance"].waiting_count == 1
    assert (found.pending_count, found.approved_count) == (9, 0)


async def test_probabilities_fall_into_their_bins(database_url: str) -> None:
    """A bound belongs to the bin above it, and 1 to the last; no link at all belongs to none."""
    async with open_store(database_url) as store:
        await store_proposals(
            store,
            ended("a", ProposalState.EXECUTED, 0.95),
            ended("b", ProposalState.REJECTED, 0.9899),
            ended("c", ProposalState.EXECUTED, 1.0),
            ended("d", ProposalState.REJECTED, 0.0),
            ended("e", ProposalState.EXECUTED),
        )
        found = await calibration(store)
    bins = {
        (each.lowest_probability, each.highest_probability): (each.decided_count, each.rejected_count)
        for each in found.bins
        if each.decided_count
    }
    assert bins == {(0.95, 0.99): (2, 1), (0.99, 1.0): (1, 0), (0.0, 0.1): (1, 1)}
    assert (found.unscored.decided_count, found.decided_count, found.agreed_count) == (1, 5, 3)


async def test_a_proposal_without_voters_is_no_judgement(database_url: str) -> None:
    """What was merged without a person, or ended undecided, tells nothing of the model."""
    no_voter = replace(ended("a", ProposalState.EXECUTED, 0.9), decision=decided())
    async with open_store(database_url) as store:
        await store_proposals(
            store,
            no_voter,
            ended("b", ProposalState.EXPIRED, 0.9),
            ended("c", ProposalState.WITHDRAWN, 0.9),
            ended("d", ProposalState.SUPERSEDED, 0.9),
        )
        assert (await calibration(store)).decided_count == 0


@pytest.fixture
def before(postgres_server: RunningServer) -> Iterator[str]:
    """A store on which all migrations but that of the overview have run."""
    name = f"before_overview_{next(_numbers)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = with_database(postgres_server.url, name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
                " checksum text NOT NULL, time timestamptz NOT NULL DEFAULT now())"
            )
            for one in migrations()[:8]:
                connection.execute(one.sql.encode())
                connection.execute(
                    "INSERT INTO schema_migrations VALUES (%s, %s, %s)", [one.version, one.name, one.checksum]
                )
        yield url
        administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def test_proposals_of_an_earlier_release_have_their_ends(before: str) -> None:
    """They are taken from what stands in the body."""
    with psycopg.connect(before, autocommit=True) as connection:
        for number, state in enumerate(("PENDING", "REJECTED")):
            proposal = ended(f"p{number}", ProposalState(state), 0.97)
            connection.execute(
                "INSERT INTO golden_records (golden_id, kind, state, version, revision, create_time)"
                " VALUES (%s, 'CONTACT', 'LIVE', 1, 1, now())",
                [f"g{number}"],
            )
            connection.execute(
                "INSERT INTO proposals (proposal_id, state, type, impact, missing_functions, proposer,"
                " golden_ids, ever_golden_ids, survivor_id, kind, revision, create_time, impact_rank,"
                " due_time, escalated_to, voters, verdict, sources, owners, body) VALUES (%s, %s, 'MERGE',"
                " 'LOW', '{}', 'users/ann', ARRAY[%s], '{}', %s, 'CONTACT', 1, %s, 0, now(), '{}',"
                " '{users/ben}', 'MATCH', '{}', '{}', %s)",
                [
                    proposal.proposal_id,
                    state,
                    f"g{number}",
                    f"g{number}",
                    JANUARY,
                    encode_text(proposal),
                ],
            )
    await migrate(before)
    async with open_store(before) as store:
        found = await activity(store)
        assert found.events[Event.REJECTED, (JANUARY + 3 * DAY).date()] == 1
        assert found.open_count == 1
        assert [each.decided_count for each in (await calibration(store)).bins[-2:]] == [1, 0]


async def test_erased_changes_of_an_earlier_release_are_told(before: str) -> None:
    """By where the record is now."""
    with psycopg.connect(before, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO golden_records (golden_id, kind, state, version, revision, create_time)"
            " VALUES ('g', 'CONTACT', 'ERASED', 1, 1, now())"
        )
        connection.execute(
            "INSERT INTO records (source, source_record_id, kind, state, golden_id, version, revision,"
            " create_time, update_time, draft)"
            " VALUES ('crm', 'a/records/1', 'CONTACT', 'ERASED', 'g', 1, 1, now(), now(), '{}')"
        )
        connection.execute(
            "INSERT INTO changes (revision, ordinal, time, type, record, record_nos, subjects, digest)"
            " VALUES (1, 0, now(), 'RECORD_CREATED', 'sources/crm/records/a/records/1', '{1}', '{}', 'd')"
        )
    await migrate(before)
    async with open_store(before) as store:
        [change] = await store.read(lambda tx: tx.golden_changes("g", None, 10))
    assert (change.revision, change.erased) == (1, True)


async def test_an_erasure_leaves_word_of_every_golden_record_that_was_shown(office: Office) -> None:
    """A merge that showed the erased record is told of each of its golden records, as erased."""
    ids = await office.put(contact("1", email="a@x.example"), contact("2", email="b@x.example"))
    await office.merge(*ids)
    await office.erase("1")

    async def erased(tx: ReadTransaction) -> list[set[ChangeType]]:
        return [
            {change.draft.type for change in await tx.golden_changes(golden_id, None, 10) if change.erased}
            for golden_id in ids
        ]

    told = await office.store.read(erased)
    assert told == [{ChangeType.MERGED, ChangeType.RECORD_CREATED}, {ChangeType.MERGED}]
