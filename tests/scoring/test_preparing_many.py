"""Records prepared by the column are what they are one by one."""

import gc
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hard_crm import generate
from scoring import Comparable, Entity, pack, prepare
from scoring.resolution.preparing import prepare_many
from tests.scoring.scored_records import EVERYTHING, Values, any_values

Case = tuple[Values, Entity]


def columns_of(rows: Sequence[Values]) -> dict[str, list[str]]:
    """The columns of records, of every field that one of them has."""
    fields = sorted({field for row in rows for field in row})
    return {field: [row.get(field, "") for row in rows] for field in fields}


def prepared(cases: Sequence[Case]) -> list[Comparable]:
    """The comparables of records of both entities, all at once."""
    return prepare_many(columns_of([values for values, _ in cases]), [entity for _, entity in cases])


def hard_cases() -> list[Case]:
    """5,000 records of people and companies, in turns."""
    people, companies = (generate(entity, 2500, 3).records for entity in (Entity.PERSON, Entity.COMPANY))
    pairs = zip(people, companies, strict=True)
    return [
        case for one, other in pairs for case in ((dict(one), Entity.PERSON), (dict(other), Entity.COMPANY))
    ]


@given(st.lists(any_values(), max_size=8))
def test_any_records_are_what_they_are_one_by_one(cases: list[Case]) -> None:
    """Whatever the records beside it, a record has the comparable that it has by itself."""
    if cases:
        assert prepared(cases) == [prepare(values, entity) for values, entity in cases]


def test_hard_records_are_what_they_are_one_by_one() -> None:
    """So have thousands of records with households, namesakes, slips and moves, to the byte."""
    cases = hard_cases()
    assert [pack(one) for one in prepared(cases)] == [pack(prepare(*case)) for case in cases]


@pytest.mark.parametrize("entity", Entity)
@pytest.mark.parametrize("left_out", sorted(EVERYTHING))
def test_no_field_is_forgotten(entity: Entity, left_out: str) -> None:
    """Every field counts as it does for one record, beside a record that has it and where none has."""
    without: Values = {field: value for field, value in EVERYTHING.items() if field != left_out}
    expected = prepare(without, entity)
    assert prepare_many(columns_of([without]), entity) == [expected]
    assert prepare_many(columns_of([without, EVERYTHING]), entity)[0] == expected


def test_a_full_or_other_name_stands_for_the_names() -> None:
    """Who has no name fields is read from a whole name; a company may be named so too."""
    rows: list[Values] = [
        {"full_name": "Lovelace, Ada"},
        {"other_name": "Ada King; Byron"},
        {"full_name": "Zylo Foods Ltd", "company_name": ""},
        {"full_name": "Zylo Foods Ltd", "company_name": "Acme t/a Beta"},
    ]
    for entity in Entity:
        assert prepare_many(columns_of(rows), entity) == [prepare(row, entity) for row in rows]


def test_one_kind_may_be_said_once() -> None:
    """Of records of one entity, the entity is said once or for each of them."""
    rows: list[Values] = [{"given_name": "Ada"}, {"given_name": "Bob"}]
    assert prepare_many(columns_of(rows), Entity.PERSON) == prepare_many(
        columns_of(rows), [Entity.PERSON, Entity.PERSON]
    )


def test_no_records_are_none() -> None:
    """Without columns, or with empty ones, nothing is prepared."""
    assert prepare_many({}, Entity.PERSON) == prepare_many({"email": []}, []) == []


def test_columns_of_unequal_lengths_are_refused() -> None:
    """A column that is longer than another, or than the entities, is an error and not cut."""
    with pytest.raises(ValueError, match="different lengths"):
        prepare_many({"email": ["a@b.example"], "phone": []}, Entity.PERSON)
    with pytest.raises(ValueError, match="different lengths"):
        prepare_many({"email": ["a@b.example"]}, [Entity.PERSON, Entity.COMPANY])


def test_values_without_end_cost_little() -> None:
    """Tens of thousands of combining marks, and names of a megabyte, are cut as they are for one record."""
    values = ["a" + "\u0301\u0327" * 20_000, "Ada " * 250_000, "1" * 1_000_000, "a@" * 500_000]
    columns = dict.fromkeys([*EVERYTHING, "full_name"], values)
    started = time.perf_counter()
    found = [prepare_many(columns, entity) for entity in Entity]
    assert time.perf_counter() - started < 2
    assert max(len(pack(one)) for several in found for one in several) < 20_000


@pytest.mark.parametrize("is_enabled", [True, False])
def test_garbage_is_collected_after_as_before(is_enabled: bool) -> None:
    """A batch leaves the collecting of garbage as it was, switched on or off."""
    was_enabled = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        prepare_many({"email": ["a@b.example"]}, Entity.PERSON)
        assert gc.isenabled() == is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
