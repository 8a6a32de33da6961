"""One scoring path: many pairs at once weigh what each of them weighs by itself, to the last bit."""

import itertools
import json
import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring import Comparable, Entity, ScoringModel, score_many, score_pair
from scoring.model import Comparison, EntityModel
from scoring.pairs import join_bits, match_probability
from scoring.resolution import resolve, score_pairs
from scoring.resolution.outcomes import Outcome, Outcomes
from scoring.resolution.weights import probabilities, weigh
from tests.scoring.scored_records import generated, model_of

PAIRS = 5_000


def random_pairs(count: int, seed: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs of two different positions, in any order of the two, with repetitions."""
    chance = np.random.default_rng(seed)
    left = chance.integers(0, count, PAIRS)
    right = (left + chance.integers(1, count, PAIRS)) % count
    return left.astype(np.int32), right.astype(np.int32)


def mixed_records() -> list[Comparable]:
    """People and companies in one list."""
    records = [
        *generated(Entity.PERSON, 600, 23).comparables,
        *generated(Entity.COMPANY, 400, 23).comparables,
    ]
    random.Random(23).shuffle(records)
    return records


@pytest.mark.parametrize("entity", list(Entity))
def test_many_pairs_weigh_what_each_does(model: ScoringModel, entity: Entity) -> None:
    """Thousands of pairs, true ones among them, get the very bits of score_pair."""
    records, clusters = generated(entity, 600, 23)
    left, right = random_pairs(len(records), 3)
    members: dict[str, list[int]] = {}
    for at, label in enumerate(clusters):
        members.setdefault(label, []).append(at)
    true = np.array([pair for same in members.values() for pair in itertools.combinations(same, 2)], np.int32)
    left, right = np.r_[left, true[:, 0]], np.r_[right, true[:, 1]]
    found = score_pairs(records, left, right, model=model)
    alone = [
        score_pair(records[one], records[other], model).match_weight_bits
        for one, other in zip(left.tolist(), right.tolist(), strict=True)
    ]
    assert found.tolist() == alone
    assert len(set(alone)) > 300


@pytest.mark.parametrize("entity", list(Entity))
def test_resolving_weighs_as_scoring_does(entity: Entity) -> None:
    """What resolve says of a pair, trained or not, is what score_pair says under its model."""
    records = generated(entity, 400, 24).comparables
    for train in (False, True):
        found = resolve(records, train=train)
        for one, other, bits, probability in zip(
            found.left.tolist(),
            found.right.tolist(),
            found.weights_bits.tolist(),
            found.probabilities.tolist(),
            strict=True,
        ):
            score = score_pair(records[one], records[other], found.model)
            assert score.match_weight_bits == bits
            assert score.match_probability == pytest.approx(probability, rel=1e-12)


def test_a_query_scores_as_a_pair_does(model: ScoringModel) -> None:
    """One record against many gives the bits of the same pairs in a batch."""
    records = generated(Entity.PERSON, 600, 23).comparables
    zero, others = np.zeros(300, np.int32), np.arange(1, 301, dtype=np.int32)
    batch = score_pairs(records, zero, others, model=model)
    scores = score_many(records[0], records[1:301], model)
    assert batch.tolist() == [score.match_weight_bits for score in scores]


def test_order_and_size_of_batches_change_nothing(model: ScoringModel) -> None:
    """Shuffled records, swapped sides and pairs handed over in pieces give the same bits."""
    records = mixed_records()
    left, right = random_pairs(len(records), 5)
    expected = score_pairs(records, left, right, model=model)
    place = np.array(random.Random(9).sample(range(len(records)), len(records)), np.int32)
    moved = [records[at] for at in np.argsort(place)]
    assert (score_pairs(moved, place[right], place[left], model=model) == expected).all()
    pieces = [
        score_pairs(records, left[start : start + 777], right[start : start + 777], model=model)
        for start in range(0, PAIRS, 777)
    ]
    assert (np.concatenate(pieces) == expected).all()


def test_outcomes_keep_their_codes_between_batches() -> None:
    """One Outcomes asked twice means the same by the same code, so that batches may be put together."""
    model = resolve(()).model.people
    records = generated(Entity.PERSON, 600, 23).comparables
    left, right = random_pairs(len(records), 7)
    outcomes = Outcomes(records, model)
    first = outcomes.compare(left[:100], right[:100])
    outcomes.compare(left, right)
    assert (outcomes.compare(left[:100], right[:100]) == first).all()


def test_a_person_and_a_company_weigh_what_they_do_by_themselves(model: ScoringModel) -> None:
    """A pair of a person and a company has the very bits of score_pair, which are finite."""
    person, company = (generated(entity, 400, 24).comparables[0] for entity in Entity)
    zero, one = np.array([0, 1], np.int32), np.array([1, 0], np.int32)
    found = score_pairs([person, company], zero, one, model=model)
    assert found.tolist() == [score_pair(person, company, model).match_weight_bits] * 2
    assert np.isfinite(found).all()


_RESOLVE = """
import json
from benchmarks.hard_crm import generate
from scoring import Entity, prepare
from scoring.resolution import resolve
records = [prepare(row, entity) for entity in Entity for row in generate(entity, 150, 31).records]
found = resolve(records)
print(json.dumps([found.left.tolist(), found.right.tolist(), found.weights_bits.tolist(), found.clusters]))
"""


def test_resolving_is_the_same_under_every_hash_seed() -> None:
    """Processes with different hash seeds train, weigh and cluster alike, to the last bit."""
    found = {
        subprocess.run(
            [sys.executable, "-c", _RESOLVE],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "4242")
    }
    assert len(found) == 1
    left, _, weights, clusters = json.loads(found.pop())
    assert len(left) == len(weights) > 300
    assert 2 < len(set(clusters)) < 300


def values_of(comparison: Comparison) -> list[str]:
    """Values of every frequency from the commonest to one in no table, the latter first."""
    tables = [level.frequencies for level in comparison.levels.values() if level.frequencies]
    ranked = sorted(tables[0], key=tables[0].__getitem__) if tables else []
    return ["", "zzyzx", *ranked[:: max(1, len(ranked) // 30)], *ranked[-1:]]


@st.composite
def raised_outcomes(draw: st.DrawFn, model: EntityModel) -> tuple[list[list[Outcome]], list[list[int]]]:
    """Any outcomes of a pair; the same with one comparison a level higher, for the same value."""
    seen: list[list[Outcome]] = []
    low, high = [], []
    raised = draw(st.integers(0, len(model.comparisons) - 1))
    for at, comparison in enumerate(model.comparisons):
        names = comparison.comparator.levels
        value = draw(st.sampled_from(values_of(comparison)))
        seen.append([Outcome("", ""), *(Outcome(name, value) for name in names)])
        level = draw(st.integers(2, len(names)) if at == raised else st.integers(0, len(names)))
        low.append(level)
        high.append(level - 1 if at == raised else level)
    return seen, [low, high]


@settings(max_examples=300, deadline=None)  # examples are large; a loaded machine takes its time
@given(data=st.data(), entity=st.sampled_from(Entity))
def test_more_agreement_never_lowers_a_score(model_name: str, data: st.DataObject, entity: Entity) -> None:
    """Whatever else two records agree on, a higher level of one comparison weighs no less, all alternatives
    considered.
    """
    chosen = model_of(model_name).of(entity)
    seen, codes = data.draw(raised_outcomes(chosen))
    low, high = weigh(np.array(codes, np.int32), seen, chosen).tolist()
    assert high >= low


BITS = st.floats(-600, 600).map(lambda bits: round(bits * 2**20) / 2**20)


@given(BITS, BITS)
def test_joining_is_the_same_in_either_order(first: float, second: float) -> None:
    """Against two kinds of pairs a match weighs no more than against either, and at most a bit less."""
    joined = join_bits(first, second)
    assert joined == join_bits(second, first)
    assert min(first, second) - 1 <= joined <= min(first, second)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_probabilities_stay_probabilities(weights: list[float]) -> None:
    """Weights of any size give numbers from 0 to 1, those of single pairs."""
    found = probabilities(np.array(weights))
    assert ((found >= 0) & (found <= 1)).all()
    assert found.tolist() == pytest.approx([match_probability(weight) for weight in weights], rel=1e-12)
