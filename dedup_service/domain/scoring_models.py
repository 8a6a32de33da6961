"""The models that were trained for this store: candidates, the one in use, and those that were.

A model shifts nothing before it was activated, and its parameters never change: another training is another
version.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ScoringModelState(StrEnum):
    """Where a model stands; the shipped one is ACTIVE while no other is."""

    CANDIDATE = "CANDIDATE"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


@dataclass(frozen=True, slots=True)
class ModelEvaluation:
    """What was found when the model was trained, before and after, without any value of a record."""

    verdict: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model; `parameters` is the text of its model file, empty in lists. The shipped one has no times."""

    version: str
    origin: str
    evaluation: ModelEvaluation
    create_time: datetime | None
    parameters: str = ""
    state: ScoringModelState = ScoringModelState.CANDIDATE
    activate_time: datetime | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        return scoring_model_name(self.version)


def scoring_model_name(version: str) -> str:
    """The resource name of a version of the scoring model."""
    return f"scoringModels/{version}"
