"""From records to clusters in one call: candidates, outcomes, training without labels, weights, clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable, Entity
from scoring.model import EntityModel, EntityParameters, ScoringModel, build_entity_model, shipped_model
from scoring.resolution.candidates import candidate_pairs
from scoring.resolution.chosen import fit_chosen
from scoring.resolution.expectation import Counted, Strengths, fit_matches, fit_strangers, tidy
from scoring.resolution.frequencies import trained_frequencies
from scoring.resolution.outcomes import Outcomes
from scoring.resolution.partition import partition
from scoring.resolution.sampling import random_pairs
from scoring.resolution.weights import Bits, probabilities, weigh

Positions = NDArray[np.int32]
# Training sees so many candidate pairs at most.
TRAINING_PAIRS = 1_000_000
MIN_RECORDS = 2


@dataclass(frozen=True, slots=True)
class Resolution:
    """Scored candidate pairs (positions, left < right) and the cluster of each record."""

    model: ScoringModel
    left: Positions
    right: Positions
    weights_bits: Bits
    probabilities: Bits
    clusters: list[int]
    candidate_count: int


def resolve(
    records: Sequence[Comparable],
    *,
    model: ScoringModel | None = None,
    train: bool = True,
    seed: int = 1,
) -> Resolution:
    """The pairs and clusters of all records; people and companies apart. The same records and seed give the same
    answer.
    """
    chosen = shipped_model() if model is None else model
    found: list[tuple[Positions, Positions, Bits]] = []
    for entity in Entity:
        places = np.array([at for at, one in enumerate(records) if one.entity is entity], dtype=np.int32)
        if len(places) < MIN_RECORDS:
            continue
        mine = [records[at] for at in places]
        pairs = candidate_pairs(mine)
        outcomes = Outcomes(mine, chosen.of(entity))
        codes = outcomes.compare(pairs.left, pairs.right)
        if train:
            parameters = train_parameters(
                mine, outcomes, codes, chosen.of(entity).parameters, len(mine), seed
            )
            chosen = replace_entity(chosen, parameters)
        bits = weigh(codes, outcomes.seen, chosen.of(entity))
        found.append((places[pairs.left], places[pairs.right], bits))
    left, right, bits = (np.concatenate(column) for column in zip(*found, strict=True)) if found else _NONE
    clusters = partition(len(records), left, right, bits)
    return Resolution(chosen, left, right, bits, probabilities(bits), clusters, len(left))


_NONE = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32), np.empty(0))


def score_pairs(
    records: Sequence[Comparable],
    left: Positions,
    right: Positions,
    *,
    model: ScoringModel | None = None,
    train: bool = False,
) -> Bits:
    """The match weight of each given pair, in bits; to the last bit that of `score_pair`. A person and a company
    weigh minus infinity.

    With `train`, the model is first fitted to these pairs as `chosen` describes: for a list that somebody made of
    pairs that look alike.
    """
    chosen = shipped_model() if model is None else model
    bits = np.full(len(left), -np.inf)
    kinds = np.array([one.entity is Entity.COMPANY for one in records])
    for entity in Entity:
        is_company = entity is Entity.COMPANY
        at = np.flatnonzero((kinds[left] == is_company) & (kinds[right] == is_company))
        if not len(at):
            continue
        outcomes = Outcomes(records, chosen.of(entity))
        codes = outcomes.compare(left[at], right[at])
        entity_model = chosen.of(entity)
        if train:
            pairs = Counted(codes, outcomes.seen)
            entity_model = build_entity_model(fit_chosen(entity_model.parameters, pairs))
        bits[at] = weigh(codes, outcomes.seen, entity_model)
    return bits


def replace_entity(model: ScoringModel, parameters: EntityParameters) -> ScoringModel:
    """The model with other parameters for their entity."""
    from scoring.model import build_model  # noqa

    other = model.of(Entity.COMPANY if parameters.entity is Entity.PERSON else Entity.PERSON).parameters
    pair = (parameters, other) if parameters.entity is Entity.PERSON else (other, parameters)
    return build_model(*pair)


def train_parameters(
    records: Sequence[Comparable],
    outcomes: Outcomes,
    codes: NDArray[np.int32],
    prior: EntityParameters,
    population: int,
    seed: int,
    strengths: Strengths = Strengths(),
) -> EntityParameters:
    """The parameters fitted to these records and their candidate pairs, without labels."""
    tables, factors = trained_frequencies(records, prior)
    parameters = _with_frequencies(prior, tables, factors, population)
    left, right = random_pairs(len(records), seed)
    fresh = Outcomes(records, build_entity_model(parameters))
    strangers = Counted(fresh.compare(left, right), fresh.seen)
    parameters = fit_strangers(parameters, strangers, strengths.u)
    scale = 1.0
    if len(codes) > TRAINING_PAIRS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(codes), TRAINING_PAIRS, replace=False))
        scale, codes = len(codes) / TRAINING_PAIRS, codes[chosen]
    return fit_matches(
        parameters, Counted(codes, outcomes.seen), prior=parameters, strengths=strengths, scale=scale
    )


def _with_frequencies(
    prior: EntityParameters, tables: dict[str, dict[str, float]], factors: dict[str, float], population: int
) -> EntityParameters:
    comparisons = []
    for comparison in prior.comparisons:
        levels = tuple(
            msgspec.structs.replace(level, u=level.u * factors.get(level.term_frequency, 1.0))
            for level in comparison.levels
        )
        comparisons.append(msgspec.structs.replace(comparison, levels=levels))
    return tidy(
        msgspec.structs.replace(
            prior, comparisons=tuple(comparisons), term_frequencies=tables, population=population
        )
    )
