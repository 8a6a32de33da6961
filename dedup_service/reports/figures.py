"""An evaluation as plain figures, for programs and for whoever keeps them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dedup_service.reports.evaluation import Evaluation, Figures
from dedup_service.reports.mistakes import Mistake
from dedup_service.reports.records import Records
from dedup_service.reports.sentences import SURE, surest
from dedup_service.reports.truth import ClusterTruth
from scoring.evaluation.calibration import Bin
from scoring.evaluation.curves import Threshold
from scoring.evaluation.intervals import Interval
from scoring.evaluation.metrics import UNLABELLED, PairCounts
from scoring.evaluation.strata import Stratum

_CURVE_POINTS = 200


def figures_of(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that was measured, as JSON takes it; what is no number is None."""
    curve = evaluation.curve
    calibration = evaluation.calibration
    found: dict[str, Any] = _plain(
        {
            "records": _records(evaluation.records),
            "truth": _truth(evaluation),
            "model": _model(evaluation),
            "seconds": round(evaluation.seconds, 3),
            "results": [_result(one) for one in evaluation.figures],
            "b_cubed": _b_cubed(evaluation),
            "unsure_pairs": evaluation.unsure,
            "thresholds": {
                "match": _threshold(curve.at_weight(evaluation.match_bits)),
                "review": _threshold(curve.at_weight(evaluation.review_bits)),
                "best_f1": _threshold(curve.best()),
                f"precision_{SURE}": _threshold(surest(evaluation)),
            },
            "average_precision": curve.average_precision,
            "precision_recall": [
                _threshold(Threshold(*point)) for point in zip(*_columns(evaluation), strict=True)
            ],
            "calibration": {
                "pairs": calibration.pairs,
                "brier": calibration.brier,
                "log_loss_bits": calibration.log_loss,
                "expected_error": calibration.expected_error,
                "by_probability": [_bin(one) for one in calibration.bins],
                "by_weight_bits": [_bin(one) for one in calibration.by_weight],
            },
            "blocking": _blocking(evaluation),
            "unlinkables": {
                "records": evaluation.unlinkables.records,
                "at_match": evaluation.unlinkables.below(evaluation.match_bits),
                "at_review": evaluation.unlinkables.below(evaluation.review_bits),
            },
            "clusters": {"found": sizes_of(evaluation.clusters), "true": true_sizes_of(evaluation)},
            "strata": [_stratum(one) for one in evaluation.strata],
            "mistakes": [_mistake(one, evaluation.records) for one in evaluation.mistakes],
        }
    )
    return found


def sizes_of(clusters: Sequence[int] | np.ndarray[Any, Any]) -> dict[str, int]:
    """How many clusters there are of each size."""
    _, sizes = np.unique(np.asarray(clusters), return_counts=True)
    return {str(size): int(count) for size, count in zip(*np.unique(sizes, return_counts=True), strict=True)}


def true_sizes_of(evaluation: Evaluation) -> dict[str, int]:
    """The same of the true entities; empty where only pairs are labelled."""
    truth = evaluation.truth
    if not isinstance(truth, ClusterTruth):
        return {}
    return sizes_of(truth.entities[truth.entities != UNLABELLED])


def _columns(evaluation: Evaluation) -> tuple[list[float], ...]:
    thin = evaluation.curve.thinned(_CURVE_POINTS)
    return tuple(one.tolist() for one in (thin.weights_bits, thin.precision, thin.recall, thin.f1))


def _records(records: Records) -> dict[str, Any]:
    columns = records.columns
    return {
        "file": records.table.path.name,
        "encoding": records.table.encoding,
        "delimiter": records.table.delimiter,
        "notes": list(records.table.notes),
        "count": len(records.ids),
        "entity": str(columns.entity),
        "record_id": columns.record_id,
        "record_type": columns.record_type,
        "columns": [one.mapping for one in columns.fields],
        "ignored": {one.column: one.why for one in columns.ignored},
    }


def _truth(evaluation: Evaluation) -> dict[str, Any]:
    truth = evaluation.truth
    kind = "clusters" if isinstance(truth, ClusterTruth) else "pairs"
    return {"kind": kind, "notes": list(truth.notes), "true_pairs": evaluation.true_pairs}


def _model(evaluation: Evaluation) -> dict[str, Any]:
    model = evaluation.model
    return {
        "version": model.version,
        "trained_on_these_records": bool(evaluation.fitted),
        "notes": list(evaluation.notes),
        "match_threshold": model.match_threshold,
        "review_threshold": model.review_threshold,
    }


def _counts(counts: PairCounts) -> dict[str, Any]:
    return {
        "true_pairs": counts.true,
        "found_pairs": counts.found,
        "correct_pairs": counts.correct,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
    }


def _result(one: Figures) -> dict[str, Any]:
    between = {
        f"{name}_interval": _interval(getattr(one.intervals, name)) for name in ("precision", "recall", "f1")
    }
    return {"of": one.name, **_counts(one.counts), **between}


def _stratum(one: Stratum) -> dict[str, Any]:
    result = _result(Figures(one.name, one.counts, one.intervals))
    return {"stratum": result.pop("of"), "size": one.size, **result}


def _b_cubed(evaluation: Evaluation) -> dict[str, Any] | None:
    found = evaluation.b_cubed
    if found is None:
        return None
    return {"precision": found.precision, "recall": found.recall, "f1": found.f1}


def _blocking(evaluation: Evaluation) -> dict[str, Any]:
    blocking = evaluation.blocking
    candidates = blocking.candidates
    return {
        "recall": blocking.recall,
        "recall_interval": _interval(blocking.interval),
        "true_pairs_looked_at": blocking.looked_at,
        "candidate_pairs": candidates.pairs,
        "candidates_per_record": {
            "mean": candidates.mean,
            "median": candidates.median,
            "most": candidates.most,
        },
        "blocking_keys": {
            "without_a_shared_key": blocking.without,
            "rules": [
                {"rule": one.prefix, "is": one.description, "true_pairs": one.pairs, "alone": one.alone}
                for one in blocking.rules
            ],
        },
    }


def _mistake(one: Mistake, records: Records) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "left": records.ids[one.left],
        "right": records.ids[one.right],
        "match_weight_bits": one.score.match_weight_bits,
        "match_probability": one.score.match_probability,
        "contributions": [
            {
                "comparison": each.comparison,
                "level": each.level,
                "weight_bits": each.weight_bits,
                "evidence": each.evidence,
            }
            for each in one.score.contributions
        ],
    }


def _threshold(point: Threshold | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {
        "match_weight_bits": point.weight_bits,
        "precision": point.precision,
        "recall": point.recall,
        "f1": point.f1,
    }


def _bin(one: Bin) -> dict[str, Any]:
    return {
        "from": one.low,
        "to": one.high,
        "pairs": one.pairs,
        "predicted": one.predicted,
        "observed": one.observed,
        "interval": _interval(one.interval),
    }


def _interval(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _plain(value: Any) -> Any:
    """The same with None for what JSON has no number for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
