"""How every benchmark tells its figures: a table, a JSON file, and a last line that says pass or short."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

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
    load = os.getloadavg()
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(x, 2) for x in load],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    print(f"machine: {machine['cores']} cores, load average {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}")
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    write_table(name)
    missed = [figure.name for figure in figures if figure.short]
    print(f"{name}: " + (f"falls short: {', '.join(missed)}" if missed else "pass"))
    return 1 if missed else 0


def table(name: str) -> str:
    """The figures of `results/NAME.json` as a Markdown table, with the machine below."""
    content = json.loads((RESULTS / f"{name}.json").read_text())
    lines = ["| figure | measured | target |", "|---|---|---|"]
    for figure in content["figures"]:
        sign = "at least" if figure["at_least"] else "at most"
        target = f"{sign} {figure['target']:,g}" if figure["target"] is not None else ""
        lines.append(f"| {figure['name']} | {figure['value']:,.1f} {figure['unit']} | {target} |")
    machine = content["machine"]
    load = " ".join(f"{value:.2f}" for value in machine["load_average"])
    about = f"{machine['cores']} cores, Python {machine['python']}, load average {load}, {machine['time']}."
    return "\n".join([*lines, "", about]) + "\n"


def write_table(name: str) -> None:
    """Put the table between the marks of that name in benchmarks/README.md."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = README.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(before + begin + table(name) + end + after, "utf-8")
