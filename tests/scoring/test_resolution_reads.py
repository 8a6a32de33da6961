"""Each comparator reads only the fields that it names, which batch work relies on."""

import itertools
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from scoring import Comparable, Entity, prepare
from scoring.comparators import Comparator, comparators
from tests.scoring.scored_records import EVERYTHING, Values, generated

NAMES = tuple(field.name for field in fields(Comparable))
# Fields that the generator seldom fills, and names that hang together in more ways than one.
FULL: list[Values] = [
    EVERYTHING | changes
    for changes in (
        {"other_name": "Bobby Tables; Acme Trading"},
        {"given_name": "Robert Maria", "family_name": "Smith Jones", "suffix": "", "company_name": "Zylo"},
        {"given_name": "Anna", "company_name": "Zenith Foods Leeds", "other_name": "Zylo; Bob Smith"},
        {"middle_name": "Bob", "city": "Zylo", "country": "US", "company_name": "Acme Trading Zylo"},
    )
]
CASES = [(entity, comparator) for entity in Entity for comparator in comparators(entity)]


@cache
def pairs(entity: Entity) -> list[tuple[Comparable, Comparable]]:
    """Pairs of one person or company, which agree in part, as many of two, and some with all fields."""
    records, clusters = generated(entity, 300, 23)
    ordered = sorted(range(len(records)), key=clusters.__getitem__)
    neighbours = [(records[one], records[other]) for one, other in itertools.pairwise(ordered)]
    full = [prepare(values, entity) for values in FULL]
    return neighbours + list(itertools.pairwise(records)) + list(itertools.permutations(full, 2)) * 50


@pytest.mark.parametrize(("entity", "comparator"), CASES, ids=[f"{one}-{two.name}" for one, two in CASES])
@settings(deadline=None)  # the first example makes the records
@given(data=st.data())
def test_other_fields_change_nothing(entity: Entity, comparator: Comparator, data: st.DataObject) -> None:
    """With every field that is not read taken from other records, a comparison says the same."""
    pair, donors = (data.draw(st.sampled_from(pairs(entity))) for _ in range(2))
    unread = [name for name in NAMES if name not in comparator.reads]
    swapped = [
        replace(record, **{name: getattr(donor, name) for name in unread})
        for record, donor in zip(pair, donors, strict=True)
    ]
    assert comparator.compare(*swapped) == comparator.compare(*pair)
