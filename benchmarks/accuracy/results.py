"""The figures of one contestant on one set."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.accuracy.contestants import Run
from benchmarks.accuracy.labelled import LabelledSet
from benchmarks.accuracy.measure import (
    AtThreshold,
    Figures,
    b_cubed,
    best_components,
    best_labelled,
    best_pairs,
    labelled_at,
    largest,
    pair_count,
    pairs_at,
    pairwise,
    reached,
)

MATCH_PROBABILITY = 0.95


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; a figure that the set or the contestant cannot give is None.

    `f1`, `precision` and `recall` are those of the contestant's own outcome: its clusters where it makes
    any, else its pairs at its default threshold. `best_f1` is the highest over all thresholds, of pairs or
    of their connected components, chosen by looking at the truth: an upper bound, not a result.
    """

    set_name: str
    contestant: str
    version: str = ""
    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    best_f1: float | None = None
    best_threshold: float | None = None
    best_of: str = ""
    right: float | None = None
    best_right: float | None = None
    match_precision: float | None = None
    match_recall: float | None = None
    b_cubed_f1: float | None = None
    largest_cluster: int | None = None
    compared_recall: float | None = None
    pairs_per_record: float | None = None
    seconds: float = 0.0
    peak_mib: float = 0.0
    kept_from: str = ""
    failure: str = ""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SetFacts:
    """What a set is: its size and its truth."""

    name: str
    record_count: int
    true_pair_count: int
    largest_true_cluster: int | None
    licence: str
    notes: str
    results: list[Result] = field(default_factory=list)


def facts(labelled: LabelledSet) -> SetFacts:
    """The size of a set and of its truth."""
    truth = labelled.cluster_labels()
    known = truth[truth >= 0]
    pairs = sum(1 for pair in labelled.pairs if pair.same) if labelled.is_pairs else pair_count(known)
    return SetFacts(
        labelled.name,
        len(labelled.records),
        pairs,
        None if labelled.is_pairs else largest(known),
        labelled.licence,
        labelled.notes,
    )


def result_of(labelled: LabelledSet, run: Run) -> Result:
    """The figures of a run."""
    return _of_pairs(labelled, run) if labelled.is_pairs else _of_clusters(labelled, run)


def _of_clusters(labelled: LabelledSet, run: Run) -> Result:
    truth = labelled.cluster_labels()
    outcome = (
        pairwise(truth, run.clusters)
        if run.clusters is not None
        else pairs_at(truth, run.pairs, run.threshold)
    )
    best, best_of = _best(
        (best_pairs(truth, run.pairs), "pairs"),
        (best_components(truth, run.pairs), "components"),
        (AtThreshold(run.threshold, outcome), "default"),
    )
    matches = pairs_at(truth, run.pairs, MATCH_PROBABILITY)
    return Result(
        labelled.name,
        run.contestant,
        run.version,
        outcome.f1,
        outcome.precision,
        outcome.recall,
        best.figures.f1,
        best.threshold,
        best_of,
        match_precision=matches.precision,
        match_recall=matches.recall,
        b_cubed_f1=b_cubed(truth, run.clusters).f1 if run.clusters is not None else None,
        largest_cluster=largest(run.clusters) if run.clusters is not None else None,
        compared_recall=reached(truth, run.pairs),
        pairs_per_record=len(run.pairs.left) / len(truth),
        seconds=run.seconds,
        peak_mib=run.peak_mib,
        kept_from=run.kept_from,
    )


def _of_pairs(labelled: LabelledSet, run: Run) -> Result:
    """Of the definite labels alone; a pair that the contestant did not score counts as scored lowest."""
    at = {record["record_id"]: position for position, record in enumerate(labelled.records)}
    given = {
        (min(left, right), max(left, right)): score
        for left, right, score in zip(
            run.pairs.left.tolist(), run.pairs.right.tolist(), run.pairs.scores.tolist(), strict=True
        )
    }
    definite = [
        (at[pair.left_id], at[pair.right_id], pair.same) for pair in labelled.pairs if pair.same is not None
    ]
    same = np.array([one for _, _, one in definite], dtype=np.bool_)
    lowest = float(min(given.values(), default=0.0)) - 1.0
    keys = [(min(left, right), max(left, right)) for left, right, _ in definite]
    scores = np.array([given.get(key, lowest) for key in keys], dtype=np.float64)
    figures, right = labelled_at(same, scores, run.threshold)
    matches, _ = labelled_at(same, scores, MATCH_PROBABILITY)
    best, best_right = best_labelled(same, scores)
    return Result(
        labelled.name,
        run.contestant,
        run.version,
        figures.f1,
        figures.precision,
        figures.recall,
        best.figures.f1,
        best.threshold,
        "pairs",
        right,
        best_right,
        matches.precision,
        matches.recall,
        compared_recall=sum(key in given for key in keys) / max(len(keys), 1),
        seconds=run.seconds,
        peak_mib=run.peak_mib,
        kept_from=run.kept_from,
    )


def _best(*found: tuple[AtThreshold, str]) -> tuple[AtThreshold, str]:
    return max(found, key=lambda one: one[0].figures.f1)


__all__ = ["Figures", "Result", "SetFacts", "facts", "result_of"]
