"""Train a scoring model on the records at hand, without labels, and calibrate it by what labels there are.

A trained model is a candidate: what it would change is measured against the model in use before anybody puts
it in use. Labels are split once, by the seed: one half calibrates, the other one judges, so that no label
praises the model that it made.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import msgspec
import numpy as np

import scoring
from dedup_service.domain.scoring_models import ModelEvaluation, StoredModel
from dedup_service.workflows.labels import Label
from dedup_service.workflows.model_comparison import (
    ENTITY_WORDS,
    ComparisonVerdict,
    ModelComparison,
    PairComparison,
    Positions,
    are_same,
    compare_on_labels,
    compare_on_pairs,
    label_weights,
)
from dedup_service.workflows.scoring_models import ScoringModels
from scoring.calibration import (
    LEAST_LABELS,
    bits_of,
    enough_labels,
    fit_calibration,
    shift_at,
    shifted,
    threshold_for,
)
from scoring.model import build_model
from scoring.model_file import LabelInfluence, ModelFile, model_of, new_model_file
from scoring.model_parameters import EntityParameters
from scoring.pairs import match_probability
from scoring.resolution import resolve
from scoring.resolution.frequencies import TERMS

LEAST_RECORDS = 200
"""With fewer records of an entity there is too little to learn from, and the shipped parameters stay."""

LEAST_HOLDERS = 20
"""A model keeps how common a value is only where so many of the records that it learned from hold it."""

_COMPARED_PAIRS = 200_000


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What is asked of a training: the precision (0 to 1) of the verdict MATCH, where labels can show it, and
    the seed of all that is drawn by chance.
    """

    precision: float = 0.99
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The new model, what was kept of the shipped one and why, and how it compares with the model in use."""

    file: ModelFile
    notes: tuple[str, ...]
    comparison: ModelComparison

    @property
    def evaluation(self) -> ModelEvaluation:
        """What is kept with the model."""
        return ModelEvaluation(self.comparison.verdict, (*self.comparison.sentences(), *self.notes))


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model that the store holds now; `before` is the version that it replaced, empty for a candidate."""

    stored: StoredModel
    before: str = ""


async def keep_model(models: ScoringModels, trained: TrainedModel, *, activate: bool) -> KeptModel:
    """Keep a model as a candidate, and put it in use where asked, unless labels say that it is worse."""
    stored = await models.add(trained.file, trained.evaluation)
    if activate and trained.comparison.verdict is not ComparisonVerdict.WORSE:
        return KeptModel(stored, await models.activate(stored.version))
    return KeptModel(stored)


@dataclass(frozen=True, slots=True)
class _Sample:
    records: list[scoring.Comparable]
    left: Positions
    right: Positions
    candidate_count: int


