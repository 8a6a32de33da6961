"""`dedup models`: the scoring models of the store, and which of them is in use."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError, no_model_file
from dedup_service.composition import opened_store
from dedup_service.domain.scoring_models import ModelEvaluation, StoredModel
from dedup_service.settings import Settings
from dedup_service.workflows.model_comparison import ComparisonVerdict
from dedup_service.workflows.scoring_models import ModelInUse, ScoringModels
from scoring import ModelError
from scoring.model_file import parse_model_file

T = TypeVar("T")


def on_models(work: Callable[[ScoringModels], Awaitable[T]]) -> T:
    """Run the work on the models of the store that the settings name."""
    settings = Settings.from_environment(os.environ)

    async def run() -> T:
        async with opened_store(settings) as store:
            return await work(ScoringModels(store, ModelInUse(store)))

    return asyncio.run(run())


def say_models(as_json: bool) -> None:
    """List them, the one in use first, with what was found of each."""
    out = Output(as_json)
    listed = on_models(lambda models: models.listed())
    if as_json:
        for one in listed:
            out.json(_content(one))
        return
    out.table(
        ("version", "state", "trained", "in use from", "found", "origin"),
        [
            (
                one.version,
                one.state,
                f"{one.create_time:%Y-%m-%d %H:%M}" if one.create_time else "shipped",
                f"{one.activate_time:%Y-%m-%d %H:%M}" if one.activate_time else "",
                found_words(one.evaluation.verdict),
                one.origin if one.create_time else "ships with this release",
            )
            for one in listed
        ],
    )
    for one in listed:
        out.bullets(f"{one.version}: {found_words(one.evaluation.verdict)}", one.evaluation.findings)


def found_words(verdict: str) -> str:
    """What labels said of a model when it was trained, beside the one then in use; nothing of a model that
    was not trained here.
    """
    return "too few labels to tell" if verdict == ComparisonVerdict.UNKNOWN else verdict


def show(version: str) -> None:
    """The model file on stdout."""
    stored = on_models(lambda models: models.model(version)).stored
    if not stored.parameters:
        raise CommandError(f"{version} ships with the release: there is no file of it")
    sys.stdout.write(stored.parameters)


def add(file: Path, as_json: bool) -> None:
    """Keep the model of a file."""
    try:
        model = parse_model_file(file.read_bytes())
    except ModelError as error:
        raise CommandError(no_model_file(file, error)) from error
    stored = on_models(lambda models: models.add(model, ModelEvaluation()))
    out = Output(as_json)
    if as_json:
        out.json(_content(stored))
    else:
        out.line(f"{stored.version} is kept; `dedup models activate {stored.version}` puts it in use")


def activate(version: str, as_json: bool) -> None:
    """Put it in use, and say what was before."""
    before = on_models(lambda models: models.activate(version))
    out = Output(as_json)
    if as_json:
        out.json({"version": version, "before": before})
    else:
        say_activated(out, version, before)


def delete(version: str, as_json: bool) -> None:
    """Delete one that is not in use."""
    on_models(lambda models: models.delete(version))
    out = Output(as_json)
    if as_json:
        out.json({"version": version})
    else:
        out.line(f"{version} is deleted")


def say_activated(out: Output, version: str, before: str) -> None:
    out.line(
        f"{version} is in use in place of {before}; running services take it up within seconds, "
        f"and `dedup models activate {before}` goes back"
    )


def _content(one: StoredModel) -> dict[str, object]:
    return {
        "version": one.version,
        "state": one.state,
        "origin": one.origin,
        "create_time": one.create_time.isoformat() if one.create_time else None,
        "activate_time": one.activate_time.isoformat() if one.activate_time else None,
        "verdict": one.evaluation.verdict,
        "findings": list(one.evaluation.findings),
    }
