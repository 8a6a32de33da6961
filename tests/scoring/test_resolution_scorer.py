"""Batches of pairs weigh what each pair weighs by itself, to the last bit, wherever that counts."""

import gc
import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring import Comparable, Entity, ScoringModel, prepare, score_pair
from scoring.resolution.level_bits import LevelBits
from scoring.resolution.outcomes import Outcomes
from scoring.resolution.sampling import random_pairs
from scoring.resolution.scorer import Scorer
from scoring.resolution.weights import weigh
from tests.scoring.near_records import near_records
from tests.scoring.scored_records import any_values, generated, model_of, person

LEAST_BITS = -3.0
Sides = tuple[NDArray[np.int32], NDArray[np.int32]]


def all_pairs(records: list[Comparable]) -> Sides:
    """Every pair of records either way round, and each record with itself."""
    pairs = np.array(list(itertools.product(range(len(records)), repeat=2)), np.int32)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def alone(records: list[Comparable], sides: Sides, model: ScoringModel) -> list[float]:
    """What each pair weighs by itself."""
    pairs = zip(*(side.tolist() for side in sides), strict=True)
    return [score_pair(records[one], records[other], model).match_weight_bits for one, other in pairs]


def check(records: list[Comparable], sides: Sides, model: ScoringModel, least_bits: float) -> None:
    """Weigh the pairs, and compare with what each weighs alone."""
    scorer = Scorer(model.of(records[0].entity))
    found = scorer.weigh(records, *sides, least_bits).tolist()
    for bits, expected in zip(found, alone(records, sides, model), strict=True):
        assert bits == expected if expected > least_bits else bits <= least_bits


@settings(max_examples=250, deadline=None)  # examples are large; a loaded machine takes its time
@given(
    data=st.data(), entity=st.sampled_from(Entity), least_bits=st.sampled_from((-math.inf, LEAST_BITS, 8.0))
)
def test_near_records_weigh_what_they_do_alone(
    model_name: str, data: st.DataObject, entity: Entity, least_bits: float
) -> None:
    """Records of any values that have some in common, or nearly, weigh the bits of score_pair where these are
    above the least ones, and no more than the least ones elsewhere.
    """
    records = data.draw(near_records(entity))
    check(records, all_pairs(records), model_of(model_name), least_bits)


@settings(max_examples=100, deadline=None)  # as above
@given(
    values=st.lists(any_values(), min_size=2, max_size=5), least_bits=st.sampled_from((-math.inf, LEAST_BITS))
)
def test_prepared_records_weigh_what_they_do_alone(
    model_name: str, values: list[tuple[dict[str, str], Entity]], least_bits: float
) -> None:
    """So do records as they are prepared, of any text."""
    entity = values[0][1]
    records = [prepare(one, entity) for one, _ in values]
    check(records, all_pairs(records), model_of(model_name), least_bits)


@pytest.mark.parametrize("entity", list(Entity))
def test_thousands_of_hard_pairs_weigh_what_they_do_alone(model: ScoringModel, entity: Entity) -> None:
    """Pairs of a hard CRM, true ones and neighbours in the order of names, get the bits of score_pair, in
    batches that one scorer weighs in turn.
    """
    records, clusters = generated(entity, 1200, 41)
    by_cluster, by_name = (
        sorted(range(len(records)), key=key) for key in (clusters.__getitem__, records.__getitem__)
    )
    pairs = [
        (order[at], order[at + apart])
        for order in (by_cluster, by_name)
        for apart in (1, 2)
        for at in range(len(order) - apart)
    ]
    random.Random(41).shuffle(pairs)
    sides = np.array(pairs, np.int32)
    left, right = sides[:, 0].copy(), sides[:, 1].copy()
    scorer = Scorer(model.of(entity))
    expected = np.array(alone(list(records), (left, right), model))
    for start in range(0, len(pairs), 1500):
        part = slice(start, start + 1500)
        found = scorer.weigh(records, left[part], right[part], LEAST_BITS)
        likely = expected[part] > LEAST_BITS
        assert found[likely].tolist() == expected[part][likely].tolist()
        assert (found[~likely] <= LEAST_BITS).all()
    assert (expected > LEAST_BITS).sum() > 300
    assert (expected <= LEAST_BITS).sum() > 300


@pytest.mark.parametrize("entity", list(Entity))
def test_fields_are_read_once_for_many_batches(model: ScoringModel, entity: Entity) -> None:
    """Fields that several batches of pairs share give what reading them for each batch gives."""
    records = generated(entity, 400, 24).comparables
    scorer = Scorer(model.of(entity))
    fields = scorer.fields(records)
    for seed in (1, 2):
        left, right = random_pairs(len(records), seed, 4000)
        found = scorer.weigh_fields(fields, left, right, -math.inf)
        assert np.array_equal(found, scorer.weigh(records, left, right, -math.inf))


@pytest.mark.parametrize("entity", list(Entity))
def test_outcomes_weigh_what_the_scorer_says(model: ScoringModel, entity: Entity) -> None:
    """What training sees of pairs, batch after batch, weighs what the same pairs weigh."""
    records = generated(entity, 400, 24).comparables
    outcomes = Outcomes(records, model.of(entity))
    for seed in (1, 2):
        left, right = random_pairs(len(records), seed, 4000)
        found = weigh(outcomes.compare(left, right), outcomes.seen, model.of(entity))
        assert np.array_equal(found, Scorer(model.of(entity)).weigh(records, left, right, -math.inf))


def test_no_pairs_weigh_nothing(model: ScoringModel) -> None:
    """Without pairs, or without records, there are no weights."""
    none = np.empty(0, np.int32)
    for records in ([], [person(given_name="Ann")]):
        assert not len(Scorer(model.people).weigh(records, none, none, LEAST_BITS))


def test_records_without_values_weigh_the_prior(model: ScoringModel) -> None:
    """Of records that hold nothing there is nothing to say."""
    sides = np.array([0], np.int32), np.array([1], np.int32)
    found = Scorer(model.people).weigh([person(), person()], *sides, -math.inf)
    assert found.tolist() == [score_pair(person(), person(), model).match_weight_bits]


def test_garbage_is_collected_again_afterwards(model: ScoringModel) -> None:
    """Weighing leaves Python's collection of garbage as it was."""
    sides = np.array([0], np.int32), np.array([1], np.int32)
    records = [person(given_name="Ann", family_name="Lee")] * 2
    for is_on in (False, True):
        (gc.enable if is_on else gc.disable)()
        Scorer(model.people).weigh(records, *sides, LEAST_BITS)
        assert gc.isenabled() is is_on


@pytest.mark.parametrize("entity", list(Entity))
def test_values_weigh_what_the_levels_say(model: ScoringModel, entity: Entity) -> None:
    """The bits of levels for common, rare and unknown values, alone and in several forms, are those of the
    model.
    """
    for comparison in model.of(entity).comparisons:
        table = LevelBits(comparison, model.of(entity))
        levels = [comparison.levels[name] for name in comparison.comparator.levels]
        known = next((sorted(one.frequencies)[::50] for one in levels if one.frequencies), [])
        values = ["", "zzyzx", "a~b", "a|b", *known, *(f"{one}|zzyzx" for one in known)]
        values += [f"{one}~{other}" for one, other in itertools.pairwise(known)] + [
            f"{one} x" for one in known
        ]
        for number, level in enumerate(levels, 1):
            numbers = np.full(len(values), number, np.int8)
            found = table.weights(numbers, table.frequencies(numbers, values))
            assert found.tolist() == [level.weight_of(value) for value in values]
