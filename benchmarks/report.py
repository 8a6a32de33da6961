"""How every benchmark tells its figures: a table, a JSON file, and a last line that says pass or short."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent / "README.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and its target; `at_least` says which side of the target is good."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = True

    @property
    def short(self) -> bool:
        if self.target is None:
            return False
        return self.value < self.target if self.at_least else self.value > self.target


def report(name: str, figures: list[Figure]) -> int:
    """Print the table, write `results/NAME.json`, and return the exit status: 0 for pass, 1 for short."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        sign = ">=" if figure.at_least else "<="
        target = f"  target {sign} {figure.target:,g}" if figure.target is not None else ""
        mark = "  SHORT" if figure.short else ""
        print(f"{figure.name:<{width}}  {figure.value:>12,.1f} {figure.unit:<12}{target}{mark}")
    about = machine()
    print(f"machine: {described(about)}")
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": about, "figures": [asdict(figure) for figure in figures]}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    write_table(name)
    missed = [figure.name for figure in figures if figure.short]
    print(f"{name}: " + (f"falls short: {', '.join(missed)}" if missed else "pass"))
    return 1 if missed else 0


def machine() -> dict[str, Any]:
    """What the figures were measured on, and when."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(x, 2) for x in os.getloadavg()],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def described(about: Mapping[str, Any]) -> str:
    """A machine in one line."""
    load = " ".join(f"{value:.2f}" for value in about["load_average"])
    return f"{about['cores']} cores, Python {about['python']}, load average {load}, {about['time']}."


def table(name: str) -> str:
    """The figures of `results/NAME.json` as a Markdown table, with the machine below."""
    content = json.loads((RESULTS / f"{name}.json").read_text())
    lines = ["| figure | measured | target |", "|---|---|---|"]
    for figure in content["figures"]:
        sign = "at least" if figure["at_least"] else "at most"
        target = f"{sign} {figure['target']:,g}" if figure["target"] is not None else ""
        lines.append(f"| {figure['name']} | {figure['value']:,.1f} {figure['unit']} | {target} |")
    return "\n".join([*lines, "", described(content["machine"])]) + "\n"


def write_table(name: str) -> None:
    """Put the table between the marks of that name in benchmarks/README.md."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = README.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(before + begin + table(name) + end + after, "utf-8")
