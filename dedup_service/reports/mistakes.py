"""The worst mistakes: false links that the model is surest of, and true pairs that it is surest are none."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dedup_service.reports.records import Records
from scoring import PairScore, ScoringModel, score_pair
from scoring.evaluation.coverage import are_candidates
from scoring.evaluation.curves import Floats
from scoring.evaluation.metrics import Mask, Positions
from scoring.resolution import Resolution, score_pairs

MOST_SHOWN = 15
# One bad record is in many mistakes; more than this many of it show nothing new.
MOST_OF_A_RECORD = 2
_MOST_SCORED = 20_000


class Kind(StrEnum):
    """What went wrong with a pair."""

    FALSE_LINK = "false link"
    IN_ONE_CLUSTER = "in one cluster"
    MISSED = "missed link"
    NEVER_COMPARED = "never compared"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A pair that is judged wrongly: the positions of its records, and why the model says so."""

    kind: Kind
    left: int
    right: int
    score: PairScore


def find_mistakes(
    records: Records,
    resolution: Resolution,
    scored: tuple[Positions, Positions, Floats, Mask],
    true_pairs: tuple[Positions, Positions],
) -> tuple[Mistake, ...]:
    """The worst of each kind: false links, and false pairs below MATCH that clusters join, by falling weight;
    missed links by rising weight; true pairs never compared by falling weight.

    Each record appears in two of a kind at most. `scored` are left, right, weights and whether they are true.
    """
    left, right, weights, is_match = scored
    model = resolution.model
    taken = weights >= _bits(model.match_threshold)
    clusters = np.array(resolution.clusters, np.int64)
    false = np.flatnonzero(taken & ~is_match)
    joined = np.flatnonzero(~taken & ~is_match & (clusters[left] == clusters[right]))
    joined = joined[np.argsort(-weights[joined], kind="stable")]
    compared = are_candidates(resolution.left, resolution.right, left, right, len(records.ids))
    missed = np.flatnonzero(~taken & is_match & compared)
    false = false[np.argsort(-weights[false], kind="stable")]
    missed = missed[np.argsort(weights[missed], kind="stable")]
    true_left, true_right = true_pairs
    compared = are_candidates(resolution.left, resolution.right, true_left, true_right, len(records.ids))
    never = np.flatnonzero(~compared)[:_MOST_SCORED]
    never_left, never_right = true_left[never], true_right[never]
    bits = score_pairs(records.comparables, never_left, never_right, model=model)
    order = np.argsort(-bits, kind="stable")
    return (
        *_shown(records, model, Kind.FALSE_LINK, left[false], right[false]),
        *_shown(records, model, Kind.IN_ONE_CLUSTER, left[joined], right[joined]),
        *_shown(records, model, Kind.MISSED, left[missed], right[missed]),
        *_shown(records, model, Kind.NEVER_COMPARED, never_left[order], never_right[order]),
    )


def _shown(
    records: Records, model: ScoringModel, kind: Kind, left: Positions, right: Positions
) -> Iterator[Mistake]:
    of_record: Counter[int] = Counter()
    shown = 0
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        if max(of_record[one], of_record[other]) >= MOST_OF_A_RECORD:
            continue
        of_record.update((one, other))
        yield Mistake(
            kind, one, other, score_pair(records.comparables[one], records.comparables[other], model)
        )
        shown += 1
        if shown == MOST_SHOWN:
            return


def _bits(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))
