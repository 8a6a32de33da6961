"""The inbox: the pending proposals that wait for one person, from the table `waiting_proposals`.

One scan of an index for each function of the person (and for the person, to whom proposals are escalated)
gives as many rows as a page needs, already in order; what they give together holds the page.
"""

from collections.abc import Collection, Sequence
from typing import LiteralString

from psycopg import sql

from dedup_service.workflows.pages import WaitingFor

# Filter fields that the table holds itself.
_HELD = frozenset({"type", "kind", "impact"})
# The shared columns are named once, so that conditions and keys mean the same with and without this.
_PROPOSALS = "JOIN proposals USING (proposal_id, type, kind, impact, impact_rank, due_time, create_time)"

_QUERY = """
SELECT page.*, proposals.body FROM (
    SELECT DISTINCT found.* FROM unnest(%s::text[]) AS asked (name)
    CROSS JOIN LATERAL (
        SELECT {columns} FROM waiting_proposals {proposals}
        WHERE waits_for = asked.name AND NOT %s = ANY(but_not_for) AND {where}
        ORDER BY {inner_order} LIMIT %s
    ) AS found
    ORDER BY {order} LIMIT %s
) AS page JOIN proposals ON proposals.proposal_id = page.{last}
ORDER BY {order}
"""


def query(
    key: Sequence[LiteralString], direction: sql.SQL, fields: Collection[str], where: sql.Composable
) -> sql.Composed:
    """The SQL of a page: the columns of the key, then the body. `fields` are those that `where` is about."""
    names = [sql.Identifier(f"key_{number}") for number in range(len(key))]
    return sql.SQL(_QUERY).format(
        columns=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.SQL(column), name) for column, name in zip(key, names, strict=True)
        ),
        proposals=sql.SQL("" if _HELD.issuperset(fields) else _PROPOSALS),
        where=where,
        inner_order=sql.SQL(", ").join(sql.SQL(column) + direction for column in key),
        order=sql.SQL(", ").join(name + direction for name in names),
        last=names[-1],
    )


def parameters(waiting_for: WaitingFor, values: Sequence[object], limit: int) -> list[object]:
    """The parameters of `query`; `values` are those of its `where`."""
    asked = [*waiting_for.functions, waiting_for.principal]
    return [asked, waiting_for.principal, *values, limit, limit]