@dataclass(slots=True)
class _Fitted:
    """The parameters of one entity as they come to be. From `expected_threshold` on the model expects to be
    right often enough; from `threshold_bits` on its labels show that it is.
    """

    parameters: EntityParameters
    sample: _Sample
    expected_threshold: float
    influence: LabelInfluence | None = None
    threshold_bits: float | None = None


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
        TrainingError: there are records enough of neither people nor companies.
    """
    notes: list[str] = []
    chance = np.random.default_rng(settings.seed)
    fitted = {entity: _fit(entity, records, settings.seed, chance, notes) for entity in scoring.Entity}
    if all(len(one.sample.records) < LEAST_RECORDS for one in fitted.values()):
        raise scoring.TrainingError(
            f"there are fewer than {LEAST_RECORDS} records of people and of companies"
        )
    judging: list[Label] = []
    for entity, one in fitted.items():
        mine = [label for label in labels if label.entity is entity]
        if mine and not enough_labels(are_same(mine)):
            notes.append(f"{ENTITY_WORDS[entity]}: {_counts(mine)} labels; {LEAST_LABELS} of both calibrate")
        elif mine:
            learning, held_out = _halves(mine, chance)
            judging += held_out
            _calibrate(entity, one, fitted, learning, settings.precision, notes)
    file = _file(fitted, records, labels, time)
    model = model_of(file)
    comparison = ModelComparison(
        compare_on_labels(judging, in_use, model),
        tuple(
            _compared(entity, one.sample, in_use, model)
            for entity, one in fitted.items()
            if one.sample.left.size
        ),
    )
    return TrainedModel(file, tuple(notes), comparison)


def _fit(
    entity: scoring.Entity,
    records: Sequence[scoring.Comparable],
    seed: int,
    chance: np.random.Generator,
    notes: list[str],
) -> _Fitted:
    """The parameters fitted without labels, and a sample of the candidate pairs."""
    mine = [one for one in records if one.entity is entity]
    is_enough = len(mine) >= LEAST_RECORDS
    if not is_enough:
        notes.append(
            f"{ENTITY_WORDS[entity]}: {len(mine):,} records are too few to learn from, "
            f"{LEAST_RECORDS} are needed; the shipped parameters stay"
        )
    found = resolve(mine, train=is_enough, seed=seed)
    if entity in found.doubtful:
        notes.append(
            f"{ENTITY_WORDS[entity]}: most of the matches that training expected were among pairs that it "
            "was not sure of, so only how common values are and how strangers compare was learned"
        )
    left, right = found.left, found.right
    if left.size > _COMPARED_PAIRS:
        chosen = np.sort(chance.choice(left.size, _COMPARED_PAIRS, replace=False))
        left, right = left[chosen], right[chosen]
    shipped, expected = scoring.shipped_model().match_threshold, found.model.match_threshold
    parameters = msgspec.structs.replace(found.model.of(entity).parameters, match_threshold=shipped)
    return _Fitted(parameters, _Sample(mine, left, right, found.candidate_count), expected)


def _halves(labels: Sequence[Label], chance: np.random.Generator) -> tuple[list[Label], list[Label]]:
    """Labels that calibrate and labels that judge, half of either kind each."""
    halves: tuple[list[Label], list[Label]] = ([], [])
    for is_same in (True, False):
        kind = [label for label in labels if label.is_same is is_same]
        for place, at in enumerate(chance.permutation(len(kind)).tolist()):
            halves[place % 2].append(kind[at])
    return halves


def _calibrate(
    entity: scoring.Entity,
    one: _Fitted,
    fitted: dict[scoring.Entity, _Fitted],
    labels: Sequence[Label],
    precision: float,
    notes: list[str],
) -> None:
    """Shift the weights as these labels have it, and find from where on they show the precision."""
    words, is_same = ENTITY_WORDS[entity], are_same(labels)
    model = build_model(*(each.parameters for each in fitted.values()))
    weights = label_weights(labels, model)
    found = fit_calibration(weights, is_same)
    shift = shift_at(found, bits_of(model.match_threshold))
    one.parameters = shifted(one.parameters, shift)
    # Weighed again: the prior of the shifted model is on the grid, and so its weights are.
    weights = label_weights(labels, build_model(*(each.parameters for each in fitted.values())))
    same = int(is_same.sum())
    one.influence = LabelInfluence(same, len(labels) - same, found.slope, found.shift_bits, shift)
    notes.append(
        f"{words}: {_counts(labels)} labels give a slope of {found.slope:.2f} and a shift of "
        f"{found.shift_bits:+.2f} bits; all match weights move by {shift:+.2f} bits"
    )
    least, expected = bits_of(model.review_threshold), bits_of(one.expected_threshold)
    one.threshold_bits = threshold_for(weights, is_same, precision, least, expected)
    if one.threshold_bits is None:
        notes.append(f"{words}: these labels are too few, or too mixed, to show a precision of {precision:g}")


def _match_threshold(fitted: dict[scoring.Entity, _Fitted]) -> float:
    """The one threshold of both entities: the higher one, the model's own counting where labels show none."""
    return max(
        one.expected_threshold if one.threshold_bits is None else match_probability(one.threshold_bits)
        for one in fitted.values()
    )


def _file(
    fitted: dict[scoring.Entity, _Fitted],
    records: Sequence[scoring.Comparable],
    labels: Sequence[Label],
    time: datetime,
) -> ModelFile:
    threshold = _match_threshold(fitted)
    parameters = {}
    for entity, one in fitted.items():
        one.parameters = without_rare_terms(entity, one.parameters, one.sample.records)
        count = len(one.sample.records)
        given = {"match_threshold": threshold}
        if count >= LEAST_RECORDS:
            origin = f"Fitted to {count:,} records on {time:%Y-%m-%d}, beginning at {one.parameters.version}."
            version = f"{ENTITY_WORDS[entity]}-trained-{time:%Y%m%d}"
            parameters[entity] = msgspec.structs.replace(
                one.parameters, **given, origin=origin, version=version
            )
        else:
            parameters[entity] = msgspec.structs.replace(one.parameters, **given)
    companies = sum(one.entity is scoring.Entity.COMPANY for one in records)
    by_labels = f", with {_counts(labels)} labels" if labels else ""
    return new_model_file(
        parameters[scoring.Entity.PERSON],
        parameters[scoring.Entity.COMPANY],
        origin=(
            f"trained on {time:%Y-%m-%d} on {len(records) - companies:,} people and {companies:,} companies"
            f"{by_labels}"
        ),
        time=time,
        labels={entity: one.influence for entity, one in fitted.items() if one.influence is not None},
    )


def without_rare_terms(
    entity: scoring.Entity, parameters: EntityParameters, records: Sequence[scoring.Comparable]
) -> EntityParameters:
    """The parameters without the values that fewer than `LEAST_HOLDERS` of these records hold and that do not
    ship with the release: what a stored model says of values outlives the erasure of any of their holders.
    """
    shipped = scoring.shipped_model().of(entity).parameters.term_frequencies
    kept = {}
    for name, table in parameters.term_frequencies.items():
        holders = Counter(chain.from_iterable(set(TERMS[name](record)) for record in records))
        known = shipped.get(name, {})
        kept[name] = {
            term: frequency
            for term, frequency in table.items()
            if term in known or holders[term] >= LEAST_HOLDERS
        }
    return msgspec.structs.replace(parameters, term_frequencies=kept)


def _counts(labels: Sequence[Label]) -> str:
    same = sum(label.is_same for label in labels)
    return f"{same:,} same and {len(labels) - same:,} different"


def _compared(
    entity: scoring.Entity, sample: _Sample, before: scoring.ScoringModel, after: scoring.ScoringModel
) -> PairComparison:
    return compare_on_pairs(
        entity, sample.records, sample.left, sample.right, sample.candidate_count, before, after
    )
