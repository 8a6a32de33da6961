"""What holds for every pair of records."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import Entity, Verdict, prepare, score_many, score_pair, shipped_model
from scoring.pairs import match_probability
from tests.scoring.scored_records import (
    COMPANY_POOLS,
    PERSON_POOLS,
    Values,
    any_values,
    company,
    levels,
    score_values,
    values_of,
)

PEOPLE = values_of(PERSON_POOLS)
COMPANIES = values_of(COMPANY_POOLS)
# The field that each comparison looks at, where it is one field alone and no other comparison looks at it.
SINGLE_FIELDS = {
    Entity.PERSON: {
        "middle_name": "middle_name",
        "suffix": "suffix",
        "birth_date": "birth_date",
        "family_name": "family_name",
        "email": "email",
        "phone": "phone",
        "employer": "company_name",
        "tax_id": "tax_id",
        "customer_number": "customer_number",
        "given_name": "given_name",
    },
    Entity.COMPANY: {
        "company_name": "company_name",
        "phone": "phone",
        "tax_id": "tax_id",
        "registration_number": "registration_number",
        "customer_number": "customer_number",
        "website": "website",
    },
}


@given(any_values(), any_values())
def test_score_is_symmetric_and_finite(first: tuple[Values, Entity], second: tuple[Values, Entity]) -> None:
    """The order of the two sides changes no bit, and nothing overflows."""
    left, right = prepare(*first), prepare(*second)
    score = score_pair(left, right)
    assert score == score_pair(right, left)
    assert math.isfinite(score.match_weight_bits)
    assert 0 <= score.match_probability <= 1
    assert all(math.isfinite(one.weight_bits) for one in score.contributions)


@given(any_values(), any_values())
def test_contributions_add_up(first: tuple[Values, Entity], second: tuple[Values, Entity]) -> None:
    """The match weight is the prior and the contributions, nothing else, and the verdict follows from it."""
    score = score_pair(prepare(*first), prepare(*second))
    total = math.fsum([score.prior_bits, *[one.weight_bits for one in score.contributions]])
    assert score.match_weight_bits == total
    assert score.match_probability == match_probability(total)
    model = shipped_model()
    assert (score.verdict is Verdict.MATCH) == (score.match_probability >= model.match_threshold)
    assert (score.verdict is Verdict.NO_MATCH) == (score.match_probability < model.review_threshold)


@settings(max_examples=300)
@given(PEOPLE, PEOPLE, st.sampled_from(sorted(SINGLE_FIELDS[Entity.PERSON])))
def test_agreement_never_lowers_a_score_of_people(left: Values, right: Values, comparison: str) -> None:
    """A field that disagrees, made to agree, leaves the score as high or higher."""
    _agreeing_is_no_worse(left, right, comparison, Entity.PERSON)


@settings(max_examples=300)
@given(COMPANIES, COMPANIES, st.sampled_from(sorted(SINGLE_FIELDS[Entity.COMPANY])))
def test_agreement_never_lowers_a_score_of_companies(left: Values, right: Values, comparison: str) -> None:
    """A field that disagrees, made to agree, leaves the score as high or higher."""
    _agreeing_is_no_worse(left, right, comparison, Entity.COMPANY)


@given(PEOPLE, PEOPLE)
def test_agreeing_address_never_lowers_a_score(left: Values, right: Values) -> None:
    """An address that disagrees, made to agree as a whole, leaves the score as high or higher."""
    before = score_values(left, right, Entity.PERSON)
    if levels(before).get("address") not in ("different", "other_street", "other_unit"):
        return
    fields = ("street", "city", "postal_code")
    moved = {name: value for name, value in left.items() if name not in fields}
    moved |= {name: right[name] for name in fields if name in right}
    assert score_values(moved, right, Entity.PERSON).match_weight_bits >= before.match_weight_bits


@given(PEOPLE, PEOPLE)
def test_missing_values_say_nothing(left: Values, right: Values) -> None:
    """A comparison with a side missing adds no contribution; nothing in common leaves the prior."""
    nothing = score_pair(prepare(left, Entity.PERSON), prepare({}, Entity.PERSON))
    assert nothing.contributions == ()
    assert nothing.match_weight_bits == nothing.prior_bits
    one_sided = {name: value for name, value in right.items() if name not in left}
    assert "birth_date" not in levels(score_values(left, one_sided, Entity.PERSON))


@given(PEOPLE, st.lists(PEOPLE, max_size=5))
def test_score_many_gives_the_same_bits(query: Values, candidates: list[Values]) -> None:
    """Many candidates score as they do one by one, in their order."""
    first = prepare(query, Entity.PERSON)
    others = [prepare(one, Entity.PERSON) for one in candidates]
    assert score_many(first, others) == [score_pair(first, other) for other in others]


def test_probability_does_not_overflow() -> None:
    """Weights beyond any floating exponent are 0 or 1, and the two sides of 0 add up to 1."""
    assert match_probability(1e308) == 1.0
    assert match_probability(-1e308) < 1e-300
    assert match_probability(0.0) == 0.5
    assert math.isclose(match_probability(7.0) + match_probability(-7.0), 1.0)


def test_person_and_company_never_match() -> None:
    """Different entities are NO_MATCH, and the score says so."""
    person = prepare({"company_name": "Acme", "email": "jo@acme.com"}, Entity.PERSON)
    score = score_pair(person, company(company_name="Acme", email="jo@acme.com"))
    assert score.verdict is Verdict.NO_MATCH
    assert levels(score) == {"entity": "different"}


def test_evidence_carries_no_values() -> None:
    """What explains a score can be kept after the record was erased."""
    values = {"given_name": "Xanthippe", "family_name": "Quillfeather", "email": "xq@quill.example.net"}
    evidence = " ".join(
        one.evidence for one in score_values(values, values, Entity.PERSON).contributions
    ).casefold()
    assert not any(part in evidence for part in ("xanthippe", "quillfeather", "quill"))


def _agreeing_is_no_worse(left: Values, right: Values, comparison: str, entity: Entity) -> None:
    before = score_values(left, right, entity)
    field = SINGLE_FIELDS[entity][comparison]
    if field not in right or levels(before).get(comparison) not in ("different", "other", "same_domain"):
        return
    agreeing = left | {field: right[field]}
    after = score_values(agreeing, right, entity)
    assert after.match_weight_bits >= before.match_weight_bits
