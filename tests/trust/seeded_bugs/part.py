"""Put each seeded bug into a copy of the project, and see the tests that claim to catch it fail.

Without the bug the same tests pass, so that what fails fails for its sake.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.trust.report import Line, Plan
from tests.trust.seeded_bugs.patches import SeededBug, apply, read_bugs
from tools.prove_guards import copy_of_project

LEAST_BUGS = 30
# All of them are put in by `make prove-bugs`.
_HURRIED_BUGS = 32
# What pytest ends with when tests ran and none, or some, failed; anything else is no proof.
_PASSED, _FAILED = 0, 1
_LIMIT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Outcome:
    """What pytest ended with, and the tests that failed."""

    code: int
    failed: tuple[str, ...]


def run(plan: Plan) -> list[Line]:
    """One line for all bugs; of a share some, drawn by the seed."""
    bugs = read_bugs()
    chosen = Random(plan.seed).sample(bugs, min(len(bugs), plan.some(len(bugs), _HURRIED_BUGS)))
    copy = copy_of_project(plan.directory / "copy")
    sound = outcome_of(copy, sorted({test for bug in chosen for test in bug.tests}))
    if sound.code != _PASSED:
        short = f"without any bug {len(sound.failed)} of the tests fail (status {sound.code})"
        return [Line("seeded bugs", (), {"put in": len(chosen)}, short, sound.failed)]
    unnoticed = [said for bug in chosen if (said := missed(bug, copy))]
    short = f"{len(unnoticed)} bugs are not caught by the test that claims to" if unnoticed else ""
    if not short and len(bugs) < LEAST_BUGS:
        short = f"there are {len(bugs)} bugs, not {LEAST_BUGS}"
    invariants = sorted({each for bug in chosen for each in bug.invariants})
    figures = {"known": len(bugs), "put in": len(chosen), "caught": len(chosen) - len(unnoticed)}
    what = "bugs put in one at a time, each caught by the test that claims to"
    return [Line(what, tuple(invariants), figures, short, tuple(unnoticed))]


def missed(bug: SeededBug, copy: Path) -> str:
    """Why a bug is not caught; empty when each test that claims to catch it does."""
    if problem := apply(bug, copy):
        return f"{bug.name}: the patch no longer fits: {problem}"
    try:
        found = outcome_of(copy, bug.tests)
    finally:
        apply(bug, copy, undone=True)
    if found.code != _FAILED:
        return f"{bug.name}: pytest ended with status {found.code}, no test failed"
    silent = [test for test in bug.tests if not any(failed.startswith(test) for failed in found.failed)]
    return f"{bug.name}: {', '.join(silent)} passed" if silent else ""


def outcome_of(copy: Path, tests: Sequence[str]) -> Outcome:
    """Run tests of the copy."""
    flags = ["-q", "-p", "no:cacheprovider", "-m", "", "--no-header"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, *tests],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
        # A service that a test starts is the copy's too, not the installed one.
        env={**os.environ, "PYTHONPATH": str(copy)},
    )
    words = [line.split() for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return Outcome(done.returncode, tuple(found[1] for found in words))
