"""Train a scoring model on the records at hand, without labels, and calibrate it by those that there are.

A trained model is a candidate: what it would change is measured against the model in use before anybody puts
it in use. Labels are split once, by the seed: one half calibrates, the other one judges, so that no label
praises the model that it made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np

import scoring
from dedup_service.workflows.labels import Label
from dedup_service.workflows.model_comparison import (
    Judged,
    ModelComparison,
    label_weights,
    measure_labels,
    measure_pairs,
)
from scoring.calibration import (
    Calibration,
    bits_of,
    enough_labels,
    fit_calibration,
    shift_at,
    shifted,
    threshold_for,
    thresholds_bits,
)
from scoring.evaluation.metrics import Mask
from scoring.model import EntityParameters, build_model
from scoring.model_file import LabelInfluence, ModelFile, model_of, new_model_file
from scoring.pairs import match_probability
from scoring.resolution import resolve

LEAST_RECORDS = 200
"""With fewer records of a kind their values are too few to learn from, and the shipped parameters stay."""

_ENTITIES = {scoring.Entity.PERSON: "people", scoring.Entity.COMPANY: "companies"}
# Beyond this no verdict of the training sample is worth more waiting.
_COMPARED_PAIRS = 200_000
_NEVER = 1 - 2.0**-30


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What a training is asked for: a precision of the verdict MATCH (0 to 1), where labels can show it, and
    the seed of all that is drawn by chance.
    """

    precision: float = 0.99
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The new model with what it was made of, and how it compares with the one in use.

    `notes` are sentences on what was kept, and why.
    """

    file: ModelFile
    notes: tuple[str, ...]
    comparison: ModelComparison


@dataclass(frozen=True, slots=True)
class _Calibrated:
    parameters: EntityParameters
    influence: LabelInfluence | None
    threshold_bits: float | None


def train_model(
    records: Sequence[scoring.Comparable],
    labels: Sequence[Label],
    in_use: scoring.ScoringModel,
    time: datetime,
    settings: TrainingSettings = TrainingSettings(),
) -> TrainedModel:
    """A model fitted to these records, people and companies apart, beginning at the shipped parameters.

    The same records, labels, settings and day give the same model. `time` (UTC) is when it was trained.

    Raises:
        TrainingError: there are records enough of neither kind.
    """
    notes: list[str] = []
    trained, sample = _fitted(records, settings.seed, notes)
    chance = np.random.default_rng(settings.seed)
    calibrates = _half(labels, chance)
    learning = [one for one, mine in zip(labels, calibrates, strict=True) if mine]
    judging = [one for one, mine in zip(labels, calibrates, strict=True) if not mine]
    calibrated = {
        entity: _calibrated(trained, entity, [one for one in learning if one.entity is entity], settings, notes)
        for entity in scoring.Entity
    }
    match_threshold = _match_threshold(trained, list(calibrated.values()))
    people, companies = (
        msgspec.structs.replace(
            calibrated[entity].parameters,
            match_threshold=match_threshold,
            version=f"{calibrated[entity].parameters.version}",
        )
        for entity in scoring.Entity
    )
    file = new_model_file(
        people,
        companies,
        origin=_origin(records, labels, time, notes),
        time=time,
        labels={entity: one.influence for entity, one in calibrated.items() if one.influence is not None},
    )
    model = model_of(file)
    comparison = ModelComparison(
        labels=measure_labels(judging, in_use, model) if judging else (),
        pairs=measure_pairs(records, *sample, in_use, model),
        enough_labels=any(
            enough_labels(_is_same([one for one in labels if one.entity is entity])) for entity in scoring.Entity
        ),
    )
    return TrainedModel(file, tuple(notes), comparison)
