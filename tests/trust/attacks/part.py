"""Every named attack is tried again, and none gets through.

They are run by pytest, in a process of its own: the same tests that are run with all others.
"""

import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.trust.report import Line, Plan

ROOT = Path(__file__).parents[3]
# Fewer named attacks than these and something has been taken away.
LEAST_ATTACKS = 60
INVARIANTS = ("C-2", "C-3", "F-1", "F-2", "F-3", "F-6")
_SECONDS = 1800
_MAX_DETAILS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one named attack: how many cases of it were tried, and those that were not held off."""

    name: str
    case_count: int
    failed: tuple[str, ...]


def run(plan: Plan) -> list[Line]:
    """One line for the whole package."""
    report = plan.directory / "attacks.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # No marks are left out: what is too long for the quick tests is tried as well.
    done = subprocess.run(
        [*command, "-m", "", f"--junitxml={report}", "tests/attacks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return [line_of(outcomes(report) if report.exists() else [], done.returncode, done.stdout[-2000:])]


def outcomes(report: Path) -> list[Outcome]:
    """The named attacks of a report of pytest, each with its cases; one that was left out has failed."""
    cases: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for case in ET.parse(report).getroot().iter("testcase"):
        module, name = case.get("classname", ""), case.get("name", "")
        held = all(case.find(tag) is None for tag in ("failure", "error", "skipped"))
        cases[f"{module}.{name.partition('[')[0]}"].append((name, held))
    return [
        Outcome(name, len(found), tuple(case for case, held in found if not held))
        for name, found in sorted(cases.items())
    ]


def line_of(found: list[Outcome], return_code: int, said: str) -> Line:
    """The line of these outcomes; what pytest said goes with it where they cannot explain its exit."""
    held = [each for each in found if not each.failed]
    failed = [f"{each.name}: {', '.join(each.failed[:3])}" for each in found if each.failed]
    short = []
    if failed:
        short.append(f"{len(failed)} named attacks were not held off")
    if len(held) < LEAST_ATTACKS:
        short.append(f"{len(held)} named attacks were held off, fewer than {LEAST_ATTACKS}")
    if return_code and not failed:
        short.append(f"pytest ended with {return_code}")
    return Line(
        what="Named attacks tried and held off",
        invariants=INVARIANTS,
        figures={"attacks": len(held), "cases": sum(each.case_count for each in found)},
        short="; ".join(short),
        details=tuple([*failed, *([said] if return_code and not failed else [])][:_MAX_DETAILS]),
    )
