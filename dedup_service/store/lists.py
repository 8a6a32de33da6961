"""The paged lists: which fields each takes in a filter, how it is ordered, and the SQL of a page.

Pages go by key, not by offset: a page costs the same however far one has read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import sql

from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.ports import Page


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One list: what it selects, its sort key (column, type) and the SQL of each filter field."""

    select: LiteralString
    columns: LiteralString
    key: tuple[tuple[LiteralString, LiteralString], ...]
    fields: Mapping[str, LiteralString]
    arrays: frozenset[str] = field(default_factory=frozenset)
    descending: bool = False

    def build(self, page: Page) -> tuple[sql.Composed, list[object]]:
        """The SQL and parameters of one page, asking for one row more than the page holds."""
        descending = self.descending or page.order_by.endswith(" desc")
        parts: list[sql.Composable] = []
        values: list[object] = []
        for condition in page.conditions:
            parts.append(self._condition(condition))
            values.append(condition.value)
        if page.after is not None:
            columns = sql.SQL(", ").join(sql.SQL(name) for name, _ in self.key)
            marks = sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(kind) for _, kind in self.key)
            than = sql.SQL("<" if descending else ">")
            parts.append(sql.SQL("({}) {} ({})").format(columns, than, marks))
            values.extend(page.after)
        direction = sql.SQL(" DESC" if descending else "")
        order = sql.SQL(", ").join(sql.SQL(name) + direction for name, _ in self.key)
        where = sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")
        composed = sql.SQL("SELECT {}, {} WHERE {} ORDER BY {} LIMIT %s").format(
            sql.SQL(", ").join(sql.SQL(name) for name, _ in self.key),
            sql.SQL(self.columns) + sql.SQL(" FROM ") + sql.SQL(self.select),
            where,
            order,
        )
        return composed, [*values, page.size + 1]

    def _condition(self, condition: Condition) -> sql.Composable:
        column = sql.SQL(self.fields[condition.field])
        if condition.field in self.arrays:
            has = sql.SQL("%s = ANY({})").format(column)
            return sql.SQL("NOT ") + has if condition.operator is Operator.NOT_EQUALS else has
        compare = sql.SQL("<>" if condition.operator is Operator.NOT_EQUALS else "=")
        return sql.SQL("{} {} %s").format(column, compare)


_RECORD_COLUMNS: LiteralString = (
    "record_no, state, golden_id, version, revision, create_time, update_time, draft"
)

RECORDS = ListQuery(
    select="records",
    columns=_RECORD_COLUMNS,
    key=(("source", "text"), ("source_record_id", "text")),
    fields={
        "kind": "kind",
        "source": "source",
        "state": "state",
        "golden_record": "'goldenRecords/' || golden_id",
    },
)
GOLDEN_RECORDS = ListQuery(
    select="golden_records",
    columns="golden_id",
    key=(("golden_id", "text"),),
    fields={"kind": "kind", "state": "state"},
)
PROPOSALS = ListQuery(
    select="proposals",
    columns="body",
    key=(("create_time", "timestamptz"), ("proposal_id", "text")),
    fields={
        "state": "state",
        "open": "open::text",
        "type": "type",
        "kind": "kind",
        "impact": "impact",
        "proposer": "proposer",
        "missing_functions": "missing_functions",
        "golden_record": "(SELECT array_agg('goldenRecords/' || g) FROM unnest(golden_ids) g)::text[]",
    },
    arrays=frozenset({"missing_functions", "golden_record"}),
)
MERGES = ListQuery(
    select="merges",
    columns="body",
    key=(("execute_time", "timestamptz"), ("merge_id", "text")),
    fields={"state": "state", "survivor": "'goldenRecords/' || survivor_id"},
    descending=True,
)
DISTINCTIONS = ListQuery(
    select="distinctions",
    columns="body",
    key=(("create_time", "timestamptz"), ("distinction_id", "text")),
    fields={
        "record": "(SELECT array_agg('sources/' || source || '/records/' || source_record_id)"
        " FROM distinction_records r WHERE r.distinction_id = distinctions.distinction_id)::text[]"
    },
    arrays=frozenset({"record"}),
)
AUDIT = ListQuery(
    select="audit_entries",
    columns="time, actor, action, targets, detail, changes_digest, previous_hash, hash",
    key=(("revision", "bigint"),),
    fields={"actor": "actor", "action": "action", "target": "targets"},
    arrays=frozenset({"target"}),
)
