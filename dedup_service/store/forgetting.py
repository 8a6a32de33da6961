"""What is dropped by age, a piece at a time, and what is cleared away after erasures."""

from datetime import datetime

import psycopg

from dedup_service.domain.retention import Retention
from dedup_service.store.statements import statement

_PIECE = 5000
# From this version on PostgreSQL lets the statistics of a column be cleared.
_CLEARS_STATISTICS = 180_000
# Every table that an erasure empties a column of; their statistics quote values, too.
_TIDY = (
    "VACUUM (ANALYZE) records, lead_states, changes, request_answers, votes, proposals, waiting_proposals,"
    " proposal_groups, proposal_group_owners, merges, distinctions, delegations, policy_versions,"
    " cleanup_jobs, cleanup_runs, cleanup_items, intakes"
)


async def forget_old(
    connection: psycopg.AsyncConnection, retention: Retention, now: datetime
) -> dict[str, int]:
    """Drop what is older than it is kept; how many rows of each sort went, without those of which none did.

    Changes go as far as the ledger says that they are dropped, which a write has told the audit.
    """
    ages = {
        "drop_old_answers": retention.answers,
        "drop_old_intakes": retention.intakes,
        "forget_old_comments": retention.comments,
        "drop_old_cleanup_items": retention.runs,
    }
    dropped = {}
    for name, age in ages.items():
        if age is not None:
            dropped[name] = await _in_pieces(connection, name, now - age)
    for name in ("drop_old_changes", "forget_deleted_jobs"):
        dropped[name] = await _in_pieces(connection, name, now)
    return {name: count for name, count in dropped.items() if count}


async def _in_pieces(connection: psycopg.AsyncConnection, name: str, before: datetime) -> int:
    """Each piece is a transaction of its own; statements that take no limit are done with the first."""
    whole = 0
    while True:
        async with connection.transaction():
            if name == "forget_old_comments":
                # Whoever changes proposals changes their counts, which the ledger head guards.
                await connection.execute(statement("lock_head").encode())
            cursor = await connection.execute(statement(name).encode(), {"before": before, "limit": _PIECE})
            row = await cursor.fetchone()
        count = int(row[0]) if row is not None else 0
        whole += count
        if count < _PIECE:
            return whole


async def tidy_after_erasures(url: str) -> None:
    """Let PostgreSQL remove the dead rows of erasures and what its statistics quote of them.

    One process does so at a time; where there is nothing to do it asks one question.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await (await connection.execute(statement("untidied_erasures").encode())).fetchall()
        if not rows:
            return
        taken = await (await connection.execute(statement("tidying").encode())).fetchone()
        if taken == (True,):
            await connection.execute(_TIDY)
            if connection.info.server_version >= _CLEARS_STATISTICS:
                await connection.execute(statement("clear_statistics_of_empty").encode())
            await connection.execute(statement("erasures_tidied").encode(), [[row[0] for row in rows]])
