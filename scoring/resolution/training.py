"""The parameters of a model from records without labels: frequencies, strangers, then matches and
alternatives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from scoring.calibration import expected_threshold
from scoring.comparables import Comparable
from scoring.model import EntityModel, build_entity_model
from scoring.model_parameters import EntityParameters
from scoring.resolution.expectation import Counted, Shares, Strengths, fit_matches, fit_strangers, tidy
from scoring.resolution.frequencies import floor_factor, trained_frequencies
from scoring.resolution.level_bits import Bits
from scoring.resolution.outcomes import Outcomes, Positions
from scoring.resolution.peoples import peoples
from scoring.resolution.sampling import random_pairs
from scoring.resolution.weights import probabilities, weigh

# A small file is a part of a larger world: two records alone do not make everybody of one name the same.
MIN_POPULATION = 1000
# MATCH is to be right 99 times in 100. A model trained without labels is its own judge here, and on records
# made to be hard it was found up to half a point too sure of itself.
EXPECTED_PRECISION = 0.995
_STRENGTHS = Strengths()
# Fewer expected matches are no sign of anything.
_LEAST_EXPECTED = 20.0
_MOST_TO_SURE = 3.0


@dataclass(frozen=True, slots=True)
class Trained:
    """The parameters fitted to samples of records and candidate pairs, and what the sampled pairs weigh under
    them.

    Where training is doubtful (`are_doubtful`), nothing was learned but how common values are and how
    strangers compare. `match_threshold` is the one before or, where that is higher, the probability from
    which on `EXPECTED_PRECISION` of all pairs together are expected to be right.
    """

    parameters: EntityParameters
    is_doubtful: bool
    weights_bits: Bits
    match_threshold: float


def train_on_samples(
    model: EntityModel,
    strangers: Sequence[Comparable],
    pair_records: Sequence[Comparable],
    left: Positions,
    right: Positions,
    *,
    record_count: int,
    candidate_count: int,
    seed: int,
    processes: int = 1,
) -> Trained:
    """The model of one entity fitted without labels to `record_count` records with `candidate_count`
    candidate pairs, of which samples are at hand: records drawn at random, by which it is told how common
    values are and how strangers compare; and candidate pairs drawn at random, as positions among the records
    that they hold. Where all records are at hand, both may be the same sequence.

    The same samples and seed give the same answer. Cost: some 10 us for each record and each pair.
    """
    outcomes = Outcomes(pair_records, model)
    of_strangers = outcomes if strangers is pair_records else Outcomes(strangers, model)
    codes = outcomes.compare(left, right, processes)
    prior = model.parameters
    known = _knowing_strangers(strangers, of_strangers, prior, record_count, seed, processes)
    scale = candidate_count / max(1, len(left))
    pairs = Counted(codes, outcomes.seen)
    fitted = fit_matches(known, pairs, prior=known, strengths=_STRENGTHS, scale=scale)
    bits = weigh(codes, outcomes.seen, build_entity_model(fitted))
    is_doubtful = are_doubtful(probabilities(bits), prior.match_threshold, scale)
    if is_doubtful:
        fitted = known
        bits = weigh(codes, outcomes.seen, build_entity_model(fitted))
    least = expected_threshold(bits, probabilities(bits), EXPECTED_PRECISION, prior.match_threshold)
    return Trained(fitted, is_doubtful, bits, least)


def _knowing_strangers(
    records: Sequence[Comparable],
    outcomes: Outcomes,
    prior: EntityParameters,
    record_count: int,
    seed: int,
    processes: int,
) -> EntityParameters:
    """The parameters with how common values are among these records, and how strangers compare."""
    scale = max(1.0, record_count / max(1, len(records)))
    tables, factors = trained_frequencies(records, prior, scale=scale)
    parameters = _with_frequencies(prior, tables, factors, max(record_count, MIN_POPULATION))
    left, right = random_pairs(len(records), seed)
    counted = Counted(outcomes.compare(left, right, processes), outcomes.seen)
    return msgspec.structs.replace(
        fit_strangers(parameters, counted, _STRENGTHS.u),
        peoples=peoples(records, outcomes, (left, right), seed),
    )


def are_doubtful(chances: Shares, match_threshold: float, scale: float = 1.0) -> bool:
    """Whether a trained model, by the match probabilities it gives to candidates of which each stands for
    `scale`, has taken for matches
    what is none: most of the matches that it expects, it expects among pairs that it is not sure of.

    On labelled sets one in three is the most of those. Where records hold hardly more than a name, there is
    nothing by which to learn how matches differ from strangers, and the number of matches grows and grows.
    """
    expected = scale * float(chances.sum())
    sure = scale * float(chances[chances >= match_threshold].sum())
    return expected >= _LEAST_EXPECTED and expected > _MOST_TO_SURE * sure


def _with_frequencies(
    prior: EntityParameters,
    tables: dict[str, dict[str, float]],
    factors: Mapping[str, float],
    population: int,
) -> EntityParameters:
    comparisons = []
    for comparison in prior.comparisons:
        levels = tuple(
            msgspec.structs.replace(level, u=level.u * floor_factor(level, factors))
            for level in comparison.levels
        )
        comparisons.append(msgspec.structs.replace(comparison, levels=levels))
    return tidy(
        msgspec.structs.replace(
            prior, comparisons=tuple(comparisons), term_frequencies=tables, population=population
        )
    )
