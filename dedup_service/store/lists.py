"""The paged lists: which fields each takes in a filter, how it is ordered, and the SQL of a page.

Pages go by key, not by offset: a page costs the same however far one has read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import sql

from dedup_service.store import inbox
from dedup_service.store.account_states import account_state_condition
from dedup_service.store.marks import MARKED, OF_PROPOSALS, condition_on_marks
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page

Key = tuple[tuple[LiteralString, LiteralString], ...]
SqlWithValues = tuple[sql.Composable, list[object]]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key of (column, type), all ascending or all descending: a page goes on by one row comparison."""

    key: Key
    descending: bool = False

    @property
    def direction(self) -> sql.SQL:
        return sql.SQL(" DESC" if self.descending else "")

    @property
    def after(self) -> sql.Composable:
        """The condition that a row stands behind the cursor given as parameters."""
        return sql.SQL("({}) {} ({})").format(
            sql.SQL(", ").join(sql.SQL(name) for name, _ in self.key),
            sql.SQL("<" if self.descending else ">"),
            sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(kind) for _, kind in self.key),
        )


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One list: what it selects, its orders (the first unless a page names one) and the SQL of its filters.

    `computed` are filter fields that are no column: they make their condition themselves. `always` is a
    condition that holds on every page. `marked` are fields that have no column but are marks.
    """

    select: LiteralString
    columns: LiteralString
    orders: Mapping[str, Order]
    fields: Mapping[str, LiteralString]
    arrays: frozenset[str] = field(default_factory=frozenset)
    computed: Mapping[str, Callable[[Condition, Page], SqlWithValues]] = field(default_factory=dict)
    always: SqlWithValues | None = None
    marked: frozenset[str] = field(default_factory=frozenset)

    def order(self, page: Page) -> Order:
        """The order of this page; one that the list does not have is a programming error (KeyError)."""
        return self.orders[page.order_by or next(iter(self.orders))]

    def build(self, page: Page, reach: inbox.Reach | None = None) -> tuple[sql.Composed, list[object]]:
        """The SQL and parameters of one page, asking for one row more than the page holds.

        `reach` is what the conditions leave of an inbox, where that is known.
        """
        order = self.order(page)
        parts, values = self.conditions(page)
        if page.after is not None:
            parts.append(order.after)
            values += page.after
        where = sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")
        if page.waiting_for is not None:
            fields = {condition.field for condition in page.conditions}
            key = [name for name, _ in order.key]
            composed = inbox.query(key, order.direction, fields, where, reach)
            return composed, inbox.parameters(page.waiting_for, values, page.size + 1)
        composed = sql.SQL("SELECT {}, {} FROM {} WHERE {} ORDER BY {} LIMIT %s").format(
            sql.SQL(", ").join(sql.SQL(name) for name, _ in order.key),
            sql.SQL(self.columns),
            sql.SQL(self.select),
            where,
            sql.SQL(", ").join(sql.SQL(name) + order.direction for name, _ in order.key),
        )
        return composed, [*values, page.size + 1]

    def conditions(self, page: Page) -> tuple[list[sql.Composable], list[object]]:
        """The conditions of a page and their parameters."""
        parts: list[sql.Composable] = []
        values: list[object] = []
        if self.always is not None:
            parts, values = [self.always[0]], [*self.always[1]]
        # An inbox holds marks instead of the columns.
        marked = self.marked if page.waiting_for is None else MARKED
        for condition in page.conditions:
            if condition.field in marked:
                parts.append(condition_on_marks(condition))
                continue
            if condition.field in self.computed:
                part, given = self.computed[condition.field](condition, page)
            else:
                part, given = self._condition(condition), [condition.value]
            parts.append(part)
            values += given
        return parts, values

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
    orders={"": Order((("source", "text"), ("source_record_id", "text")))},
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
    orders={"": Order((("golden_id", "text"),))},
    fields={"kind": "kind", "state": "state"},
    computed={"account_state": account_state_condition},
)
_CREATED: Key = (("create_time", "timestamptz"), ("proposal_id", "text"))
PROPOSALS = ListQuery(
    select="proposals",
    columns="body",
    orders={
        "create_time": Order(_CREATED),
        "create_time desc": Order(_CREATED, descending=True),
        "due_time": Order((("due_time", "timestamptz"), ("proposal_id", "text"))),
        # The rank counts below zero, so that all of the key ascends.
        "impact desc, due_time": Order(
            (("-impact_rank", "smallint"), ("due_time", "timestamptz"), ("proposal_id", "text"))
        ),
    },
    fields={
        "state": "state",
        "open": "open::text",
        "type": "type",
        "kind": "kind",
        "impact": "impact",
        "proposer": "proposer",
        "survivor": "'goldenRecords/' || survivor_id",
        "escalated": "(escalate_time IS NOT NULL)::text",
        "policy_version": "policy_version",
        "missing_functions": "missing_functions",
        "golden_record": "(SELECT array_agg('goldenRecords/' || g) FROM unnest(golden_ids) g)::text[]",
    },
    arrays=frozenset({"missing_functions", "golden_record"}),
    marked=OF_PROPOSALS,
)
MERGES = ListQuery(
    select="merges",
    columns="body",
    orders={"": Order((("execute_time", "timestamptz"), ("merge_id", "text")), descending=True)},
    fields={"state": "state", "survivor": "'goldenRecords/' || survivor_id"},
)
DISTINCTIONS = ListQuery(
    select="distinctions",
    columns="body",
    orders={"": Order((("create_time", "timestamptz"), ("distinction_id", "text")))},
    fields={
        "record": "(SELECT array_agg('sources/' || source || '/records/' || source_record_id)"
        " FROM distinction_records r WHERE r.distinction_id = distinctions.distinction_id)::text[]"
    },
    arrays=frozenset({"record"}),
)
DELEGATIONS = ListQuery(
    select="delegations",
    columns="body",
    orders={"": Order((("create_time", "timestamptz"), ("delegation_id", "text")))},
    fields={"delegator": "delegator", "delegate": "delegate"},
)
INTAKES = ListQuery(
    select="intakes",
    columns="time, caller, action, step, source, source_record_id, account, principal, function, team, queue,"
    " partner, rule, rung, policy_version",
    orders={"": Order((("revision", "bigint"), ("ordinal", "integer")), descending=True)},
    fields={
        "action": "action",
        "step": "step",
        "source": "source",
        "principal": "principal",
        "team": "team",
        "queue": "queue",
        "rule": "rule",
    },
)
POLICY_VERSIONS = ListQuery(
    select="policy_versions",
    columns="version, text, origin, author, comment, create_time, revision",
    orders={"": Order((("number", "bigint"),), descending=True)},
    fields={},
)
AUDIT = ListQuery(
    select="audit_entries",
    columns="time, actor, action, targets, detail, changes_digest, previous_hash, hash",
    orders={"": Order((("revision", "bigint"),))},
    fields={"actor": "actor", "action": "action", "target": "targets"},
    arrays=frozenset({"target"}),
)
