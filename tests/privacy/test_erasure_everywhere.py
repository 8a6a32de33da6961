"""After an erasure nothing that the API ever took about somebody can be read, wherever it was kept (E-4)."""

import io
import logging

import psycopg

from dedup_service.telemetry.logs import formatter
from tests.merge_desk import Office
from tests.privacy.scanning import Forms, in_database, in_index
from tests.privacy.somebody import MARKERS, NAME, Life
from tests.rpc.api import Api

# Where her life leaves something of her, so that the search is seen to find it.
_PLACES = {
    "records.draft",
    "records.comparable",
    "changes.payload",
    "request_answers.answer",
    "request_answers.digest",
    "request_answers.request_id",
    "votes.comment",
    "proposals.body",
    "merges.body",
    "distinctions.body",
    "delegations.body",
    "policy_versions.comment",
    "cleanup_jobs.body",
    "cleanup_runs.body",
    "pg_stats.histogram_bounds",
}


async def settled(office: Office) -> None:
    """The index is as far as the ledger."""
    assert await office.follower.wait_applied(await office.store.read(lambda tx: tx.head_revision()), 5)


async def test_nothing_of_her_is_left(api: Api, database_url: str, redis_url: str) -> None:
    """No column, no statistic of PostgreSQL, no key of Redis and no line of the log; the chain verifies."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter("json"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        life = Life(api)
        await life.live()
        forms = Forms.of(MARKERS, (await api.office.record("p")).draft, *life.sent)
        await settled(api.office)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("ANALYZE")
        before = in_database(database_url, forms)
        assert before >= _PLACES, _PLACES - before
        assert in_index(redis_url, forms)
        await api.office.erase("p", "asked for by letter")
        await settled(api.office)
        await api.office.store.tidy_after_erasures()
        assert in_database(database_url, forms) == set()
        assert in_index(redis_url, forms) == set()
        logged = stream.getvalue().encode()
        assert logged
        assert not forms.found_in(logged)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    verified = await api.office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert verified.holds, verified
    assert (await api.office.record("p")).name == NAME
