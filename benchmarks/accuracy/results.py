"""The figures of one contestant on one set."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks.accuracy.contestants import OURS, Run
from benchmarks.accuracy.labelled import LabelledSet
from benchmarks.accuracy.measure import (
    AtThreshold,
    Figures,
    b_cubed,
    b_cubed_of_records,
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
from scoring.model import shipped_model

# Of a given pair that somebody chose, the verdict MATCH is at the threshold that ships.
MATCH_PROBABILITY = shipped_model().match_threshold


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; a figure that the set or the contestant cannot give is None.

    `f1`, `precision` and `recall` are those of the contestant's own outcome: its clusters where it makes
    any, else its pairs at its default threshold. `best_f1` is the highest over all thresholds, of pairs or
    of their connected components, chosen by looking at the truth: an upper bound, not a result. `match_` is
    what has the verdict MATCH, of ours alone: no peer's scores are probabilities on that scale.
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
    best_pairs_f1: float | None = None
    best_components_f1: float | None = None
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
    strata: dict[str, dict[str, float]] = field(default_factory=dict)

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
    pairs, components = best_pairs(truth, run.pairs), best_components(truth, run.pairs)
    best, best_of = max(
        ((pairs, "pairs"), (components, "components"), (AtThreshold(run.threshold, outcome), "default")),
        key=lambda one: one[0].figures.f1,
    )
    matches = pairs_at(truth, run.pairs, run.threshold) if run.contestant == OURS else None
    return Result(
        **_header(labelled, run, outcome),
        best_f1=best.figures.f1,
        best_threshold=best.threshold,
        best_of=best_of,
        best_pairs_f1=pairs.figures.f1,
        best_components_f1=components.figures.f1,
        match_precision=matches.precision if matches else None,
        match_recall=matches.recall if matches else None,
        b_cubed_f1=b_cubed(truth, run.clusters).f1 if run.clusters is not None else None,
        largest_cluster=largest(run.clusters) if run.clusters is not None else None,
        compared_recall=reached(truth, run.pairs),
        pairs_per_record=len(run.pairs.left) / len(truth),
        strata=_strata(labelled, run),
    )


def _header(labelled: LabelledSet, run: Run, outcome: Figures) -> dict[str, Any]:
    return {
        "set_name": labelled.name,
        "contestant": run.contestant,
        "version": run.version,
        "f1": outcome.f1,
        "precision": outcome.precision,
        "recall": outcome.recall,
        "seconds": run.seconds,
        "peak_mib": run.peak_mib,
        "kept_from": run.kept_from,
    }


def _strata(labelled: LabelledSet, run: Run) -> dict[str, dict[str, float]]:
    """B-cubed precision and recall of the records of each stratum."""
    if not labelled.strata or run.clusters is None:
        return {}
    strata = np.array([labelled.strata[record["record_id"]] for record in labelled.records])
    precisions, recalls = b_cubed_of_records(labelled.cluster_labels(), run.clusters)
    return {
        str(name): {
            "records": float((strata == name).sum()),
            "precision": float(precisions[strata == name].mean()),
            "recall": float(recalls[strata == name].mean()),
        }
        for name in np.unique(strata)
    }


def _of_pairs(labelled: LabelledSet, run: Run) -> Result:
    """Of the definite labels alone; a pair that the contestant did not score counts as scored lowest."""
    at = {record["record_id"]: position for position, record in enumerate(labelled.records)}
    given = {
        (min(left, right), max(left, right)): score
        for left, right, score in zip(
            run.pairs.left.tolist(), run.pairs.right.tolist(), run.pairs.scores.tolist(), strict=True
        )
    }
    definite = [pair for pair in labelled.pairs if pair.same is not None]
    ends = [sorted((at[pair.left_id], at[pair.right_id])) for pair in definite]
    keys = [(first, second) for first, second in ends]
    same = np.array([pair.same for pair in definite], dtype=np.bool_)
    lowest = float(min(given.values(), default=0.0)) - 1.0
    scores = np.array([given.get(key, lowest) for key in keys], dtype=np.float64)
    outcome, right = labelled_at(same, scores, run.threshold)
    matches = labelled_at(same, scores, MATCH_PROBABILITY)[0] if run.contestant == OURS else None
    best, best_right = best_labelled(same, scores)
    return Result(
        **_header(labelled, run, outcome),
        best_f1=best.figures.f1,
        best_threshold=best.threshold,
        best_of="pairs",
        best_pairs_f1=best.figures.f1,
        right=right,
        best_right=best_right,
        match_precision=matches.precision if matches else None,
        match_recall=matches.recall if matches else None,
        compared_recall=sum(key in given for key in keys) / max(len(keys), 1),
    )
