"""What holds for every pair of records."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import (
    Contribution,
    Entity,
    PairScore,
    Verdict,
    prepare,
    score_likely,
    score_many,
    score_pair,
)
from scoring.model import MAX_WEIGHT_BITS
from scoring.pairs import match_probability
from tests.scoring.scored_records import (
    COMPANY_POOLS,
    PERSON_POOLS,
    Values,
    any_values,
    company,
    levels,
    model_of,
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


@given(first=any_values(), second=any_values())
def test_score_is_symmetric_and_finite(
    model_name: str, first: tuple[Values, Entity], second: tuple[Values, Entity]
) -> None:
    """The order of the two sides changes no bit, and nothing overflows."""
    left, right = prepare(*first), prepare(*second)
    model = model_of(model_name)
    score = score_pair(left, right, model)
    assert score == score_pair(right, left, model)
    assert math.isfinite(score.match_weight_bits)
    assert 0 <= score.match_probability <= 1
    assert all(abs(one.weight_bits) <= MAX_WEIGHT_BITS for one in compared(score))


@given(first=any_values(), second=any_values())
def test_contributions_add_up(
    model_name: str, first: tuple[Values, Entity], second: tuple[Values, Entity]
) -> None:
    """The match weight is the prior and the contributions, to the last bit and in any order; the verdict
    follows from it.
    """
    model = model_of(model_name)
    score = score_pair(prepare(*first), prepare(*second), model)
    total = score.prior_bits
    for one in reversed(score.contributions):
        total += one.weight_bits
    assert score.match_weight_bits == total
    assert score.match_probability == match_probability(total)
    assert (score.verdict is Verdict.MATCH) == (score.match_probability >= model.match_threshold)
    assert (score.verdict is Verdict.NO_MATCH) == (score.match_probability < model.review_threshold)


@given(any_values(), any_values())
def test_other_reasons_to_agree_only_take_off(
    first: tuple[Values, Entity], second: tuple[Values, Entity]
) -> None:
    """Households, colleagues, namesakes: none of them ever makes a match likelier."""
    score = score_pair(prepare(*first), prepare(*second))
    assert all(one.weight_bits < 0 for one in score.contributions if one not in compared(score))


@settings(max_examples=200)
@given(PEOPLE, PEOPLE, st.sampled_from(sorted(SINGLE_FIELDS[Entity.PERSON])))
def test_agreement_never_lowers_a_score_of_people(left: Values, right: Values, comparison: str) -> None:
    """A field that disagrees, made to agree, leaves the score as high or higher."""
    _agreeing_is_no_worse(left, right, comparison, Entity.PERSON)


@settings(max_examples=200)
@given(COMPANIES, COMPANIES, st.sampled_from(sorted(SINGLE_FIELDS[Entity.COMPANY])))
def test_agreement_never_lowers_a_score_of_companies(left: Values, right: Values, comparison: str) -> None:
    """A field that disagrees, made to agree, leaves the score as high or higher."""
    _agreeing_is_no_worse(left, right, comparison, Entity.COMPANY)


@given(PEOPLE, PEOPLE)
def test_agreeing_address_never_lowers_a_score(left: Values, right: Values) -> None:
    """An address that disagrees, made to agree as a whole, leaves the score as high or higher."""
    before = score_values(left, right, Entity.PERSON)
    if "different" not in (levels(before).get("street"), levels(before).get("place")):
        return
    fields = ("street", "city", "postal_code")
    if any(name in left and name not in right for name in fields):
        return
    moved = left | {name: right[name] for name in fields if name in right}
    assert score_values(moved, right, Entity.PERSON).match_weight_bits >= before.match_weight_bits


@given(PEOPLE, PEOPLE)
def test_missing_values_say_nothing(left: Values, right: Values) -> None:
    """A comparison with a side missing adds no contribution; nothing in common leaves the prior, but for the
    few pairs that are neither matches nor strangers.
    """
    nothing = score_pair(prepare(left, Entity.PERSON), prepare({}, Entity.PERSON))
    assert compared(nothing) == []
    assert nothing.match_weight_bits == pytest.approx(nothing.prior_bits, abs=0.01)
    one_sided = {name: value for name, value in right.items() if name not in left}
    assert "birth_date" not in levels(score_values(left, one_sided, Entity.PERSON))


@pytest.mark.parametrize("title", ["Mr", "Dr", "Don", "Prof. Dr.", "Herr", ""])
@pytest.mark.parametrize("name", ["DON W CRANDELL", "Don", "Prince Dr Don", "de la Don"])
def test_names_that_begin_with_a_title_are_read(title: str, name: str) -> None:
    """A word that may be a title or a name leaves a name, whatever title stands in its own field."""
    read = prepare({"full_name": name, "title": title}, Entity.PERSON)
    assert read.given or read.family


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


def compared(score: PairScore) -> list[Contribution]:
    """The contributions of comparisons, without those of the other reasons to agree."""
    return [one for one in score.contributions if one.level != "possible"]


def _agreeing_is_no_worse(left: Values, right: Values, comparison: str, entity: Entity) -> None:
    before = score_values(left, right, entity)
    field = SINGLE_FIELDS[entity][comparison]
    if field not in right or levels(before).get(comparison) not in ("different", "other", "same_domain"):
        return
    agreeing = left | {field: right[field]}
    after = score_values(agreeing, right, entity)
    if levels(before) | {comparison: ""} != levels(after) | {comparison: ""}:
        # The value also stood for another one: a middle name, say, that was the other's given name.
        return
    assert after.match_weight_bits >= before.match_weight_bits


@given(query=any_values(), others=st.lists(any_values(), max_size=8), least=st.floats(0, 1))
def test_the_likely_are_those_of_all_that_are_as_likely(
    model_name: str, query: tuple[Values, Entity], others: list[tuple[Values, Entity]], least: float
) -> None:
    """What is left early would have scored below the least probability, to the last bit."""
    model, one = model_of(model_name), prepare(*query)
    candidates = [prepare(*query), *(prepare(*other) for other in others)]
    scores = score_many(one, candidates, model)
    assert [score for _, score in score_likely(one, candidates, model)] == scores
    expected = [(at, score) for at, score in enumerate(scores) if score.match_probability >= least]
    assert score_likely(one, candidates, model, least) == expected
