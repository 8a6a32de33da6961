"""The inbox: the pending proposals that wait for one person, from the table `waiting_proposals`.

One scan of an index for each function of the person (and for the person, to whom proposals are escalated)
gives as many rows as a page needs, already in order; what they give together holds the page. Where a filter
leaves few, they are looked up by their marks and sorted: in order, all the others would have to be passed by.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from dedup_service.store.marks import MARKED
from dedup_service.workflows.pages import WaitingFor

# What the table does not hold itself, for a filter that asks for it.
_PROPOSALS = """
    JOIN (SELECT proposal_id, survivor_id, golden_ids, policy_version FROM proposals) AS others
        USING (proposal_id)
"""

_QUERY = """
SELECT page.*, proposals.body FROM (
    SELECT DISTINCT found.* FROM unnest(%s::text[]) AS asked (name)
    CROSS JOIN LATERAL (
        SELECT {columns} FROM (
            SELECT * FROM waiting_proposals {proposals}
            WHERE {waits} AND NOT %s = ANY(but_not_for) AND {where}
            {fence}
        ) AS waiting
        ORDER BY {inner_order} LIMIT %s
    ) AS found
    ORDER BY {order} LIMIT %s
) AS page JOIN proposals ON proposals.proposal_id = page.{last}
ORDER BY {order}
"""


# So many are looked up and sorted in the time of some page-fuls.
_FEW = 5000


@dataclass(frozen=True, slots=True)
class Reach:
    """What the conditions of a page leave of an inbox: how many, and the highest rank of their impacts."""

    count: int
    top_rank: int


def query(
    key: Sequence[LiteralString],
    direction: sql.SQL,
    fields: Collection[str],
    where: sql.Composable,
    reach: Reach | None,
) -> sql.Composed:
    """The SQL of a page: the columns of the key, then the body. `fields` are those that `where` is about."""
    fence, waits = "", "waits_for = asked.name"
    if reach is not None and reach.count <= _FEW:
        fence, waits = "OFFSET 0", "marks @> ARRAY['waits_for:' || asked.name]"
    elif reach is not None and key[0] == "-impact_rank":
        # What is weightier than anything that is left need not be passed by.
        where = sql.SQL("{} AND -impact_rank >= {}").format(where, sql.Literal(-reach.top_rank))
    names = [sql.Identifier(f"key_{number}") for number in range(len(key))]
    return sql.SQL(_QUERY).format(
        columns=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.SQL(column), name) for column, name in zip(key, names, strict=True)
        ),
        proposals=joined(fields),
        where=where,
        fence=sql.SQL(fence),
        waits=sql.SQL(waits),
        inner_order=sql.SQL(", ").join(sql.SQL(column) + direction for column in key),
        order=sql.SQL(", ").join(name + direction for name in names),
        last=names[-1],
    )


def joined(fields: Collection[str]) -> sql.SQL:
    """The join that conditions on these fields need beside `waiting_proposals`."""
    return sql.SQL("" if MARKED.issuperset(fields) else _PROPOSALS)


def parameters(waiting_for: WaitingFor, values: Sequence[object], limit: int) -> list[object]:
    """The parameters of `query`; `values` are those of its `where`."""
    return [asked_names(waiting_for), waiting_for.principal, *values, limit, limit]


def asked_names(waiting_for: WaitingFor) -> list[str]:
    """What a proposal may wait for when it waits for this person: `waits_for` of its row."""
    return [*waiting_for.functions, waiting_for.principal]
