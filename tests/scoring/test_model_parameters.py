"""What a model refuses, and what the shipped one holds."""

import itertools

import pytest
from msgspec.structs import replace

from scoring import ModelError, Verdict, score_pair, shipped_model
from scoring.model import MAX_WEIGHT_BITS, EntityModel, ScoringModel, build_model
from scoring.model_parameters import EntityParameters, LevelParameters, format_parameters, parse_parameters
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


def with_chances(comparison: str, alternative: str, *chances: float) -> EntityParameters:
    """The shipped parameters with an alternative's probabilities of one comparison changed."""
    comparisons = tuple(
        replace(one, alternatives=one.alternatives | {alternative: chances})
        if one.name == comparison
        else one
        for one in people().comparisons
    )
    return replace(people(), comparisons=comparisons)


def with_per_match(per_match: float) -> EntityParameters:
    """The shipped parameters with another number of pairs of the first alternative."""
    first, *others = people().alternatives
    return replace(people(), alternatives=(replace(first, per_match=per_match), *others))


def entities(model: ScoringModel) -> tuple[EntityModel, EntityModel]:
    return model.people, model.companies


def test_weights_never_rise(model: ScoringModel) -> None:
    """Every level weighs at most what the level above does, against strangers and each alternative."""
    for entity in entities(model):
        for comparison in entity.comparisons:
            levels = [comparison.levels[name] for name in comparison.comparator.levels]
            for above, below in itertools.pairwise(levels):
                assert above.weight_bits >= below.weight_bits
                for higher, lower in zip(above.against, below.against, strict=True):
                    assert (higher is None) == (lower is None)
                    assert higher is None or lower is None or higher >= lower


def test_every_weight_is_bounded(model: ScoringModel) -> None:
    """No level weighs more than the bound in either direction, against anything, for any value."""
    for entity in entities(model):
        for comparison in entity.comparisons:
            for level in comparison.levels.values():
                bits = [level.weight_bits, level.weight_of(""), level.weight_of("unheard of"), *level.against]
                assert all(abs(one) <= MAX_WEIGHT_BITS for one in bits if one is not None)


def test_most_agreement_speaks_for_and_least_against() -> None:
    """Against strangers the first level of every comparison is positive, the last negative."""
    for entity in entities(shipped_model()):
        for comparison in entity.comparisons:
            levels = [comparison.levels[name] for name in comparison.comparator.levels]
            assert levels[0].weight_bits > 0 > levels[-1].weight_bits


def test_alternatives_explain_what_they_stand_for() -> None:
    """A household is likelier than strangers to share a street, and leaves less of its weight; and so on."""
    for entity, alternative, comparison in (
        (shipped_model().people, "household", "street"),
        (shipped_model().people, "household", "family_name"),
        (shipped_model().people, "colleague", "employer"),
        (shipped_model().people, "namesake", "given_name"),
        (shipped_model().people, "neighbour", "place"),
        (shipped_model().companies, "group", "website"),
        (shipped_model().companies, "other_branch", "company_name"),
        (shipped_model().companies, "namesake", "company_name"),
        (shipped_model().companies, "neighbour", "street"),
    ):
        at = [one.name for one in entity.alternatives].index(alternative)
        levels = next(one for one in entity.comparisons if one.comparator.name == comparison).levels
        top = levels[list(levels)[-1]]
        against = top.against[at]
        assert against is not None
        assert against < top.weight_bits / 2


def test_common_values_never_weigh_less_than_the_level_below() -> None:
    """Term frequencies move a weight only between its floor and the level below it."""
    given_name = shipped_model().people.comparisons[0].levels
    for name in ("john", "mary", "unheard of", ""):
        weight = given_name["exact"].weight_of(name)
        assert given_name["swapped"].least_bits <= weight <= given_name["exact"].weight_bits
    assert given_name["exact"].weight_of("john") < given_name["exact"].weight_of("zebediah")


HOUSEHOLD_MAIL = tuple(people().comparisons[7].alternatives["household"])


@pytest.mark.parametrize(
    "parameters",
    [
        with_level("email", "close", m=1.0, u=1e-9),
        with_level("email", "exact", m=0.0),
        with_level("email", "exact", u=1.5),
        with_level("email", "exact", term_frequency="of nothing"),
        with_level("given_name", "exact", m=0.001, u=0.00001),
        with_level("email", "exact", name="precise"),
        with_chances("email", "household", *HOUSEHOLD_MAIL[1:]),
        with_chances("email", "household", 0.0, *HOUSEHOLD_MAIL[1:]),
        with_chances("email", "household", 1.1, *HOUSEHOLD_MAIL[1:]),
        with_chances("email", "household", 1.0, *HOUSEHOLD_MAIL[1:]),
        with_chances("email", "lodger", *HOUSEHOLD_MAIL),
        with_per_match(0.0),
        with_per_match(float("inf")),
        with_per_match(float("nan")),
        replace(people(), comparisons=people().comparisons[1:]),
        replace(people(), match_threshold=0.5),
        replace(people(), matches_per_record=float("nan")),
        replace(people(), matches_per_record=-1.0),
        replace(people(), population=0),
    ],
)
def test_senseless_parameters_are_refused(parameters: EntityParameters) -> None:
    """A model that would reward disagreement, or is incomplete, is never built."""
    with pytest.raises(ModelError):
        rebuilt(parameters)


def test_an_entitys_parameters_are_not_anothers() -> None:
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


def test_parameters_round_trip(model: ScoringModel) -> None:
    """A parameter file written and read again is the same."""
    for entity in entities(model):
        assert parse_parameters(format_parameters(entity.parameters)) == entity.parameters


def test_other_files_are_no_parameters() -> None:
    """What is not of the shape of a parameter file is a ModelError."""
    unknown = format_parameters(people()).replace(b'"version"', b'"vorsion"', 1)
    for data in (b"{}", b"[", b'{"version": 3}', unknown):
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


def test_extreme_parameters_do_not_overflow() -> None:
    """m and u as far apart as floats go give the bound and no more."""
    model = rebuilt(with_level("tax_id", "same", m=1.0, u=1e-300))
    left = person(tax_id="12345")
    assert score_pair(left, left, model).contributions[0].weight_bits == MAX_WEIGHT_BITS
    model = rebuilt(with_level("tax_id", "different", m=1e-300, u=1.0))
    score = score_pair(left, person(tax_id="98766"), model)
    assert score.contributions[0].weight_bits == -MAX_WEIGHT_BITS
    assert 0 <= score.match_probability < 1e-9


def test_no_value_turns_levels_round(model: ScoringModel) -> None:
    """However common a value is, agreeing on it weighs no less at a level than at the level below."""
    for comparison in (one for entity in entities(model) for one in entity.comparisons):
        levels = [comparison.levels[name] for name in comparison.comparator.levels]
        for above, below in itertools.pairwise(levels):
            if above.frequencies is not None and above.frequencies is below.frequencies:
                lighter = [
                    value for value in above.frequencies if above.weight_of(value) < below.weight_of(value)
                ]
                assert lighter == [], f"{comparison.comparator.name}: {above.name} below {below.name}"
