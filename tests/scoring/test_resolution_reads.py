"""Each comparator reads only the fields that it names, which batch work relies on."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from scoring import Comparable, Entity, prepare
from scoring.comparators import Comparator, comparators
from tests.scoring.scored_records import COMPANY_POOLS, PERSON_POOLS, generated, values_of

NAMES = tuple(field.name for field in fields(Comparable))
CASES = [(entity, comparator) for entity in Entity for comparator in comparators(entity)]


def records(entity: Entity) -> st.SearchStrategy[Comparable]:
    """Generated records, and records made of values that often meet."""
    pools = PERSON_POOLS if entity is Entity.PERSON else COMPANY_POOLS
    made = values_of(pools).map(lambda values: prepare(values, entity))
    return st.deferred(lambda: st.sampled_from(generated(entity, 400, 24).comparables)) | made


@pytest.mark.parametrize(("entity", "comparator"), CASES, ids=lambda case: getattr(case, "name", None))
@settings(max_examples=60)
@given(data=st.data())
def test_other_fields_change_nothing(entity: Entity, comparator: Comparator, data: st.DataObject) -> None:
    """With every field that is not read taken from other records, a comparison says the same."""
    left, right, one, other = (data.draw(records(entity)) for _ in range(4))
    unread = [name for name in NAMES if name not in comparator.reads]
    swapped = [
        replace(record, **{name: getattr(donor, name) for name in unread})
        for record, donor in ((left, one), (right, other))
    ]
    assert comparator.compare(*swapped) == comparator.compare(left, right)


@pytest.mark.parametrize(("entity", "comparator"), CASES, ids=lambda case: getattr(case, "name", None))
def test_every_field_named_is_read(entity: Entity, comparator: Comparator) -> None:
    """No comparator names a field that it does not need: each makes some pair compare otherwise."""
    made = [prepare(values, entity) for values in FULL[entity]]
    pool = [*generated(entity, 400, 24).comparables, *made]
    chance = random.Random(1)
    needed = set()
    for _ in range(20_000):
        left, right, donor = chance.choice(pool), chance.choice(pool), chance.choice(pool)
        if chance.random() < 0.5:
            right = left
        name = chance.choice(comparator.reads)
        changed = replace(left, **{name: getattr(donor, name)})
        if name not in needed and comparator.compare(changed, right) != comparator.compare(left, right):
            needed.add(name)
            if len(needed) == len(comparator.reads):
                return
    assert needed == set(comparator.reads)


FULL = {
    Entity.PERSON: [
        {
            "given_name": given,
            "middle_name": "Maria",
            "family_name": family,
            "suffix": suffix,
            "other_name": "Bobby Tables; Bob Smith",
            "maiden_name": "Schmidt",
            "birth_place": "Leeds",
            "national_id": "AB123456",
            "tax_id": "12345678",
            "registration_number": "HRB 12345",
            "customer_number": "4711",
            "email": "info@acme.com",
            "phone": "+1 800 555 0000",
            "street": "12 High St Flat 3",
            "job_title": "Head of Sales",
            "company_name": company,
        }
        for given, family, suffix, company in (
            ("Bob", "Smith", "Jr", "Acme Leeds Branch"),
            ("Robert Maria", "Smith Jones", "", "Acme"),
            ("Anna", "Schmidt", "Sr", "Zenith Foods"),
        )
    ],
    Entity.COMPANY: [
        {
            "company_name": name,
            "other_name": "Zylo; Acme Trading",
            "industry": "Retail",
            "tax_id": "12345678",
            "registration_number": "HRB 12345",
            "customer_number": "4711",
            "email": "info@acme.com",
            "phone": "+1 800 555 0000",
            "street": "12 High St Flat 3",
            "city": "Leeds",
        }
        for name in ("Acme Trading Ltd", "Acme Trading Leeds", "Zenith Foods Holding")
    ],
}
