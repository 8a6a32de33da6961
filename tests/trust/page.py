"""The page that the proof prints, the results it keeps, and the table of them in docs/reliability.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.report import RESULTS, described, machine
from tests.trust.report import Line

RESULTS_FILE = RESULTS / "trust.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- trust -->\n", "<!-- /trust -->"
_SHOWN_DETAILS = 10
_OF_A_KIND = ": "


@dataclass(frozen=True, slots=True)
class PartRun:
    """One part that was run: how long it took, and its lines."""

    name: str
    seconds: float
    lines: Sequence[Line]


def print_page(runs: Sequence[PartRun], seed: int, share: float, seconds: float) -> None:
    """All lines, those that fall short with what broke."""
    print(f"\ntrust: seed {seed}, share {share:g}, {seconds / 60:.1f} minutes")
    for run in runs:
        print(f"\n{run.name} ({run.seconds:.0f} s)")
        for line in run.lines:
            mark = "  " if line.holds else "! "
            print(f"  {mark}{line.what} [{', '.join(line.invariants)}]")
            print(f"      {figures_text(line.figures)}")
            if not line.holds:
                print(f"      FALLS SHORT: {line.short}")
                for detail in line.details[:_SHOWN_DETAILS]:
                    print(f"        {detail}")


def keep_results(runs: Sequence[PartRun], seed: int, path: Path = RESULTS_FILE) -> None:
    """Keep the figures of parts that were run whole, and put the table of all into the document."""
    about = {"seed": seed, **machine()}
    kept = _kept(path)
    kept["parts"] |= {run.name: {"machine": about, **msgspec.to_builtins(run)} for run in runs}
    _keep(kept, path)


def keep_whole(seconds: float, seed: int, path: Path = RESULTS_FILE) -> None:
    """Keep how long all parts took in one run."""
    _keep(_kept(path) | {"whole": {"seconds": seconds, "machine": {"seed": seed, **machine()}}}, path)


def _kept(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {"whole": None, "parts": {}}


def _keep(kept: dict[str, Any], path: Path) -> None:
    kept["parts"] = dict(sorted(kept["parts"].items()))
    path.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    before, _, rest = DOCUMENT.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    DOCUMENT.write_text(before + _BEGIN + results_table(path) + _END + after, "utf-8")


def results_table(path: Path = RESULTS_FILE) -> str:
    """The results as a Markdown table, with the machine of each part below.

    Figures of a kind of call or of a target are too many for a table: they are in the results alone.
    """
    kept = _kept(path)
    lines = ["| part | what was done | invariants | counted and measured | holds |", "|---|---|---|---|---|"]
    for name, part in kept["parts"].items():
        for line in part["lines"]:
            holds = f"no: {line['short']}" if line["short"] else "yes"
            figures = {what: value for what, value in line["figures"].items() if _OF_A_KIND not in what}
            cells = [name, line["what"], ", ".join(line["invariants"]), figures_text(figures), holds]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines.append("")
    for name, part in kept["parts"].items():
        lines.append(f"- `{name}`: {_ran(part)}")
    if kept["whole"]:
        lines.append(f"- All parts in one run: {_ran(kept['whole'])}")
    return "\n".join(lines) + "\n"


def _ran(run: dict[str, Any]) -> str:
    about = run["machine"]
    return f"{run['seconds']:,.0f} s, seed {about['seed']}, {described(about)}"


def figures_text(figures: Mapping[str, float]) -> str:
    """Figures in one line, whole numbers without a fraction."""
    return ", ".join(f"{name} {value:,.1f}".removesuffix(".0") for name, value in figures.items())
