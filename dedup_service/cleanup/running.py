"""Carrying a phase out: skipped where it was finished before, watched while it runs, stopped where that is
asked.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pyarrow.parquet as pq
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema

from dedup_service.cleanup.engine import Engine
from dedup_service.cleanup.errors import CleanupError, EngineError
from dedup_service.cleanup.phases import OnProgress, Phase, Progress, ShouldStop, Stopped
from dedup_service.cleanup.spreading import Meter, spread
from dedup_service.cleanup.work.batches import Work
from dedup_service.cleanup.workspace import Workspace

Facts = Mapping[str, Any]
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Running:
    """One run of the pipeline: where it works, and who is told and asked."""

    engine: Engine
    workspace: Workspace
    on_progress: OnProgress
    should_stop: ShouldStop

    def stage(self, name: str, made_from: str, body: Callable[[Path], Facts]) -> Facts:
        """What is known of a stage: as an earlier run left it, or else as `body` makes it in an empty folder.

        Raises:
            Stopped, EngineError, and what `body` raises.
        """
        if (finished := self.workspace.finished(name, made_from)) is not None:
            return finished
        folder = self.workspace.begin(name)
        try:
            facts = body(folder)
        except PySparkException as error:
            raise _told(error, f"making {name}") from error
        self.workspace.finish(name, made_from, facts)
        return facts

    def write(
        self, phase: Phase, rows: DataFrame, path: Path, total: int | None = None, meter: Meter | None = None
    ) -> DataFrame:
        """The rows as written to a folder and read again."""
        self.watch(phase, lambda: rows.write.mode("overwrite").parquet(str(path)), total, meter)
        if not any(path.glob("*.parquet")):
            # Where there is no row the embedded engine makes no folder, which it then cannot read.
            path.mkdir(mode=0o700, exist_ok=True)
            pq.write_table(to_arrow_schema(rows.schema).empty_table(), path / "none.parquet")
        return self.engine.session.read.schema(rows.schema).parquet(str(path))

    def through(
        self,
        phase: Phase,
        rows: DataFrame,
        make: Callable[[], Work],
        columns: str,
        path: Path,
        *,
        rows_at_once: int,
        total: int | None,
    ) -> DataFrame:
        """What Python work makes of the rows, written to a folder and read again; `columns` are those
        made.
        """
        meter = Meter()
        name = f"{phase.value.lower()}-{path.name}"
        with spread(
            make,
            rows_at_once,
            name=name,
            processes=self.engine.processes,
            meter=meter,
        ) as work:
            return self.write(phase, rows.mapInArrow(work, columns), path, total, meter)

    def watch(
        self, phase: Phase, action: Callable[[], object], total: int | None = None, meter: Meter | None = None
    ) -> None:
        """Do something that the engine takes long for, and tell how far it is.

        Raises:
            Stopped: somebody asked for it.
            EngineError: the engine gave up.
        """
        meter = meter or Meter()
        failed: list[BaseException] = []

        def act() -> None:
            try:
                action()
            except BaseException as error:  # noqa: BLE001 -- raised again where it is waited for
                failed.append(error)

        thread = threading.Thread(target=act, name=f"cleanup {phase}", daemon=True)
        self._tell(phase, meter, total)
        thread.start()
        while thread.is_alive():
            thread.join(_POLL_SECONDS)
            self._tell(phase, meter, total)
            if self.should_stop() and not meter.is_stopped:
                meter.is_stopped = True
                with suppress(PySparkException, NotImplementedError):
                    self.engine.session.interruptAll()
        if meter.is_stopped:
            raise Stopped
        if failed:
            raise _told(failed[0], f"in {phase}")

    def _tell(self, phase: Phase, meter: Meter, total: int | None) -> None:
        self.on_progress(Progress(phase, meter.done, total))


def _told(error: BaseException, doing: str) -> BaseException:
    """The error as the user of a cleanup should see it; the engine's own text may hold values of records."""
    if isinstance(error, CleanupError) or not isinstance(error, (PySparkException, OSError)):
        return error
    if _went_away(error):
        told = EngineError(
            f"the engine, {doing}",
            "went away",
            "bring it back and run this again: it goes on after what is finished in its workspace",
        )
    else:
        said = str(error)
        known = next((advice for sign, advice in _ADVICE.items() if sign in said), None)
        told = EngineError(
            f"the engine, {doing}",
            f"gave up ({type(error).__name__})",
            known or "look at its log, or try again",
        )
    told.__cause__ = error
    return told


def _went_away(error: BaseException) -> bool:
    """Whether nothing answers there any more, or something that knows nothing of this session."""
    if not isinstance(error, SparkConnectGrpcException):
        return False
    condition = error.getCondition() or ""
    return error.getGrpcStatusCode() is grpc.StatusCode.UNAVAILABLE or condition.startswith("INVALID_HANDLE.")


# What engines say, and what helps.
_ADVICE = {
    "Resources exhausted": "give it more memory",
    "No space left": "free room where the workspace is",
    "PATH_NOT_FOUND": "look whether the cluster can read the workspace",
    "TABLE_OR_VIEW_NOT_FOUND": "look whether the table is there, and may be read",
}
