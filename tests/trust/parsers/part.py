"""Each parser and normaliser for its share of a million runs, guided by coverage, and what that found.

`features` are what the fuzzer tells apart: which lines followed which, and how often.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.trust.parsers.targets import TARGETS, Target
from tests.trust.report import Line, Plan

LEAST_RUNS = 1_000
# One input may not take longer, nor all of them more memory.
SLOWEST_SECONDS = 5
MOST_MEMORY_MIB = 1024
# A slow target ends here, unless there is time, and its runs are counted as they are.
MOST_SECONDS = 15
_DONE = re.compile(r"^Done (\d+) runs", re.MULTILINE)
_FEATURES = re.compile(r"\bcov: (\d+) ft: (\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one target; `problem` is the end of what the fuzzer wrote, if it found something."""

    name: str
    wanted: int
    runs: int
    features: int
    seconds: float
    problem: str


def run(plan: Plan) -> list[Line]:
    """Fuzz every target, one after the other."""
    return [line_of([fuzz(plan, name, target) for name, target in TARGETS.items()])]


def fuzz(plan: Plan, name: str, target: Target) -> Found:
    home = plan.directory / name.replace(" ", "-")
    corpus = home / "corpus"
    corpus.mkdir(parents=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_text(seed)
    wanted = plan.count(target.runs, LEAST_RUNS)
    began = monotonic()
    # It is the same run for the same seed: no time, no address and no hash has a part in it.
    answer = subprocess.run(
        [
            sys.executable, "-m", "tests.trust.parsers.fuzzed", name, str(corpus), f"-runs={wanted}",
            f"-seed={plan.seed}", f"-max_len={target.longest}", f"-timeout={SLOWEST_SECONDS}",
            f"-rss_limit_mb={MOST_MEMORY_MIB}", f"-max_total_time={0 if plan.unhurried else MOST_SECONDS}",
            f"-artifact_prefix={home}/",
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    seconds = monotonic() - began
    said = answer.stdout + answer.stderr
    (home / "log").write_text(said)
    done, features = _DONE.search(said), _FEATURES.findall(said)
    problem = "" if answer.returncode == 0 and done else _problem(said, home)
    return Found(
        name, wanted, int(done[1]) if done else 0, int(features[-1][1]) if features else 0, seconds, problem
    )


def _problem(said: str, home: Path) -> str:
    """What was raised, and the input that it takes."""
    inputs = [path.read_bytes() for path in sorted(home.glob("*-*")) if path.is_file()]
    at = said.find("Uncaught Python exception")
    lines = [
        line for line in said[max(at, 0) :].splitlines() if line.strip() and not line.startswith("INFO:")
    ]
    lines = lines[:14] if at >= 0 else lines[-14:]
    return f"input {inputs[-1]!r}: " + " | ".join(lines) if inputs else " | ".join(lines)


def line_of(found: list[Found]) -> Line:
    broken = [each for each in found if each.problem]
    # Only time can stop a target that found nothing.
    late = [each for each in found if not each.problem and each.runs < each.wanted]
    figures: dict[str, float] = {"targets": len(found), "runs": sum(each.runs for each in found)}
    for each in found:
        figures[f"{each.name}: runs"] = each.runs
        figures[f"{each.name}: runs a second"] = round(each.runs / each.seconds)
        figures[f"{each.name}: features"] = each.features
    if late:
        figures["targets that the time stopped"] = len(late)
    short = f"{', '.join(each.name for each in broken)}: see the inputs" if broken else ""
    what = "parsers and normalisers on a fuzzer's inputs: no error but the documented, normal forms stay"
    details = [f"{each.name}: {each.problem}" for each in broken]
    return Line(what, ("F-1", "F-2"), figures, short, tuple(details))
