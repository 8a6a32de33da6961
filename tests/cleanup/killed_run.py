"""A run that kills itself at a point: python -m tests.cleanup.killed_run WORKSPACE ROWS STAGE MOMENT."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from dedup_service.cleanup import FindOptions, Progress, RawRows, Workspace, find_duplicates, open_engine
from scoring import Entity
from scoring.columns import recognise
from tests.cleanup.crm import COLUMNS

MOMENTS = ("before", "begun", "unmarked", "finished")
"""Before a stage is begun, after, when all but its marker is written, and when that is written too."""


def kill() -> None:
    """End this process as a power loss would."""
    os.kill(os.getpid(), signal.SIGKILL)


class MortalWorkspace(Workspace):
    """A workspace that ends the process at a moment of a stage."""

    def __init__(self, path: Path, stage: str, moment: str) -> None:
        super().__init__(path)
        self._point = stage, moment

    def begin(self, name: str) -> Path:
        """As of any workspace."""
        self._pass(name, "before")
        folder = super().begin(name)
        self._pass(name, "begun")
        return folder

    def finish(self, name: str, made_from: str, facts: Mapping[str, object]) -> None:
        """As of any workspace."""
        self._pass(name, "unmarked")
        super().finish(name, made_from, facts)
        self._pass(name, "finished")

    def _pass(self, *point: str) -> None:
        if point == self._point:
            kill()


def main() -> None:
    """Run until the point; of the moment "working", until the stage has done a part of its work."""
    workspace, rows, stage, moment = sys.argv[1:]
    source = RawRows(Path(rows), recognise(COLUMNS, Entity.PERSON), "record_id", "rows")

    def notice(progress: Progress) -> None:
        if moment == "working" and progress.phase == stage and progress.done:
            kill()

    mortal = MortalWorkspace(Path(workspace), stage, moment)
    with open_engine(memory_mib=256, workspace=mortal) as engine:
        find_duplicates(engine, source, mortal, FindOptions(), on_progress=notice)


if __name__ == "__main__":
    main()
