"""Counts of proposals: from the groups of `proposal_groups` wherever they can tell, else by looking at each.

There is a row for each group of proposals that are alike in all that is counted by, so that a count
costs the same among a million. They cannot tell of single golden records, nor who owns what together.
"""

from collections.abc import Collection, Sequence

from psycopg import sql

from dedup_service.store import inbox
from dedup_service.store.lists import PROPOSALS
from dedup_service.store.literals import literal
from dedup_service.store.marks import MARKED, condition_on_marks
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page
from dedup_service.workflows.proposal_counts import ProposalCounts

_OWNER = "owner"
# Rows of (field and value, count); the first has neither field nor value, and counts all.
_TALLY = """
WITH counted AS MATERIALIZED ({counted})
SELECT '', coalesce(sum(count), 0)::bigint FROM counted
UNION ALL
SELECT mark, sum(count)::bigint FROM counted CROSS JOIN LATERAL unnest(marks) AS mark
WHERE split_part(mark, ':', 1) = ANY(%s) GROUP BY mark
"""
_OWNERS = """
UNION ALL
SELECT 'owner:' || owner, sum(shares.count)::bigint
FROM counted JOIN proposal_group_owners AS shares USING (group_key) GROUP BY owner
"""
_GROUPS = "SELECT group_key, marks, count FROM proposal_groups WHERE {where}"
_SHARES = (
    "SELECT marks, shares.count FROM proposal_groups JOIN proposal_group_owners AS shares USING (group_key)"
    " WHERE owner = {owner} AND {where}"
)
# As `inbox` has it, for the people and functions of a whole group.
_GROUP_WAITS = (
    "marks @> ARRAY['state:PENDING'] AND (%s = ANY(escalated_to)"
    " OR missing_functions && %s::text[] AND NOT %s = ANY(but_not_for))"
)
_EACH = "SELECT marks, 1 AS count FROM proposals WHERE {where}"
_EACH_WAITING = (
    "SELECT DISTINCT ON (proposal_id) marks, 1 AS count FROM waiting_proposals {proposals}"
    " WHERE waits_for = ANY(%s) AND NOT %s = ANY(but_not_for) AND {where}"
)


def query(page: Page, facets: Collection[str]) -> tuple[sql.Composed, list[object]]:
    """The SQL and parameters that count what all pages of this list hold; `counts_of` reads its rows."""
    by_owner = sql.SQL("")
    if not is_grouped(page.conditions, facets):
        counted, values = _each(page)
    else:
        counted, values = _groups(page)
        by_owner = sql.SQL(_OWNERS if _OWNER in facets else "")
    return sql.SQL(_TALLY).format(counted=counted) + by_owner, [*values, list(facets)]


def is_grouped(conditions: Sequence[Condition], facets: Collection[str] = ()) -> bool:
    """Whether the groups can tell, however many proposals there are."""
    if not MARKED.issuperset(condition.field for condition in conditions):
        return False
    owned = [condition for condition in conditions if condition.field == _OWNER]
    if not owned:
        return True
    return len(owned) == 1 and owned[0].operator is not Operator.NOT_EQUALS and _OWNER not in facets


def counts_of(rows: Sequence[Sequence[object]], facets: Collection[str]) -> ProposalCounts:
    """What the rows of `query` say."""
    counts: dict[str, dict[str, int]] = {facet: {} for facet in facets}
    total = 0
    for mark, count in rows:
        name, _, value = str(mark).partition(":")
        if not name:
            total = int(str(count))
        elif value:
            counts[name][value] = int(str(count))
    return ProposalCounts(total, counts)


def _groups(page: Page) -> tuple[sql.Composed, list[object]]:
    parts = [condition_on_marks(each) for each in page.conditions if each.field != _OWNER]
    values: list[object] = []
    if page.waiting_for is not None:
        parts.append(sql.SQL(_GROUP_WAITS))
        waiting = page.waiting_for
        values = [waiting.principal, list(waiting.functions), waiting.principal]
    owner = next((each.value for each in page.conditions if each.field == _OWNER), None)
    if owner is None:
        return sql.SQL(_GROUPS).format(where=_all_of(parts)), values
    return sql.SQL(_SHARES).format(owner=literal(owner), where=_all_of(parts)), values


def _each(page: Page) -> tuple[sql.Composed, list[object]]:
    parts, values = PROPOSALS.conditions(page)
    if page.waiting_for is None:
        return sql.SQL(_EACH).format(where=_all_of(parts)), values
    fields = {condition.field for condition in page.conditions}
    composed = sql.SQL(_EACH_WAITING).format(proposals=inbox.joined(fields), where=_all_of(parts))
    return composed, [inbox.asked_names(page.waiting_for), page.waiting_for.principal, *values]


def _all_of(parts: Sequence[sql.Composable]) -> sql.Composable:
    return sql.SQL(" AND ").join(parts) if parts else sql.SQL("true")
