"""The durable state as plain rows, read with SQL of its own.

`StoreReader` reads again only what was written since it last looked, told by the transaction that wrote each
row: whoever wrote it, by whatever way. A row that is gone shows by the count of its table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import args_row

from tests.trust.checks.rows import (
    AnswerLine,
    AuditLine,
    ChangeLine,
    DelegationLine,
    DistinctionLine,
    GoldenLine,
    GroupLine,
    GroupOwnerLine,
    Head,
    MergedLine,
    MergeLine,
    PolicyLine,
    ProposalLine,
    RecordLine,
    VoteLine,
    WaitingLine,
)


@dataclass(frozen=True, slots=True)
class _Table:
    """How a table is read: its columns in the order of the line's, the first of which are its key."""

    name: str
    columns: str
    line: Callable[..., Any]
    key_columns: int = 1
    json_at: int | None = None

    def row(self, *values: Any) -> Any:
        if self.json_at is None:
            return self.line(*values)
        decoded = msgspec.json.decode(values[self.json_at])
        return self.line(*values[: self.json_at], decoded, *values[self.json_at + 1 :])


_TABLES = (
    _Table(
        "golden_records",
        "golden_id, kind, state, version, revision, create_time, coalesce(successor_id, ''), merge_id,"
        " choices::text",
        GoldenLine,
        json_at=8,
    ),
    _Table(
        "records",
        "record_no, source, source_record_id, kind, state, golden_id, version, revision, create_time,"
        " update_time, draft::text",
        RecordLine,
        json_at=10,
    ),
    _Table(
        "proposals",
        "proposal_id, state, type, kind, impact, verdict, proposer, missing_functions, escalated_to, voters,"
        " sources, owners, escalate_time, golden_ids, survivor_id, revision, create_time, body::text",
        ProposalLine,
        json_at=17,
    ),
    _Table(
        "votes",
        "vote_no, proposal_id, principal, function, on_behalf_of, decision, plan_hash, time, impact",
        VoteLine,
    ),
    _Table(
        "merges",
        "merge_id, proposal_id, survivor_id, state, revision, execute_time, body::text",
        MergeLine,
        json_at=6,
    ),
    _Table("merged_golden_records", "merge_id, golden_id, standing", MergedLine, key_columns=2),
    _Table(
        "changes",
        "revision, ordinal, time, type, record, record_nos, subjects, salt, payload, digest",
        ChangeLine,
        key_columns=2,
    ),
    _Table(
        "audit_entries",
        "revision, time, actor, action, targets, detail, changes_digest, previous_hash, hash",
        AuditLine,
    ),
    _Table(
        "request_answers", "principal, request_id, method, answer, create_time", AnswerLine, key_columns=2
    ),
    _Table("distinctions", "distinction_id, body::text", DistinctionLine, json_at=1),
    _Table("delegations", "delegation_id, revision, body::text", DelegationLine, json_at=2),
    _Table("policy_versions", "number, version, text, revision", PolicyLine),
    _Table(
        "proposal_groups",
        "group_key::text, marks, missing_functions, escalated_to, but_not_for, count",
        GroupLine,
    ),
    _Table("proposal_group_owners", "group_key::text, owner, count", GroupOwnerLine, key_columns=2),
    _Table("waiting_proposals", "proposal_id, waits_for, but_not_for, marks", WaitingLine, key_columns=2),
)
_COUNTS = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, " + ", ".join(
    f"(SELECT count(*) FROM {table.name})" for table in _TABLES
)


@dataclass(slots=True)
class Stored:
    """Every row by its key (a tuple where the key has several columns), and those last read, by table."""

    head: Head = field(default_factory=lambda: Head(0, "", 0))
    store_id: str = ""
    rows: dict[str, dict[Any, Any]] = field(default_factory=lambda: {table.name: {} for table in _TABLES})
    fresh: dict[str, list[Any]] = field(default_factory=dict)

    def of(self, table: str) -> dict[Any, Any]:
        return self.rows[table]

    @property
    def goldens(self) -> dict[str, GoldenLine]:
        return self.rows["golden_records"]

    @property
    def records(self) -> dict[int, RecordLine]:
        return self.rows["records"]

    @property
    def proposals(self) -> dict[str, ProposalLine]:
        return self.rows["proposals"]

    @property
    def merges(self) -> dict[str, MergeLine]:
        return self.rows["merges"]

    @property
    def audit(self) -> dict[int, AuditLine]:
        return self.rows["audit_entries"]

    @property
    def changes(self) -> dict[tuple[int, int], ChangeLine]:
        return self.rows["changes"]

    def members(self) -> dict[str, list[RecordLine]]:
        """The records of each golden record that has any."""
        found: dict[str, list[RecordLine]] = {}
        for record in self.records.values():
            found.setdefault(record.golden_id, []).append(record)
        return found

    def votes(self) -> dict[str, list[VoteLine]]:
        """The log of each proposal that anybody voted on, in the order of casting."""
        found: dict[str, list[VoteLine]] = {}
        for number in sorted(self.rows["votes"]):
            vote = self.rows["votes"][number]
            found.setdefault(vote.proposal_id, []).append(vote)
        return found


class StoreReader:
    """Keeps `stored` as the database is; each `read` is one snapshot, or the caller's transaction sees it."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._since = 0
        self.stored = Stored()

    async def read(self) -> Stored:
        """What is stored now."""
        if not await self._read_since(self._since):
            self.stored = Stored()
            if not await self._read_since(0):
                raise AssertionError("one snapshot counts other rows than it reads")
        return self.stored

    async def _read_since(self, since: int) -> bool:
        """Take up what was written since a transaction; False when rows have gone meanwhile."""
        connection, stored = self._connection, self.stored
        is_alone = connection.info.transaction_status is TransactionStatus.IDLE
        async with connection.transaction():
            if is_alone:
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            async with connection.pipeline():
                counted = await connection.execute(_COUNTS)
                head = await connection.execute(
                    "SELECT revision, hash, rules_no, store_id FROM ledger_head, store_identity"
                )
                asked = [await self._ask(table, since) for table in _TABLES]
                (self._since, *counts), named = await counted.fetchone() or (), await head.fetchone()
                assert named is not None, "the ledger has one head"
                stored.head, stored.store_id = Head(*named[:3]), named[3]
                for table, cursor in zip(_TABLES, asked, strict=True):
                    rows = await cursor.fetchall()
                    stored.fresh[table.name] = rows
                    width = table.key_columns
                    stored.rows[table.name].update(
                        (row[0] if width == 1 else tuple(row[:width]), row) for row in rows
                    )
        return counts == [len(stored.rows[table.name]) for table in _TABLES]

    async def _ask(self, table: _Table, since: int) -> psycopg.AsyncCursor[Any]:
        cursor = self._connection.cursor(row_factory=args_row(table.row))
        wanted = f"SELECT {table.columns} FROM {table.name} WHERE xmin::text::bigint >= %s"
        return await cursor.execute(wanted.encode(), [since])
