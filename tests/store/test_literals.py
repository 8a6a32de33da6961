"""Values in the SQL itself, of queries that have parameters beside."""

import pytest
from psycopg import sql

from dedup_service.store.literals import literal


@pytest.mark.parametrize("value", ["50% renewals", "%s", "%%", "it's %(a)s", ""])
def test_a_percent_sign_is_no_parameter(value: str) -> None:
    """psycopg writes every one of them twice, so that what is executed has the value as it is."""
    written = literal(value).as_string()
    assert written.replace("%%", "%") == sql.Literal(value).as_string()
    assert written.count("%") == 2 * value.count("%")


def test_each_value_of_an_array_is_so_too() -> None:
    """An array is written as its values are."""
    assert literal(["a%", "b"]).as_string().count("%") == 2
