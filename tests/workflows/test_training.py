"""Training fits what there is enough of, lets labels judge it, and is the same for the same seed."""

from datetime import UTC, datetime
from functools import cache

import pytest

from dedup_service.workflows.model_comparison import ComparisonVerdict, compare_on_labels
from dedup_service.workflows.training import LEAST_RECORDS, TrainedModel, TrainingSettings, train_model
from scoring import Comparable, Entity, ScoringModel, TrainingError, Verdict, prepare, shipped_model
from scoring.calibration import LEAST_LABELS, shifted
from scoring.model import build_model
from scoring.model_file import model_of
from scoring.resolution.training import MIN_POPULATION
from tests.workflows.training_records import Known, companies, label, labels, people

TIME = datetime(2026, 3, 4, tzinfo=UTC)
PEOPLE = people(300)


def ready(records: list[Known], entity: Entity = Entity.PERSON) -> list[Comparable]:
    return [prepare(one.values, entity) for one in records]


def moved(shift_bits: float) -> ScoringModel:
    """The shipped model with all weights of people higher by so many bits."""
    shipped = shipped_model()
    return build_model(shifted(shipped.people.parameters, shift_bits), shipped.companies.parameters)


@cache
def trained_without_labels() -> TrainedModel:
    return train_model(ready(PEOPLE), [], shipped_model(), TIME)


def test_too_few_records_train_nothing() -> None:
    """With too few people and too few companies there is nothing to fit."""
    few = ready(people(LEAST_RECORDS // 2 - 10))
    with pytest.raises(TrainingError, match="fewer than 200 records"):
        train_model(few, [], shipped_model(), TIME)


def test_companies_keep_the_shipped_parameters_where_only_people_are_many() -> None:
    """People are fitted to their own number; the few companies stay as shipped, and that is said."""
    records = ready(PEOPLE) + ready(companies(20), Entity.COMPANY)
    trained = train_model(records, [], shipped_model(), TIME)
    shipped = shipped_model()
    assert trained.file.companies == shipped.companies.parameters
    assert trained.file.people.population == MIN_POPULATION > len(PEOPLE)
    assert trained.file.people.term_frequencies != shipped.people.parameters.term_frequencies
    assert any(note.startswith("companies: 30 records are too few") for note in trained.notes)


def test_both_are_fitted_apart() -> None:
    """People and companies each learn from their own records."""
    records = ready(PEOPLE) + ready(companies(200), Entity.COMPANY)
    trained = train_model(records, [], shipped_model(), TIME)
    shipped = shipped_model()
    assert trained.file.people.comparisons != shipped.people.parameters.comparisons
    assert trained.file.companies.comparisons != shipped.companies.parameters.comparisons
    assert trained.file.origin == "trained on 2026-03-04 on 450 people and 300 companies"


@pytest.mark.proof
def test_the_same_seed_trains_the_same_model() -> None:
    """Records, labels, day and seed decide every bit of the model."""
    given = labels(PEOPLE, 120, 120)
    first, again = (train_model(ready(PEOPLE), given, shipped_model(), TIME) for _ in range(2))
    assert first.file == again.file
    other = train_model(ready(PEOPLE), given, shipped_model(), TIME, TrainingSettings(seed=2))
    assert other.file != first.file


def test_without_labels_nobody_says_that_it_is_better() -> None:
    """The verdict is UNKNOWN, and what would change is shown on the candidate pairs."""
    trained = trained_without_labels()
    assert trained.comparison.verdict is ComparisonVerdict.UNKNOWN
    [pairs] = trained.comparison.pairs
    assert sum(pairs.before.values()) == sum(pairs.after.values()) == pairs.sampled_count > 0
    assert pairs.histogram_before != pairs.histogram_after
    assert sum(pairs.histogram_before) == sum(pairs.histogram_after) == pairs.sampled_count
    assert all(was is not now for was, now in pairs.changed)
    gone = sum(count for (was, _), count in pairs.changed.items() if was is Verdict.MATCH)
    come = sum(count for (_, now), count in pairs.changed.items() if now is Verdict.MATCH)
    assert pairs.after[Verdict.MATCH] == pairs.before[Verdict.MATCH] - gone + come


def test_few_labels_move_nothing() -> None:
    """With too few of either kind the model is that of no labels, and the number is said."""
    few = labels(PEOPLE, LEAST_LABELS - 1, 200, mistaken=True)
    trained = train_model(ready(PEOPLE), few, shipped_model(), TIME)
    assert trained.file.people == trained_without_labels().file.people
    assert trained.comparison.verdict is ComparisonVerdict.UNKNOWN
    assert "people: 200 same and 49 different labels; 50 of both calibrate" in trained.notes


def likely_but_different(count: int) -> list[Known]:
    """Pairs that share name, city and date of birth, and are two people all the same."""
    found = []
    for one in people(count * 2, seed=5)[: count * 3 : 3]:
        shared = {name: one.values[name] for name in ("given_name", "family_name", "city", "birth_date")}
        found += [Known(shared, one.of), Known(shared, one.of)]
    return found


def test_labels_that_contradict_the_weights_lower_them() -> None:
    """Where stewards refuse what looks alike, all weights of people move down, those of companies not."""
    alike = likely_but_different(120)
    pairs = [label(a, b, is_same=False) for a, b in zip(alike[::2], alike[1::2], strict=True)]
    given = labels(PEOPLE, 120, 0) + pairs
    trained = train_model(ready(PEOPLE), given, shipped_model(), TIME)
    unlabelled = trained_without_labels()
    influence = trained.file.labels[Entity.PERSON]
    assert influence.applied_shift_bits < -0.5
    assert (influence.same_count, influence.different_count) == (60, 60)
    before, after = model_of(unlabelled.file), model_of(trained.file)
    assert after.people.prior_bits < before.people.prior_bits - 0.5
    assert after.companies.prior_bits == before.companies.prior_bits
    assert Entity.COMPANY not in trained.file.labels


def test_the_threshold_never_falls_below_the_shipped_one_for_few_labels() -> None:
    """A hundred right labels do not show the precision asked for, so the shipped threshold stays."""
    trained = train_model(ready(PEOPLE), labels(PEOPLE, 100, 100), shipped_model(), TIME)
    assert model_of(trained.file).match_threshold == shipped_model().match_threshold
    assert any("to show a precision of 0.99" in note for note in trained.notes)


def test_no_label_judges_the_model_that_it_calibrated() -> None:
    """Half of the labels of either kind calibrate, and the other half alone is what is measured on."""
    trained = train_model(ready(PEOPLE), labels(PEOPLE, 100, 120), shipped_model(), TIME)
    [measured] = trained.comparison.labels
    influence = trained.file.labels[Entity.PERSON]
    assert (influence.same_count, influence.different_count) == (50, 60)
    assert (measured.same_count, measured.different_count) == (50, 60)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (-12.0, 0.0, ComparisonVerdict.BETTER),
        (0.0, -12.0, ComparisonVerdict.WORSE),
        (0.0, 0.0, ComparisonVerdict.EVEN),
    ],
)
def test_labels_tell_the_better_model(before: float, after: float, verdict: ComparisonVerdict) -> None:
    """A model that misses duplicates by twelve bits is the worse one, whichever of the two is new."""
    given = labels(PEOPLE, 100, 100)
    [found] = compare_on_labels(given, moved(before), moved(after))
    assert found.verdict is verdict
    assert (found.after.f1 > found.before.f1) is (verdict is ComparisonVerdict.BETTER)
