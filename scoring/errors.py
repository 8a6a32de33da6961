"""The errors of the scoring library.

ScoringError
+-- ModelError        parameters that cannot be a model: weights that rise, probabilities outside (0, 1]
+-- ComparableError   bytes that are no packed comparable
+-- ClusterError      links or limits from which no clustering can be made
+-- SurvivorshipError members or choices that contradict one another
+-- TrainingError     too little data, or data of the wrong shape, to estimate from
"""


class ScoringError(Exception):
    """Anything that this library refuses; `reason` is stable and machine-readable."""

    reason = "SCORING_ERROR"


class ModelError(ScoringError):
    """Parameters that cannot be a scoring model; `where` names the comparison and level."""

    reason = "INVALID_MODEL"

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class ComparableError(ScoringError):
    """Bytes that were not made by `pack` of this version."""

    reason = "INVALID_COMPARABLE"


class ClusterError(ScoringError):
    """A limit or link from which no clustering can be made."""

    reason = "INVALID_CLUSTER_INPUT"


class SurvivorshipError(ScoringError):
    """Members or choices that contradict one another; `subject` is a field, group or member id."""

    reason = "INVALID_SURVIVORSHIP_INPUT"

    def __init__(self, subject: str, problem: str) -> None:
        super().__init__(f"{subject}: {problem}")
        self.subject = subject
        self.problem = problem


class TrainingError(ScoringError):
    """Too little data, or data of the wrong shape, to estimate from."""

    reason = "INVALID_TRAINING_INPUT"
