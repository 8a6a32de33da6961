"""From records to clusters in one call: candidates, outcomes, training without labels, weights, clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.calibration import expected_threshold
from scoring.comparables import Comparable, Entity
from scoring.model import (
    EntityModel,
    ScoringModel,
    build_entity_model,
    shipped_model,
    with_match_threshold,
    with_parameters,
)
from scoring.model_parameters import EntityParameters
from scoring.pairs import different_entities_bits
from scoring.resolution.candidates import Candidates, candidate_pairs
from scoring.resolution.chosen import fit_chosen
from scoring.resolution.copies import find_copies, follow_firsts, with_copies
from scoring.resolution.expectation import Counted
from scoring.resolution.level_bits import Bits
from scoring.resolution.outcomes import Outcomes
from scoring.resolution.partition import partition
from scoring.resolution.processes import in_parts, process_count
from scoring.resolution.scorer import Scorer
from scoring.resolution.training import EXPECTED_PRECISION, train_on_samples
from scoring.resolution.weights import probabilities, weigh

Positions = NDArray[np.int32]
# Training sees so many candidate pairs at most.
TRAINING_PAIRS = 1_000_000
MIN_RECORDS = 2


@dataclass(frozen=True, slots=True)
class Resolution:
    """Scored candidate pairs (positions, left < right) and the cluster of each record, with the model that
    scored them. Where it was trained, its MATCH threshold is the shipped one or, where that is higher, the
    one from which on it expects `EXPECTED_PRECISION` of all pairs together to be right.

    Of the entities in `doubtful` nothing was learned but how common values are and how strangers compare,
    because the trained model doubted its own matches (`are_doubtful`).
    """

    model: ScoringModel
    left: Positions
    right: Positions
    weights_bits: Bits
    probabilities: Bits
    clusters: list[int]
    candidate_count: int
    doubtful: frozenset[Entity] = frozenset()


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
    doubtful: set[Entity] = set()
    is_further_copy = np.zeros(len(records), dtype=np.bool_)
    for entity in Entity:
        places = np.array([at for at, one in enumerate(records) if one.entity is entity], dtype=np.int32)
        if len(places) < MIN_RECORDS:
            continue
        mine = [records[at] for at in places]
        copies = find_copies(mine)
        is_further_copy[places[copies.copies]] = True
        pairs = with_copies(candidate_pairs([mine[at] for at in copies.kept]), copies)
        if train:
            parameters, bits, is_doubtful = _train(mine, pairs, chosen.of(entity), seed, workers)
            chosen = with_parameters(chosen, parameters)
            doubtful |= {entity} if is_doubtful else set()
        else:
            bits = _weigh(mine, pairs.left, pairs.right, chosen.of(entity), workers)
        found.append((places[pairs.left], places[pairs.right], bits))
    left, right, bits = (np.concatenate(column) for column in zip(*found, strict=True)) if found else _NONE
    clusters = _clusters(left, right, bits, is_further_copy)
    chances = probabilities(bits)
    if train:
        least = expected_threshold(bits, chances, EXPECTED_PRECISION, chosen.match_threshold)
        chosen = with_match_threshold(chosen, least)
    return Resolution(chosen, left, right, bits, chances, clusters, len(left), frozenset(doubtful))


def _clusters(left: Positions, right: Positions, bits: Bits, is_further_copy: NDArray[np.bool_]) -> list[int]:
    """The cluster of each record. Further copies have no pair but that with their first, and follow it where
    they match; records without any value do not.
    """
    is_of_copy = is_further_copy[right]
    among = ~is_of_copy
    clusters = partition(len(is_further_copy), left[among], right[among], bits[among])
    following = is_of_copy & (bits > 0)
    return follow_firsts(clusters, left[following], right[following])


def _train(
    records: Sequence[Comparable], pairs: Candidates, model: EntityModel, seed: int, processes: int
) -> tuple[EntityParameters, Bits, bool]:
    """The trained parameters, what each pair weighs under them, and whether training was doubtful."""
    sample = _training_sample(len(pairs.left), seed)
    trained = train_on_samples(
        model,
        records,
        records,
        pairs.left[sample],
        pairs.right[sample],
        record_count=len(records),
        candidate_count=len(pairs.left),
        seed=seed,
        processes=processes,
    )
    rest = np.delete(np.arange(len(pairs.left)), sample)
    bits = np.empty(len(pairs.left))
    bits[sample] = trained.weights_bits
    fitted = build_entity_model(trained.parameters)
    bits[rest] = _weigh(records, pairs.left[rest], pairs.right[rest], fitted, processes)
    return trained.parameters, bits, trained.is_doubtful


def _weigh(
    records: Sequence[Comparable], left: Positions, right: Positions, model: EntityModel, processes: int
) -> Bits:
    """What each pair weighs, in bits."""
    bits = np.empty(len(left))
    if not len(left):
        return bits
    scorer = Scorer(model)
    fields = scorer.fields(records)

    def work(start: int, end: int) -> Bits:
        return scorer.weigh_fields(fields, left[start:end], right[start:end], -np.inf)

    for start, end, part in in_parts(work, len(left), processes):
        bits[start:end] = part
    return bits


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
    """The match weight of each given pair, in bits; to the last bit that of `score_pair`.

    With `train`, the model is first fitted to these pairs as `chosen` describes: for a list that somebody
    made of pairs that look alike.
    """
    chosen = shipped_model() if model is None else model
    bits = np.full(len(left), different_entities_bits(chosen))
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
