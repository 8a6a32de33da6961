"""What a model refuses, and what the shipped one holds."""

import itertools

import pytest
from msgspec.structs import replace

from scoring import ModelError, Verdict, score_pair, shipped_model
from scoring.model import (
    MAX_WEIGHT_BITS,
    EntityParameters,
    LevelParameters,
    ScoringModel,
    build_model,
    parse_parameters,
)
from scoring.train import format_parameters
from tests.scoring.scored_records import person


def people() -> EntityParameters:
    """The shipped parameters of people."""
    return shipped_model().people.parameters


def rebuilt(parameters: EntityParameters) -> ScoringModel:
    """A model with these parameters for people."""
    return build_model(parameters, shipped_model().companies.parameters)


def with_level(comparison: str, level: str, **changes: float | str) -> EntityParameters:
    """The shipped parameters with one level changed."""

    def changed(one: LevelParameters) -> LevelParameters:
        return replace(one, **changes) if one.name == level else one

    comparisons = tuple(
        replace(one, levels=tuple(changed(each) for each in one.levels)) if one.name == comparison else one
        for one in people().comparisons
    )
    return replace(people(), comparisons=comparisons)


def test_shipped_weights_never_rise() -> None:
    """Every level weighs at most what the level above does, also where two sides are told apart."""
    model = shipped_model()
    for comparison in model.people.comparisons + model.companies.comparisons:
        levels = [comparison.levels[name] for name in comparison.comparator.levels]
        for above, below in itertools.pairwise(levels):
            assert above.weight_bits >= below.weight_bits
            assert above.shared_bits >= below.shared_bits


def test_most_agreement_speaks_for_and_least_against() -> None:
    """The first level of every comparison but the branch marks is positive, the last negative."""
    model = shipped_model()
    for comparison in model.people.comparisons + model.companies.comparisons:
        levels = [comparison.levels[name] for name in comparison.comparator.levels]
        assert levels[-1].weight_bits < 0
        assert levels[0].weight_bits > 0 or comparison.comparator.name == "branch"


def test_common_values_never_weigh_less_than_the_level_below() -> None:
    """Term frequencies move a weight only between its floor and the level below it."""
    given_name = shipped_model().people.comparisons[0].levels
    for name in ("john", "mary", "unheard of", ""):
        weight = given_name["exact"].weight_of(name)
        assert given_name["nickname"].weight_bits <= weight <= given_name["exact"].weight_bits
    assert given_name["exact"].weight_of("john") < given_name["exact"].weight_of("zebediah")


@pytest.mark.parametrize(
    "parameters",
    [
        with_level("email", "close", m=1.0, u=1e-9),
        with_level("email", "exact", m=0.0),
        with_level("email", "exact", u=1.5),
        with_level("email", "exact", shared=-0.1),
        with_level("email", "exact", shared=0.0),
        with_level("email", "exact", term_frequency="of nothing"),
        with_level("given_name", "exact", m=0.001, u=0.00001),
        with_level("email", "exact", name="precise"),
        replace(people(), comparisons=people().comparisons[1:]),
        replace(people(), match_threshold=0.5),
        replace(people(), prior_bits=float("nan")),
    ],
)
def test_senseless_parameters_are_refused(parameters: EntityParameters) -> None:
    """A model that would reward disagreement, or is incomplete, is never built."""
    with pytest.raises(ModelError):
        rebuilt(parameters)


def test_entities_have_their_places() -> None:
    """The parameters of people do not do for companies."""
    with pytest.raises(ModelError):
        build_model(shipped_model().companies.parameters, people())


def test_senseless_thresholds_are_refused() -> None:
    """REVIEW begins below MATCH, and both are probabilities."""
    companies = shipped_model().companies.parameters
    for match, review in ((0.2, 0.9), (1.0, 0.5), (0.9, 0.0)):
        with pytest.raises(ModelError):
            build_model(
                replace(people(), match_threshold=match, review_threshold=review),
                replace(companies, match_threshold=match, review_threshold=review),
            )


def test_parameters_round_trip() -> None:
    """A parameter file written and read again is the same; anything else is a ModelError."""
    assert parse_parameters(format_parameters(people())) == people()
    for data in (b"{}", b"[", b'{"version": 3}'):
        with pytest.raises(ModelError):
            parse_parameters(data)


def test_another_model_may_be_given() -> None:
    """A pair scored with a stricter model gets its verdict from that model."""
    companies = shipped_model().companies.parameters
    strict = build_model(
        replace(people(), match_threshold=0.999999, version="strict"),
        replace(companies, match_threshold=0.999999),
    )
    left = person(given_name="John", family_name="Smith", email="jsmith@acme.com")
    assert score_pair(left, left).verdict is Verdict.MATCH
    assert score_pair(left, left, strict).verdict is Verdict.REVIEW
    assert strict.version.startswith("strict")


def test_weights_are_bounded() -> None:
    """No parameters give a contribution beyond the bound."""
    model = rebuilt(with_level("tax_id", "same", m=1.0, u=1e-300))
    left = person(tax_id="12345")
    assert score_pair(left, left, model).contributions[0].weight_bits == MAX_WEIGHT_BITS
