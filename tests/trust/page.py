"""The page that the proof prints, the results it keeps, and the table of them in docs/reliability.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.report import RESULTS, described
from tests.trust.report import Line

RESULTS_FILE = RESULTS / "trust.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- trust -->\n", "<!-- /trust -->"
_SHOWN_DETAILS = 10


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


def write_results(
    runs: Sequence[PartRun], seed: int, seconds: float, about: Mapping[str, Any], path: Path = RESULTS_FILE
) -> None:
    """Keep the figures of a whole proof, and put their table into the document."""
    content = {
        "machine": about,
        "seed": seed,
        "seconds": round(seconds),
        "parts": [msgspec.to_builtins(run) for run in runs],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    before, _, rest = DOCUMENT.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    DOCUMENT.write_text(before + _BEGIN + results_table(path) + _END + after, "utf-8")


def results_table(path: Path = RESULTS_FILE) -> str:
    """The results as a Markdown table, with the machine below."""
    content = json.loads(path.read_text("utf-8"))
    lines = ["| part | what was done | invariants | counted and measured | holds |", "|---|---|---|---|---|"]
    for part in content["parts"]:
        for line in part["lines"]:
            holds = f"no: {line['short']}" if line["short"] else "yes"
            cells = [
                part["name"],
                line["what"],
                ", ".join(line["invariants"]),
                figures_text(line["figures"]),
                holds,
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    minutes = content["seconds"] / 60
    about = f"Seed {content['seed']}, {minutes:.1f} minutes, {described(content['machine'])}"
    return "\n".join([*lines, "", about]) + "\n"


def figures_text(figures: Mapping[str, float]) -> str:
    """Figures in one line, whole numbers without a fraction."""
    return ", ".join(f"{name} {value:,.1f}".removesuffix(".0") for name, value in figures.items())
