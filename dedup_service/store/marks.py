"""Marks: the conditions that hold for a proposal, spelled as a filter spells them, in one indexed array.

Any conditions on marked fields are one question to one index (`store/migrations/0008_proposal_counts.sql`).
"""

from psycopg import sql

from dedup_service.store.literals import literal
from dedup_service.workflows.filters import Condition, Operator

# Those that no other column of `proposals` serves.
OF_PROPOSALS = frozenset({"verdict", "source", "owner"})
MARKED = OF_PROPOSALS | {
    "state",
    "open",
    "type",
    "kind",
    "impact",
    "proposer",
    "escalated",
    "missing_functions",
}


def condition_on_marks(condition: Condition) -> sql.Composable:
    """The condition on the column `marks`, for a field that is marked.

    The value is written into the SQL: by how many proposals have it PostgreSQL chooses between the index of
    marks and that of an order.
    """
    mark = literal(f"{condition.field}:{condition.value}")
    has = sql.SQL("marks @> ARRAY[{}]").format(mark)
    return sql.SQL("NOT ") + has if condition.operator is Operator.NOT_EQUALS else has
