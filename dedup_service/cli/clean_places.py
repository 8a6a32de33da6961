"""Where a cleanup writes: everything beside the folder at first, which appears whole at the end or not at
all.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dedup_service.cli.problems import CommandError

FIGURES_FILE = "clean.json"
"""The file by which a folder is known for one of ours."""


_WORKSPACE_MARK = ".dedup-workspace"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to be, and the hidden one beside it in which it is made: `results` becomes the folder, `work`
    is what is needed meanwhile. All of it holds personal data, and is of its owner alone.
    """

    final: Path
    unfinished: Path

    @property
    def results(self) -> Path:
        """The files as they are made."""
        return self.unfinished / "results"

    @property
    def work(self) -> Path:
        """Stages, spilled data and scratch files."""
        return self.unfinished / "work"

    @property
    def before(self) -> Path:
        """What the folder was, until it is replaced."""
        return self.unfinished / "before"

    def appear(self) -> None:
        """Make the results the folder, in place of one of an earlier run."""
        if self.final.exists():
            self.final.rename(self.before)
        self.results.rename(self.final)


def final_folder(output: Path | None, files: tuple[Path, ...], table: str) -> Path:
    """The folder that is asked for, or one beside the first file, or named after the table."""
    if output is not None:
        return output
    if table:
        return Path(f"{table.rpartition('.')[2].strip('`')}-clean")
    return files[0].parent / f"{files[0].resolve().stem}-clean"


def refuse_taken(final: Path, *, force: bool) -> None:
    """Refuse early what could not be written afterwards.

    Raises:
        CommandError: the folder is there, and is not to be replaced or none of ours; or it cannot be made.
    """
    if not final.resolve().parent.is_dir():
        raise CommandError(
            f"{final} cannot be written: there is no folder {final.resolve().parent}; make it first"
        )
    if not os.access(final.resolve().parent, os.W_OK):
        raise CommandError(f"{final} cannot be written: not allowed; name another folder with --output")
    if final.is_dir() and not any(final.iterdir()):
        return
    if not final.exists() and not final.is_symlink():
        return
    if not (final / FIGURES_FILE).is_file():
        raise CommandError(
            f"{final} is there already, and no result of `dedup clean`; name another folder with --output"
        )
    if not force:
        raise CommandError(f"{final} is there already; replace it with --force, or name another --output")


def own_workspace(path: Path) -> Path:
    """A folder that stages are kept in, and that is removed at the end: a new or empty one, or one of ours.

    Raises:
        CommandError: there is something else in it, or another run works there.
    """
    mark = path / _WORKSPACE_MARK
    if path.exists() and not mark.is_file() and (not path.is_dir() or any(path.iterdir())):
        raise CommandError(f"{path} holds something else; name a new or empty folder with --workspace")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark.touch()
    # Held until this process ends.
    lock = os.open(mark, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        said = f"another run works in {path}; wait for it, or name another --workspace"
        raise CommandError(said) from error
    return path


@contextmanager
def opened_place(final: Path) -> Iterator[Place]:
    """The place of one run, which nobody else has meanwhile; nothing is left of it but the folder, if that
    appeared. What a run that was killed left there is removed first.

    Raises:
        CommandError: another run writes the same folder, or nothing can be written there.
    """
    unfinished = final.resolve().parent / f".{final.name}.unfinished"
    try:
        unfinished.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(unfinished, os.O_RDONLY)
    except OSError as error:
        raise CommandError(f"{final} cannot be written: {error.strerror}; name another --output") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            said = f"another run is writing {final}; wait for it, or name another --output"
            raise CommandError(said) from error
        place = Place(final, unfinished)
        if place.before.exists() and not final.exists():
            place.before.rename(final)
        for folder in (place.results, place.work):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        try:
            yield place
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    finally:
        os.close(lock)
