"""The seeded bugs: what each breaks, the tests that must notice, and the change itself.

A patch begins with four lines, then a unified diff of paths of the project::

    Bug: execution believes the versions that the plan was made with
    Invariants: B-3, C-1
    Caught by: tests/workflows/test_merging.py::test_a_record_written_since_is_noticed
    ---
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parent / "patches"
_KEYS = ("Bug", "Invariants", "Caught by")


@dataclass(frozen=True, slots=True)
class SeededBug:
    """One bug; `tests` are the pytest ids of those that claim to catch it."""

    name: str
    path: Path
    bug: str
    invariants: tuple[str, ...]
    tests: tuple[str, ...]


def read_bugs(directory: Path = DIRECTORY) -> list[SeededBug]:
    """All seeded bugs, by name.

    Raises:
        ValueError: a patch does not begin as it should.
    """
    return [_read(path) for path in sorted(directory.glob("*.patch"))]


def _read(path: Path) -> SeededBug:
    head, separator, diff = path.read_text("utf-8").partition("\n---\n")
    pairs = [line.partition(": ") for line in head.split("\n")]
    said = {key: value for key, _, value in pairs}
    if tuple(said) != _KEYS or not (all(said.values()) and separator and "\n+++ " in diff):
        raise ValueError(f"{path.name} does not begin with the lines {', '.join(_KEYS)} and ---, then a diff")
    return SeededBug(
        path.stem,
        path,
        said["Bug"],
        tuple(said["Invariants"].split(", ")),
        tuple(said["Caught by"].split()),
    )


def apply(bug: SeededBug, copy: Path, *, undone: bool = False, only_checked: bool = False) -> str:
    """Put a bug into a copy of the project, or take it out; what stands in the way, or an empty text."""
    ways = [*(["--reverse"] if undone else []), *(["--check"] if only_checked else [])]
    command = ["git", "apply", "--whitespace=nowarn", *ways, str(bug.path)]
    # Inside a repository git would look for the paths from its root on.
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CEILING_DIRECTORIES": str(copy.parent)}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""
