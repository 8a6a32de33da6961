"""The folder that one run works in.

Each finished stage is Parquet with a marker beside it, written last, so that a run that was killed goes on
after the last finished one. A stage is thrown away with all after it once what it was made from is different.
The folder holds personal data: it is readable by its owner alone, and removed when the run is over.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dedup_service.cleanup.errors import WorkspaceError

_MARKER = "finished.json"
_ORDER = ("rows", "prepared", "pairs", "model", "scored", "found")


class Workspace:
    """The folder of one run; made where it is not there yet."""

    def __init__(self, path: Path) -> None:
        # A cluster would look for a relative path beside its own processes.
        self.path = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A folder that was there already may have been open to others.
            self.path.chmod(0o700)
        except OSError as error:
            raise WorkspaceError(
                str(path), f"cannot be used ({error.strerror})", "name a folder that can be written"
            ) from error

    def stage(self, name: str) -> Path:
        """The folder of a stage: one of rows, prepared, pairs, model, scored, found."""
        assert name in _ORDER, name
        return self.path / name

    def finished(self, name: str, made_from: str) -> dict[str, object] | None:
        """What the marker of a stage says, where it was finished from the same input and options."""
        try:
            said = json.loads((self.stage(name) / _MARKER).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return dict(said["facts"]) if said["made_from"] == made_from else None

    def begin(self, name: str) -> Path:
        """An empty folder for a stage; what was made from it before is thrown away."""
        for later in _ORDER[_ORDER.index(name) :]:
            shutil.rmtree(self.stage(later), ignore_errors=True)
        self.stage(name).mkdir(mode=0o700)
        return self.stage(name)

    def finish(self, name: str, made_from: str, facts: Mapping[str, object]) -> None:
        """Mark a stage as finished; on disk before this returns."""
        marker = self.stage(name) / _MARKER
        beside = marker.with_suffix(".part")
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"made_from": made_from, "facts": dict(facts)}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(marker)

    def remove(self) -> None:
        """Remove the folder and all that is in it; one that is gone already is no error."""
        shutil.rmtree(self.path, ignore_errors=True)
