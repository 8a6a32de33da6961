"""From records to clusters in one call: candidates, outcomes, training without labels, weights, clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.calibration import expected_threshold
from scoring.comparables import Comparable, Entity
from scoring.model import (
    EntityModel,
    EntityParameters,
    ScoringModel,
    build_entity_model,
    shipped_model,
    with_match_threshold,
    with_parameters,
)
from scoring.resolution.candidates import Candidates, candidate_pairs
from scoring.resolution.chosen import fit_chosen
from scoring.resolution.expectation import Counted
from scoring.resolution.outcomes import Outcomes
from scoring.resolution.partition import partition
from scoring.resolution.processes import process_count
from scoring.resolution.training import train_parameters
from scoring.resolution.weights import Bits, probabilities, weigh, weigh_pairs

Positions = NDArray[np.int32]
# MATCH is to be right 99 times in 100. A model trained without labels is its own judge here, and on records
# made to be hard it was found up to half a point too sure of itself.
EXPECTED_PRECISION = 0.995
# Training sees so many candidate pairs at most.
TRAINING_PAIRS = 1_000_000
MIN_RECORDS = 2


@dataclass(frozen=True, slots=True)
class Resolution:
    """Scored candidate pairs (positions, left < right) and the cluster of each record, with the model that
    scored them. Where it was trained, its MATCH threshold is the shipped one or, where that is higher, the
    one from which on it expects `EXPECTED_PRECISION` of all pairs together to be right.
    """

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
    processes: int | None = None,
) -> Resolution:
    """The pairs and clusters of all records; people and companies apart. The same records and seed give the
    same answer, in any number of processes (None: one for each processor).
    """
    chosen = shipped_model() if model is None else model
    workers = process_count() if processes is None else processes
    found: list[tuple[Positions, Positions, Bits]] = []
    for entity in Entity:
        places = np.array([at for at, one in enumerate(records) if one.entity is entity], dtype=np.int32)
        if len(places) < MIN_RECORDS:
            continue
        mine = [records[at] for at in places]
        pairs = candidate_pairs(mine)
        parameters, bits = _weigh(mine, pairs, chosen.of(entity), seed if train else None, workers)
        if train:
            chosen = with_parameters(chosen, parameters)
        found.append((places[pairs.left], places[pairs.right], bits))
    left, right, bits = (np.concatenate(column) for column in zip(*found, strict=True)) if found else _NONE
    clusters = partition(len(records), left, right, bits)
    chances = probabilities(bits)
    if train:
        chosen = with_match_threshold(chosen, expected_threshold(chances, EXPECTED_PRECISION))
    return Resolution(chosen, left, right, bits, chances, clusters, len(left))


def _weigh(
    records: Sequence[Comparable], pairs: Candidates, model: EntityModel, seed: int | None, processes: int
) -> tuple[EntityParameters, Bits]:
    """The parameters, trained where a seed is given, and what each pair weighs under them."""
    outcomes = Outcomes(records, model)
    if seed is None:
        return model.parameters, weigh_pairs(outcomes, pairs.left, pairs.right, model, processes)
    sample = _training_sample(len(pairs.left), seed)
    codes = outcomes.compare(pairs.left[sample], pairs.right[sample], processes)
    scale = len(pairs.left) / max(1, len(sample))
    parameters = train_parameters(
        records, outcomes, codes, model.parameters, seed, scale=scale, processes=processes
    )
    trained = build_entity_model(parameters)
    bits = np.empty(len(pairs.left))
    bits[sample] = weigh(codes, outcomes.seen, trained)
    rest = np.delete(np.arange(len(bits)), sample)
    bits[rest] = weigh_pairs(outcomes, pairs.left[rest], pairs.right[rest], trained, processes)
    return parameters, bits


def _training_sample(count: int, seed: int) -> NDArray[np.int64]:
    """The candidate pairs that training sees."""
    if count <= TRAINING_PAIRS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, TRAINING_PAIRS, replace=False))


_NONE = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32), np.empty(0))


def score_pairs(
    records: Sequence[Comparable],
    left: Positions,
    right: Positions,
    *,
    model: ScoringModel | None = None,
    train: bool = False,
) -> Bits:
    """The match weight of each given pair, in bits; to the last bit that of `score_pair`. A person and a
    company weigh minus infinity.

    With `train`, the model is first fitted to these pairs as `chosen` describes: for a list that somebody
    made of pairs that look alike.
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
