"""Values that are written into the SQL itself, so that PostgreSQL plans by them."""

from collections.abc import Sequence

from psycopg import sql


def literal(value: str | Sequence[str]) -> sql.Literal:
    """The value, or the array of values, for a query that is executed with parameters.

    There psycopg takes a percent sign for a parameter, in a quoted value as well: it is written twice.
    """
    if isinstance(value, str):
        return sql.Literal(value.replace("%", "%%"))
    return sql.Literal([each.replace("%", "%%") for each in value])
