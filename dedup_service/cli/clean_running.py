"""`dedup clean`: read, find, write, say; and leave nothing behind but the folder."""

import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from dedup_service.cli.clean_places import (
    FIGURES_FILE,
    Place,
    final_folder,
    opened_place,
    own_workspace,
    refuse_taken,
)
from dedup_service.cli.clean_progress import WRITE, Display
from dedup_service.cli.clean_stopping import STOPPED, Stopping
from dedup_service.cli.clean_summary import say_columns, say_results
from dedup_service.cli.columns import entity_asked
from dedup_service.cli.model_files import read_model
from dedup_service.cli.output import WIDTH_OF_A_FILE, Output
from dedup_service.cli.problems import CommandError

_EXTRA = {"pyarrow": "pyarrow", "pyspark": "pyspark-client", "pysail": "pysail", "jinja2": "jinja2"}
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to clean and how, as said on the command line; empty where nothing was said."""

    files: tuple[Path, ...]
    output: Path | None
    entity: str
    columns: tuple[str, ...]
    encoding: str
    table: str
    engine: str
    memory_mib: int
    train: bool
    models: tuple[Path, ...]
    most_members: int
    most_reviews: int
    form: str
    workspace: Path | None
    force: bool
    seed: int
    as_json: bool


def clean(asked: Asked, wish: Stopping) -> None:
    """Find the duplicates and write the folder.

    Raises:
        CommandError: the records cannot be read, the engine is away, or the folder cannot be written.
        typer.BadParameter: an option that does not go with the others.
        typer.Exit: somebody stopped it.
    """
    if bool(asked.files) == bool(asked.table):
        raise CommandError("name the files to clean, or a table of the engine with --table")
    if asked.table and not asked.engine:
        raise typer.BadParameter(
            "a table is read by the engine that knows it: name that with --engine", param_hint="--table"
        )
    require_extra()
    from dedup_service.cleanup.errors import CleanupError
    from dedup_service.cleanup.phases import Stopped
    from dedup_service.reports.dialects import TableError
    from scoring import ScoringError

    final = final_folder(asked.output, asked.files, asked.table)
    refuse_taken(final, force=asked.force)
    try:
        _clean(asked, final, wish)
    except (CleanupError, TableError, ScoringError) as error:
        raise CommandError(str(error)) from error
    except Stopped as error:
        sys.stderr.write(f"dedup: {_stopped_words(asked)}\n")
        raise typer.Exit(STOPPED + wish.signal_number) from error


def require_extra() -> None:
    """Refuse early where the extra is not installed.

    Raises:
        CommandError: with what is missing, and how it is installed.
    """
    missing = [package for module, package in _EXTRA.items() if find_spec(module) is None]
    if missing:
        raise CommandError(
            f"dedup clean needs {', '.join(missing)}; install the extra that has it: "
            "pip install 'dedup-service[clean]', or in a checkout pip install -e '.[clean]'"
        )


def _stopped_words(asked: Asked) -> str:
    if asked.workspace is None:
        return "stopped; nothing was written, and nothing is left behind"
    return (
        f"stopped; nothing was written. {asked.workspace} keeps what was finished: "
        "the same command goes on there"
    )


def _clean(asked: Asked, final: Path, wish: Stopping) -> None:
    from dedup_service.cleanup.workspace import Workspace

    begin = time.monotonic()
    out = Output(asked.as_json)
    terminal = sys.stderr.isatty()
    width = None if terminal or os.environ.get("COLUMNS") else WIDTH_OF_A_FILE
    display = Display(Console(stderr=True, highlight=False, emoji=False, markup=False, width=width))
    with opened_place(final) as place:
        workspace = Workspace(place.work if asked.workspace is None else own_workspace(asked.workspace))
        figures = _made(asked, place, workspace, display, out, wish)
        display.finish()
        figures["seconds"] = display.seconds | {"all": round(time.monotonic() - begin, 3)}
        _write_figures(place, figures)
        place.appear()
        if asked.workspace is not None:
            workspace.remove()
    if asked.as_json:
        out.json({"folder": str(final), **figures})
    else:
        say_results(out, figures, final, asked.form)


def _made(
    asked: Asked, place: Place, workspace: Any, display: Display, out: Output, wish: Stopping
) -> Figures:
    """Everything but the report: read, find, write."""
    from dedup_service.cleanup import FindOptions, RawRows, find_duplicates, open_engine
    from dedup_service.cleanup.reading.gathering import ROW, gather
    from dedup_service.cleanup.results.writing import Wanted, write_results

    options = FindOptions(
        model=read_model(asked.models),
        train=asked.train,
        most_members=asked.most_members,
        seed=asked.seed,
    )
    with ExitStack() as stack:
        stack.enter_context(display.live())

        def engine_of(record_count: int) -> Any:
            return stack.enter_context(
                open_engine(
                    asked.engine,
                    memory_mib=asked.memory_mib,
                    workspace=workspace,
                    record_count=record_count,
                )
            )

        # A cluster that is away is told before files are read; the embedded engine has nothing to tell.
        engine = engine_of(0) if asked.engine else None
        inputs = _planned(asked, engine, workspace)
        gathered = gather(inputs, workspace, display.tell, wish.asked)
        if not asked.as_json:
            say_columns(out, gathered)
        engine = engine or engine_of(gathered.row_count)
        found = find_duplicates(
            engine,
            RawRows(gathered.path, gathered.recognised, ROW, gathered.identity),
            workspace,
            options,
            on_progress=display.tell,
            should_stop=wish.asked,
        )
        done = _Rows(display, 2 * gathered.row_count, wish)
        figures = write_results(
            gathered,
            found,
            place.results,
            place.work / "scratch",
            Wanted(_format(asked.form), asked.most_reviews, _rules()),
            done.add,
        )
    return {"made": _made_by(asked), **figures, "options": _options(asked)}


def _planned(asked: Asked, engine: Any, workspace: Any) -> Sequence[Any]:
    from dedup_service.cli.clean_inputs import AskedColumns, plan_files, plan_rows

    columns = AskedColumns(entity_asked(asked.entity), asked.columns)
    if not asked.table:
        return plan_files(asked.files, asked.encoding, columns)
    from dedup_service.cleanup.reading.warehouse import export_table

    rows = export_table(engine, asked.table, workspace)
    return plan_rows([rows], [asked.table.rpartition(".")[2].strip("`")], columns)


@dataclass(slots=True)
class _Rows:
    """How many rows were written."""

    display: Display
    total: int
    wish: Stopping
    done: int = 0

    def add(self, count: int) -> None:
        from dedup_service.cleanup.phases import Stopped

        if self.wish.asked():
            raise Stopped
        self.done += count
        self.display.show(WRITE, self.done // 2, self.total // 2)


def _format(form: str) -> Any:
    from dedup_service.cleanup.results.tables import Format

    return Format(form)


def _rules() -> Any:
    """Values survive as the shipped policy says."""
    from dedup_service.cleanup.results.layout import Rules
    from dedup_service.company_files import load_policy
    from dedup_service.domain.fields import FIELDS, group_of

    policy = load_policy(None)
    groups = {name: group_of(name) for name in FIELDS if group_of(name) != name}
    return Rules(policy.survivorship, groups, policy.default_survivorship)


def _made_by(asked: Asked) -> Figures:
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        # What stands behind the address may be a token, and a report is handed around.
        "engine": asked.engine.partition("/;")[0] or "embedded",
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in ("dedup-service", *_EXTRA.values())},
        },
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _options(asked: Asked) -> Figures:
    """What makes the same folder again."""
    return {
        "files": [str(file) for file in asked.files],
        "table": asked.table,
        "entity": asked.entity,
        "columns": list(asked.columns),
        "encoding": asked.encoding,
        "models": [str(file) for file in asked.models],
        "train": asked.train,
        "most_members": asked.most_members,
        "most_reviews": asked.most_reviews,
        "format": asked.form,
        "seed": asked.seed,
    }


def _write_figures(place: Place, figures: Figures) -> None:
    from dedup_service.reports.cleanup import page_of

    text = json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False)
    (place.results / FIGURES_FILE).write_text(text + "\n", "utf-8")
    (place.results / "report.html").write_text(page_of(figures), "utf-8")
