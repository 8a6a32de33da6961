"""`dedup train`: read the records, fit a model, show what it would change, and keep it where asked."""

import asyncio
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console

from dedup_service.cli.columns import entity_asked
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError, require_place
from dedup_service.cli.scoring_models import say_activated
from dedup_service.composition import opened_store
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.scoring_models import ModelEvaluation
from dedup_service.reports.records import read_records
from dedup_service.reports.tables import TableError
from dedup_service.settings import Settings
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.labels import labels_of
from dedup_service.workflows.model_comparison import (
    ENTITY_WORDS,
    HISTOGRAM_EDGES_BITS,
    ComparisonVerdict,
    LabelComparison,
    ModelComparison,
    PairComparison,
)
from dedup_service.workflows.pages import Page
from dedup_service.workflows.scoring_models import ModelInUse, ScoringModels
from dedup_service.workflows.training import TrainedModel, TrainingSettings, keep_model, train_model
from scoring import Comparable, ScoringError, Verdict, shipped_model
from scoring.model_file import format_model_file

_PAGE = 1000
_IN_WORDS = {
    ComparisonVerdict.BETTER: "the new model is better than the one in use, by labels that it has not seen",
    ComparisonVerdict.EVEN: "the new model is neither better nor worse, as far as these labels can tell",
    ComparisonVerdict.WORSE: "the new model is WORSE than the one in use, by labels that it has not seen",
    ComparisonVerdict.UNKNOWN: "whether the new model is better cannot be said: labels are too few",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What to train on and what to do with the model, as said on the command line."""

    files: tuple[Path, ...]
    store: bool
    entity: str
    columns: tuple[str, ...]
    output: Path | None
    activate: bool
    precision: float
    seed: int

    @property
    def settings(self) -> TrainingSettings:
        return TrainingSettings(self.precision, self.seed)


def train(asked: Asked, as_json: bool) -> None:
    """Train, show, and write or keep the model.

    Raises:
        CommandError: it is not clear on what to train, or the records cannot be read or are too few.
        typer.BadParameter: an option that does not go with the others.
    """
    if asked.store == bool(asked.files):
        raise CommandError("name the files to train on, or say --store for the records of the service")
    if asked.activate and not asked.store:
        raise typer.BadParameter(
            "a model file is put in use with `dedup models add` and `activate`", param_hint="--activate"
        )
    if asked.files and asked.output is None:
        raise CommandError("say with --output MODEL.json where to write the model")
    require_place(asked.output)
    out = Output(as_json)
    try:
        if asked.store:
            asyncio.run(_train_on_store(asked, out))
        else:
            records = [record for file in asked.files for record in _records(file, asked)]
            with Console(stderr=True).status(f"training on {len(records):,} records"):
                trained = train_model(records, [], shipped_model(), datetime.now(UTC), asked.settings)
            _say(out, trained, _write(asked, trained))
    except (ScoringError, TableError) as error:
        raise CommandError(str(error)) from error


def _records(file: Path, asked: Asked) -> list[Comparable]:
    return read_records(file, entity_asked(asked.entity), asked.columns).comparables


async def _train_on_store(asked: Asked, out: Output) -> None:
    settings = Settings.from_environment(os.environ)
    async with opened_store(settings) as store:
        models = ScoringModels(store, ModelInUse(store))
        await models.in_use.renew()
        records = await _stored_records(store)
        labels = await labels_of(store)
        with Console(stderr=True).status(f"training on {len(records):,} records"):
            trained = await asyncio.to_thread(
                train_model, records, labels, models.in_use.current, datetime.now(UTC), asked.settings
            )
        kept = await keep_model(models, trained, activate=asked.activate)
    done = [*_write(asked, trained), f"{kept.stored.version} is kept in the store"]
    if asked.activate and not kept.before:
        done.append("it is not put in use, because it is worse")
    if not kept.before:
        done.append(f"`dedup models activate {kept.stored.version}` puts it in use")
    _say(out, trained, done, kept.before)


async def _stored_records(store: PostgresStore) -> list[Comparable]:
    """The active records, read page by page: their values are not held, only what is compared."""
    found: list[Comparable] = []
    page = Page(size=_PAGE)
    while True:
        listed = await store.read(lambda tx, page=page: tx.list_records(page))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        found += [comparable_of(record.draft) for record in listed.items if record.active]
        if listed.next is None:
            return found
        page = Page(size=_PAGE, after=listed.next)


def _write(asked: Asked, trained: TrainedModel) -> list[str]:
    if asked.output is None:
        return []
    asked.output.write_bytes(format_model_file(trained.file))
    return [f"wrote {asked.output}"]


def _say(out: Output, trained: TrainedModel, done: Sequence[str], before: str = "") -> None:
    comparison = trained.comparison
    if out.as_json:
        out.json(_content(trained, before))
        return
    out.line(f"{trained.file.version}: {trained.file.origin}", "bold")
    out.bullets("notes", trained.notes)
    for one in comparison.labels:
        _say_labels(out, one)
    for each in comparison.pairs:
        _say_pairs(out, each)
    out.line()
    out.line(_IN_WORDS[comparison.verdict], "bold")
    for sentence in done:
        out.line(sentence)
    if before:
        say_activated(out, trained.file.version, before)


def _say_labels(out: Output, one: LabelComparison) -> None:
    names = ("precision", "recall", "F1", "calibration error", "log loss in bits")
    old, new = (tuple(asdict(each).values()) for each in (one.before, one.after))
    out.table(
        ("at MATCH", "before", "after"),
        [(name, _figure(a), _figure(b)) for name, a, b in zip(names, old, new, strict=True)],
        f"{ENTITY_WORDS[one.entity]}, labels held out: {one.same_count} same, {one.different_count} not",
        right=("before", "after"),
    )


def _say_pairs(out: Output, one: PairComparison) -> None:
    words = ENTITY_WORDS[one.entity]
    out.table(
        ("verdict", "before", "after"),
        [(verdict, f"{one.before[verdict]:,}", f"{one.after[verdict]:,}") for verdict in Verdict],
        f"{words}, {one.sampled_count:,} of {one.candidate_count:,} candidate pairs",
        right=("before", "after"),
    )
    out.table(
        ("changed", "pairs"),
        [(f"{was} to {now}", f"{count:,}") for (was, now), count in one.changed.items()],
        right=("pairs",),
    )
    out.table(
        ("match weight", "before", "after"),
        list(_histogram(one)),
        right=("before", "after"),
    )


def _histogram(one: PairComparison) -> Iterator[tuple[str, str, str]]:
    for place, (was, now) in enumerate(zip(one.histogram_before, one.histogram_after, strict=True)):
        low, high = HISTOGRAM_EDGES_BITS[place : place + 2]
        name = f"below {high:g}" if math.isinf(low) else f"from {low:g}"
        yield f"{name} bits", f"{was:,}", f"{now:,}"


def _figure(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "-"


def _content(trained: TrainedModel, before: str) -> dict[str, object]:
    comparison: ModelComparison = trained.comparison
    evaluation: ModelEvaluation = trained.evaluation
    return {
        "version": trained.file.version,
        "origin": trained.file.origin,
        "verdict": comparison.verdict,
        "findings": list(evaluation.findings),
        "activated": bool(before),
        "before": before,
    }
