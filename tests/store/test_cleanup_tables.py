"""What the tables of cleanup jobs refuse by themselves, whatever a worker believes."""

from pathlib import Path

import psycopg
import pytest

from dedup_service.domain.cleanup.items import ItemStage
from tests.merge_desk import open_office
from tests.workflows.cleaning.clean_desk import CleanDesk, people


@pytest.fixture
async def run_id(database_url: str, redis_url: str, tmp_path: Path) -> str:
    """A run that ended, with two proposals and two merges."""
    async with open_office(database_url, redis_url) as office:
        desk = CleanDesk(office, tmp_path)
        await office.put(*people(2))
        run = await desk.run(await desk.job())
        assert await office.store.read(lambda tx: tx.count_cleanup_items(run.run_id, ItemStage.MERGED)) == 2
        return run.run_id


@pytest.mark.parametrize(
    "statement",
    [
        # A second run of a job beside one that is active.
        (
            "INSERT INTO cleanup_runs (run_id, job_id, state, create_time, body, progress)"
            " SELECT n, job_id, 'QUEUED', now(), body, progress FROM cleanup_runs, unnest(ARRAY['a', 'b']) n"
        ),
        # Running without a worker, and ended without an end.
        "UPDATE cleanup_runs SET state = 'RUNNING', end_time = NULL",
        "UPDATE cleanup_runs SET end_time = NULL",
        # A wish that nobody hears, and a wait without an end.
        "UPDATE cleanup_runs SET wish = 'PAUSE'",
        "UPDATE cleanup_runs SET state = 'WAITING', end_time = NULL",
        # Done without what was done, and one proposal or merge for two items.
        "UPDATE cleanup_items SET stage = 'MERGED', merge_id = NULL, merge_time = NULL",
        "UPDATE cleanup_items SET stage = 'PROPOSED', proposal_id = NULL",
        "UPDATE cleanup_items SET stage = 'SKIPPED'",
        "UPDATE cleanup_items SET proposal_id = (SELECT min(proposal_id) FROM proposals)",
        "UPDATE cleanup_items SET merge_id = (SELECT min(merge_id) FROM merges)",
        # What is paused comes due.
        "UPDATE cleanup_jobs SET paused = true, next_run_time = now()",
    ],
)
async def test_what_cannot_be_is_refused(statement: str, run_id: str, database_url: str) -> None:
    """The constraints hold for every writer."""
    assert run_id
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        with pytest.raises(psycopg.errors.IntegrityError):
            await connection.execute(statement.encode())


async def test_no_table_holds_a_value_of_a_record(run_id: str, database_url: str) -> None:
    """Ids, numbers and reasons alone: nothing that an erasure would have to find (E-4)."""
    assert run_id
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        for table in ("cleanup_jobs", "cleanup_runs", "cleanup_items"):
            rows = await (await connection.execute(f"SELECT t::text FROM {table} t".encode())).fetchall()
            said = str(rows).lower()
            assert not any(value in said for value in ("abendroth", "anna", "lindenweg", "berlin", "5550"))
