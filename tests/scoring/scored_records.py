"""Records to score: factories for the examples, strategies for the properties; generated sets."""

from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from benchmarks.hard_crm import generate
from scoring import Comparable, Entity, PairScore, ScoringModel, prepare, score_pair, shipped_model
from scoring.resolution import resolve

Values = dict[str, str]

HOME: Values = {"street": "12 High St.", "city": "St. Albans", "postal_code": "AL1 2AB", "country": "GB"}
HOME_AGAIN: Values = {
    "street": "12 High Street",
    "city": "Saint Albans",
    "postal_code": "al12ab",
    "country": "UK",
}

GIVEN = ("Anna", "Bob", "Robert", "Jo", "María José", "Владимир", "王", "O'Neil", "Ann-Marie", "J.")
FAMILY = ("Smith", "Smyth", "Müller", "de la Cruz", "García López", "Nguyen", "Ng", "Πapas", "李", "Jr")
PERSON_POOLS: dict[str, tuple[str, ...]] = {
    "title": ("Mr", "Mrs", "Dr", "?"),
    "given_name": GIVEN,
    "middle_name": ("A.", "Maria", "Lee"),
    "family_name": FAMILY,
    "suffix": ("Jr.", "Sr", "III"),
    "birth_date": ("1980-04-03", "1980-03-04", "03.04.1980", "1955-01-01", "1955", "2001-12-31", "nonsense"),
    "email": ("bob@acme.com", "bob.smith@gmail.com", "bobsmith+x@gmail.com", "info@acme.com", "b@x"),
    "phone": ("+44 20 7946 0958", "020 7946 0958", "+1 800 555 0000", "+49 30 123456-0", "12"),
    "street": ("12 High St.", "12 High Street", "Hauptstr. 5", "PO Box 9", "12 High Street Flat 3"),
    "city": ("London", "St. Albans", "München", "Munich", "Leeds"),
    "postal_code": ("AL1 2AB", "al12ab", "80331", "90210-1234"),
    "company_name": ("Acme Ltd", "Acme Holdings", "ACME", "Beta GmbH"),
    "tax_id": ("GB 123 456 789", "123456789", "DE-99"),
    "customer_number": ("000123", "123", "C-77"),
}
COMPANY_POOLS: dict[str, tuple[str, ...]] = {
    "company_name": (
        "Acme Trading Ltd",
        "Acme Trading GmbH",
        "Trading, Acme",
        "Acme Trading Leeds Branch",
        "AT",
        "Acme Tradng",
        "Acme",
        "Zenith Foods Holdings",
        "株式会社東芝",
        "Inc.",
    ),
    "website": ("https://www.acme.co.uk/x", "acme.com", "facebook.com/acme", "zenith.de"),
    "email": ("info@acme.com", "jo@acme.com", "x@gmail.com"),
    "phone": PERSON_POOLS["phone"],
    "street": PERSON_POOLS["street"],
    "city": PERSON_POOLS["city"],
    "postal_code": PERSON_POOLS["postal_code"],
    "tax_id": PERSON_POOLS["tax_id"],
    "registration_number": ("HRB 1234", "hrb1234", "99"),
    "customer_number": PERSON_POOLS["customer_number"],
}
EVERYTHING: Values = {
    "given_name": "Bob",
    "middle_name": "Maria",
    "family_name": "Smith",
    "maiden_name": "Schmidt",
    "other_name": "Bobby Tables; Zylo",
    "suffix": "Jr",
    "gender": "f",
    "birth_date": "1980-04-03",
    "birth_place": "Leeds",
    "email": "bob.smith@acme.com",
    "phone": "+44 20 7946 0958",
    "mobile_phone": "+44 7700 900123",
    "street": "12 High St Flat 3",
    "city": "Leeds",
    "postal_code": "LS1 1AA",
    "region": "Yorkshire",
    "country": "GB",
    "company_name": "Acme Trading Leeds Branch Ltd",
    "website": "acme.com",
    "job_title": "Head of Sales",
    "industry": "Retail",
    "tax_id": "GB123456789",
    "national_id": "AB123456",
    "registration_number": "HRB 12345",
    "customer_number": "4711",
}
"""Every field that either entity has."""


def person(**values: str) -> Comparable:
    """A comparable of a person."""
    return prepare(values, Entity.PERSON)


def company(**values: str) -> Comparable:
    """A comparable of a company."""
    return prepare(values, Entity.COMPANY)


def score_values(left: Values, right: Values, entity: Entity) -> PairScore:
    """The score of two records given by their values."""
    return score_pair(prepare(left, entity), prepare(right, entity))


def levels(score: PairScore) -> dict[str, str]:
    """Comparison -> level reached."""
    return {one.comparison: one.level for one in score.contributions}


def values_of(pools: dict[str, tuple[str, ...]]) -> st.SearchStrategy[Values]:
    """Records of some of the fields, with values that often meet."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(pool) for name, pool in pools.items()})


def any_values() -> st.SearchStrategy[tuple[Values, Entity]]:
    """Records of any text at all, and of ordinary values."""
    wild = st.dictionaries(
        st.sampled_from(sorted({*PERSON_POOLS, *COMPANY_POOLS, "country"})), st.text(max_size=40)
    )
    people = st.tuples(values_of(PERSON_POOLS) | wild, st.just(Entity.PERSON))
    companies = st.tuples(values_of(COMPANY_POOLS) | wild, st.just(Entity.COMPANY))
    return people | companies


class LabelledRecords(NamedTuple):
    """Generated records, and of each the person or company that it describes."""

    comparables: tuple[Comparable, ...]
    clusters: tuple[str, ...]


@cache
def generated(entity: Entity, count: int, seed: int) -> LabelledRecords:
    """So many records of a hard CRM: households, namesakes, branches, moves, nicknames, slips."""
    crm = generate(entity, count, seed)
    return LabelledRecords(tuple(prepare(row, entity) for row in crm.records), tuple(crm.cluster_ids))


@cache
def trained_model() -> ScoringModel:
    """The shipped model trained on a few hundred generated people and companies."""
    people, companies = (generated(entity, 600, seed=11).comparables for entity in Entity)
    return resolve([*people, *companies]).model


def model_of(name: str) -> ScoringModel:
    """The model called "shipped", or "trained"."""
    return {"shipped": shipped_model, "trained": trained_model}[name]()
