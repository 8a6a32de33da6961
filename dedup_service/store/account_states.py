"""Which live accounts finance knows (domain 4.3), as a condition on `golden_records`.

It says what `domain.leads.account_state` computes, in SQL and for one filter: a list cannot read all accounts
to find the few that are provisional. What counts as blank must be spelled as in the index that serves it.
"""

from psycopg import sql

from dedup_service.domain.records import AccountState
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page

# What Python's str.strip takes away.
BLANKS = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

# A scalar is looked up golden record by golden record, in the order of the list. EXISTS may become a join of
# all accounts: one that ran for a minute where a bulk load had left PostgreSQL without statistics.
_ACTIVE_ACCOUNT = (
    "(SELECT true FROM records r WHERE r.golden_id = golden_records.golden_id"
    " AND r.kind = 'ACCOUNT' AND r.state = 'ACTIVE'{} LIMIT 1)"
)
_NUMBERED_BY = " AND btrim(r.draft -> 'values' ->> 'customer_number', {}) <> '' AND r.source = ANY(%s)"
_LIVE_ACCOUNT = sql.SQL("kind = 'ACCOUNT' AND state = 'LIVE'")


def account_state_condition(condition: Condition, page: Page) -> tuple[sql.Composable, list[object]]:
    """The condition and its parameters; a live account is mastered or provisional, so != means the other."""
    wanted = (condition.value == AccountState.MASTERED) is (condition.operator is not Operator.NOT_EQUALS)
    mastered = sql.SQL(_ACTIVE_ACCOUNT).format(sql.SQL(_NUMBERED_BY).format(sql.Literal(BLANKS)))
    parts: list[sql.Composable] = [_LIVE_ACCOUNT, mastered]
    if not wanted:
        parts = [
            _LIVE_ACCOUNT,
            mastered + sql.SQL(" IS NULL"),
            sql.SQL(_ACTIVE_ACCOUNT).format(sql.SQL("")),
        ]
    return sql.SQL(" AND ").join(parts), [list(page.master_sources)]
