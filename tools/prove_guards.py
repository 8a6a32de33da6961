"""Take each guard of tests/guards.yaml out, one at a time, in a copy of the project, and see its tests fail.

A test that passes without the guard it is named for proves nothing: then this ends with status 1. So does a
guard whose text is no longer found, because nobody would notice that it went.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
GUARDS = ROOT / "tests" / "guards.yaml"
# What pytest ends with when tests ran and some failed; anything else is no proof.
FAILED = 1


@dataclass(frozen=True, slots=True)
class Guard:
    """A piece of text that guards a promise, what stands there when it is taken out, and who must notice."""

    promise: str
    file: str
    text: str
    without: str
    tests: str


def read_guards() -> list[Guard]:
    """The guards, each with a text that stands in its file exactly once."""
    guards = [Guard(**entry) for entry in yaml.safe_load(GUARDS.read_text("utf-8"))]
    lost = [
        f"{guard.promise}: its text stands {found} times in {guard.file}"
        for guard in guards
        if (found := (ROOT / guard.file).read_text("utf-8").count(guard.text)) != 1
    ]
    if lost:
        raise SystemExit("\n".join(lost))
    return guards


def copy_of_project(directory: Path) -> Path:
    """A copy of all that git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    return directory


def noticed(copy: Path, guard: Guard) -> tuple[bool, str]:
    """Whether the tests of a guard fail without it, and the line that says so."""
    path = copy / guard.file
    whole = path.read_text("utf-8")
    path.write_text(whole.replace(guard.text, guard.without), "utf-8")
    try:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "",
            *guard.tests.split(),
        ]
        # A service that a test starts is the copy's too, not the installed one.
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        ended = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        path.write_text(whole, "utf-8")
    lines = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return ended.returncode == FAILED and bool(lines), (lines or ended.stdout.splitlines()[-1:] or ["?"])[0]


def main() -> int:
    """Prove every guard, or those whose promise holds a word; 0 when all were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only guards whose promise holds this")
    wanted = parser.parse_args().word
    guards = [guard for guard in read_guards() if wanted in guard.promise]
    directory = Path(tempfile.mkdtemp(prefix="dedup-guards-"))
    unnoticed = []
    try:
        copy = copy_of_project(directory)
        for guard in guards:
            started = time.monotonic()
            seen, line = noticed(copy, guard)
            seconds = time.monotonic() - started
            word = "noticed" if seen else "NOT NOTICED"
            print(f"{word:<12} {seconds:5.1f} s  {guard.promise}\n    {line[:150]}", flush=True)
            if not seen:
                unnoticed.append(guard.promise)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    verdict = f"not noticed: {'; '.join(unnoticed)}" if unnoticed else "pass"
    print(f"{len(guards) - len(unnoticed)} of {len(guards)} guards: {verdict}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
