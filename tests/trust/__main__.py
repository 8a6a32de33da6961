"""The whole proof: `make trust`, one page of figures from one seed, in forty minutes to an hour on two cores.

Parts run three at a time, since many of them wait, each in a process group of its own; the load has the
machine to itself, at the end. A part that fails, hangs or counts nothing falls short, and so does the whole.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.trust.page import PartRun, keep_results, keep_whole, print_page
from tests.trust.part import LINES_FILE, UNHURRIED
from tests.trust.report import Line, read_lines

ROOT = Path(__file__).parents[2]
# The longest first, so that the last two end together.
BESIDE_OTHERS = (
    "model",
    "seeded_bugs",
    "failpoints",
    "parsers",
    "postgres_kills",
    "proxy",
    "valkey_kills",
    "fuzz",
    "races",
    "attacks",
    "import_files",
)
ALONE = ("load",)
AT_ONCE = 3
# Enough for the longest part twice over: a part that takes more hangs.
LIMIT_SECONDS = 30 * 60.0
UNHURRIED_LIMIT_SECONDS = 6 * 3600.0
_LAST_LINES = 12
_KEEPING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Wishes:
    """The seed, the share of each count, where a part may write, and whether it may take its time."""

    seed: int
    share: float
    directory: Path
    unhurried: bool


def main() -> int:
    """Run the proof; the exit status is 0 when nothing falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="draws the same cases again")
    parser.add_argument("--share", type=float, default=1.0, help="of every count, such as 0.1")
    parser.add_argument("--only", default="", help="names of parts, with commas between")
    parser.add_argument(
        "--unhurried",
        action="store_true",
        help="do all cases of parts that else draw some or stop at a time: `parsers` takes over an hour",
    )
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or [*BESIDE_OTHERS, *ALONE]
    unknown = sorted({*wanted} - {*BESIDE_OTHERS, *ALONE})
    if unknown or not 0 < options.share <= 1:
        parser.error(f"unknown: {unknown}; parts are {', '.join((*BESIDE_OTHERS, *ALONE))}; 0 < share <= 1")
    started = time.monotonic()
    with _directory() as directory:
        wishes = Wishes(options.seed, options.share, directory, options.unhurried)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            runs = list(pool.map(lambda name: _kept(name, wishes), [n for n in BESIDE_OTHERS if n in wanted]))
        runs += [_kept(name, wishes) for name in ALONE if name in wanted]
    seconds = time.monotonic() - started
    if options.share == 1 and len(wanted) == len(BESIDE_OTHERS) + len(ALONE):
        keep_whole(seconds, options.seed)
    print_page(runs, options.seed, options.share, seconds)
    short = [f"{run.name}: {line.short}" for run in runs for line in run.lines if not line.holds]
    print("pass" if not short else "falls short: " + "; ".join(short))
    return 1 if short else 0


@contextmanager
def _directory() -> Iterator[Path]:
    """A directory that the account of an embedded PostgreSQL may enter."""
    path = Path(tempfile.mkdtemp(prefix="dedup-trust-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _kept(name: str, wishes: Wishes) -> PartRun:
    """A part with its results kept, if it is the whole of it: those after it may be stopped."""
    run = _run(name, wishes)
    if wishes.share == 1:
        with _KEEPING:
            keep_results([run], wishes.seed)
    return run


def _run(name: str, wishes: Wishes) -> PartRun:
    """A part, run to its end or to the limit; all that it started ends with it."""
    directory = wishes.directory / name
    directory.mkdir(mode=0o711)
    log = wishes.directory / f"{name}.log"
    arguments = [name, str(wishes.seed), str(wishes.share), str(directory)]
    arguments += [UNHURRIED] if wishes.unhurried else []
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.part", *arguments],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(UNHURRIED_LIMIT_SECONDS if wishes.unhurried else LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end_group(process.pid)
            process.wait()
    seconds = time.monotonic() - started
    lines = parts_lines(directory / LINES_FILE, code, log)
    said = "holds" if all(line.holds for line in lines) else "FALLS SHORT"
    print(f"{name}: {seconds:.0f} s, {said}", flush=True)
    return PartRun(name, seconds, lines)


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def parts_lines(path: Path, code: int | None, log: Path) -> list[Line]:
    """What a part has left that ended with this status, None when it had to be ended."""
    if code == 0 and path.is_file():
        lines = read_lines(path)
        return lines or [Line("nothing was done", (), {}, "the part says nothing")]
    ended = "hung" if code is None else f"ended with status {code}"
    last = log.read_text("utf-8", errors="replace").splitlines()[-_LAST_LINES:]
    return [Line("the part did not come to its end", (), {}, ended, tuple(last))]


if __name__ == "__main__":
    sys.exit(main())
