"""What an evaluation says in words, for the terminal and the page alike."""

from dedup_service.reports.evaluation import Evaluation
from dedup_service.reports.pictures import in_bits
from dedup_service.reports.truth import ClusterTruth
from scoring.evaluation.curves import Threshold

SURE = 0.99
"""The precision for which a threshold is told."""


def surest(evaluation: Evaluation) -> Threshold | None:
    """The lowest threshold with a precision of `SURE`; None where there is none, and where it lies below
    REVIEW and pairs are labelled: those are few and chosen, and their precision is not that of all pairs.
    """
    point = evaluation.curve.at_precision(SURE)
    if point is None or isinstance(evaluation.truth, ClusterTruth):
        return point
    return point if point.weight_bits >= evaluation.review_bits else None


def surest_words(evaluation: Evaluation) -> str:
    """From where on the precision is `SURE`, or why that cannot be said."""
    point = surest(evaluation)
    if point is None:
        if evaluation.curve.at_precision(SURE) is None:
            return f"no threshold has a precision of {SURE:.0%}"
        at = evaluation.curve.at_weight(evaluation.review_bits)
        there = f"precision {at.precision:.1%}, recall {at.recall:.1%}" if at else "there are none"
        return f"these pairs do not show where the precision falls below {SURE:.0%}: from REVIEW on, {there}"
    said = (
        f"a precision of {SURE:.0%} is from {in_bits(point.weight_bits)} bits, "
        f"with a recall of {point.recall:.1%}"
    )
    if isinstance(evaluation.truth, ClusterTruth):
        return said
    false = evaluation.scored.weights_bits[~evaluation.scored.is_match]
    below = false[false < point.weight_bits]
    if not below.size:
        return f"{said}; no labelled false pair lies below"
    return f"{said}; the next labelled false pair is at {in_bits(float(below.max()))} bits"


def strata_words(evaluation: Evaluation) -> str:
    """What is measured of each stratum."""
    if isinstance(evaluation.truth, ClusterTruth):
        return "pairs inside clusters; a pair counts for the strata of both of its records"
    return "labelled pairs, by the verdict MATCH"
