"""The tables of a run: on the screen, and as Markdown between the marks of benchmarks/README.md."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.accuracy.contestants import OURS, PEERS
from benchmarks.accuracy.results import Result, SetFacts
from benchmarks.accuracy.targets import Judged, State
from benchmarks.report import README, RESULTS

NAME = "accuracy"
_OWN = ("febrl", "hard_")
_ABOUT = """\
Peers: F1 as they come, then at the threshold that suits them best, chosen by the truth: an upper bound.
It is over all thresholds, of their pairs or of the connected components of these, whichever is higher.
FEBRL comes without the social security number, which finds nine pairs of ten alone; `with_id` has it.
FEBRL 4 is both of its files as one set: nobody is told which record is of which file.
People and companies of senzing and nomenklatura are resolved apart.
CDC and nomenklatura are exactly the labelled pairs, and the share right is of the definite ones.
Of those, goldenmatch scores the ones that its own blocking reaches; the others count as its lowest.
Seconds and memory are of whole processes; goldenmatch has a second run for the pairs under its threshold.
""".splitlines()
_DETAILS = (
    "precision",
    "recall",
    "precision at MATCH",
    "recall at MATCH",
    "B-cubed F1",
    "largest cluster",
    "true pairs compared",
    "pairs a record",
    "definite labels right",
)


def machine() -> dict[str, object]:
    """Where and when the figures were taken, in the shape of the other benchmarks."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def screen_line(facts: SetFacts, result: Result) -> str:
    """One line as a run goes on."""
    head = f"{facts.name:<26} {result.contestant:<14}"
    if result.failure:
        return f"{head} not finished: {result.failure[:120]}"
    parts = [
        f"F1 {_three(result.f1)} (P {_three(result.precision)} R {_three(result.recall)})",
        f"best {_three(result.best_f1)} at {_three(result.best_threshold)} of {result.best_of}",
    ]
    if result.right is not None:
        parts.append(f"right {_three(result.right)} best {_three(result.best_right)}")
    parts.append(f"MATCH P {_three(result.match_precision)} R {_three(result.match_recall)}")
    if result.b_cubed_f1 is not None:
        parts.append(f"B3 {_three(result.b_cubed_f1)} largest {result.largest_cluster}")
    parts.append(f"compared {_three(result.compared_recall)}")
    if result.pairs_per_record is not None:
        parts.append(f"{result.pairs_per_record:.1f} pairs/record")
    parts.append(f"{result.seconds:.1f} s {result.peak_mib:.0f} MiB")
    return "  ".join([head, *parts, *(["kept"] if result.kept_from else [])])


def markdown(sets: Sequence[SetFacts], judged: Sequence[Judged], about: dict[str, object]) -> str:
    """All tables and what is below them."""
    load = about["load_average"]
    assert isinstance(load, list)
    loads = " ".join(f"{one:.2f}" for one in load)
    return "\n".join(
        [
            *_accuracy_rows(sets),
            "",
            *_detail_rows(sets),
            "",
            *_cost_rows(sets),
            "",
            *_target_rows(judged),
            "",
            *_notes(sets),
            "",
            f"{about['cores']} cores, Python {about['python']}, load average {loads}, {about['time']}.",
        ]
    )


def table() -> str:
    """What benchmarks/README.md shows, from results/accuracy.json."""
    content = json.loads((RESULTS / f"{NAME}.json").read_text("utf-8"))
    sets = [
        SetFacts(
            one["name"],
            one["records"],
            one["true_pairs"],
            one["largest_true_cluster"],
            one["licence"],
            "",
            [Result(**result) for result in one["results"]],
        )
        for one in content["sets"]
    ]
    judged = [Judged(one["target"], one["measured"], State(one["state"])) for one in content["targets"]]
    return markdown(sets, judged, content["machine"]) + "\n"


def write(sets: Sequence[SetFacts], judged: Sequence[Judged]) -> None:
    """Write results/accuracy.json and the tables between the marks in benchmarks/README.md."""
    about = machine()
    content = {
        "machine": about,
        "sets": [
            {
                "name": one.name,
                "records": one.record_count,
                "true_pairs": one.true_pair_count,
                "largest_true_cluster": one.largest_true_cluster,
                "licence": one.licence,
                "results": [result.as_data() for result in one.results],
            }
            for one in sets
        ],
        "targets": [{"target": one.target, "measured": one.measured, "state": one.state} for one in judged],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{NAME}.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    begin, end = f"<!-- {NAME} -->\n", f"<!-- /{NAME} -->"
    before, _, rest = README.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(before + begin + markdown(sets, judged, about) + "\n" + end + after, "utf-8")


def _accuracy_rows(sets: Sequence[SetFacts]) -> list[str]:
    lines = [
        "| set | records | true pairs | ours | " + " | ".join(PEERS) + " |",
        "|---|---|---|---|" + "---|" * len(PEERS),
    ]
    for one in sets:
        found = {result.contestant: result for result in one.results}
        cells = [_default(found.get(OURS)), *(_default_and_best(found.get(peer)) for peer in PEERS)]
        lines.append(
            f"| {one.name} | {one.record_count:,} | {one.true_pair_count:,} | " + " | ".join(cells) + " |"
        )
    return lines


def _detail_rows(sets: Sequence[SetFacts]) -> list[str]:
    lines = [
        "| ours on | " + " | ".join(_DETAILS) + " |",
        "|---|" + "---|" * len(_DETAILS),
    ]
    for one in sets:
        for result in one.results:
            if result.contestant != OURS or result.failure:
                continue
            largest = f"{result.largest_cluster} of {one.largest_true_cluster}"
            cells = [
                _three(result.precision),
                _three(result.recall),
                _three(result.match_precision),
                _three(result.match_recall),
                _three(result.b_cubed_f1),
                largest if result.largest_cluster is not None else "",
                _three(result.compared_recall),
                f"{result.pairs_per_record:.1f}" if result.pairs_per_record is not None else "",
                _three(result.right),
            ]
            lines.append(f"| {one.name} | " + " | ".join(cells) + " |")
    return lines


def _cost_rows(sets: Sequence[SetFacts]) -> list[str]:
    names = (OURS, *PEERS)
    lines = [
        "| seconds and peak MiB | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for one in sets:
        found = {result.contestant: result for result in one.results}
        lines.append(f"| {one.name} | " + " | ".join(_cost(found.get(name)) for name in names) + " |")
    return lines


def _target_rows(judged: Sequence[Judged]) -> list[str]:
    lines = ["| target | measured | |", "|---|---|---|"]
    return [*lines, *(f"| {one.target} | {one.measured} | {one.state} |" for one in judged)]


def _notes(sets: Sequence[SetFacts]) -> list[str]:
    kept = sorted({result.kept_from for one in sets for result in one.results if result.kept_from})
    failures = [
        f"{result.contestant} did not finish {one.name}: {result.failure[:160]}."
        for one in sets
        for result in one.results
        if result.failure
    ]
    notes = [*_ABOUT, *failures]
    if all(one.name.startswith(_OWN) for one in sets):
        notes.append("There was no labelled data beside FEBRL and the project's own generator.")
    notes.append(
        f"Figures marked * are of another run, kept from {kept[0]} to {kept[-1]}."
        if kept
        else "All figures are of one run."
    )
    return notes


def closing_line(judged: Sequence[Judged]) -> str:
    """The last line of a run: pass, or what falls short, and what was not judged."""
    short = [f"{one.target} ({one.measured})" for one in judged if one.state is State.SHORT]
    unjudged = [one.target for one in judged if one.state is State.OPEN]
    said = f"falls short: {'; '.join(short)}" if short else "pass"
    return f"{NAME}: {said}" + (f"; not judged: {'; '.join(unjudged)}" if unjudged else "")


def _default(result: Result | None) -> str:
    if result is None:
        return ""
    return "not finished" if result.failure else f"**{_three(result.f1)}**"


def _default_and_best(result: Result | None) -> str:
    if result is None:
        return ""
    if result.failure:
        return "not finished"
    return f"{_three(result.f1)} / {_three(result.best_f1)}" + ("*" if result.kept_from else "")


def _cost(result: Result | None) -> str:
    if result is None or result.failure:
        return ""
    return f"{result.seconds:,.1f} s, {result.peak_mib:,.0f}" + ("*" if result.kept_from else "")


def _three(value: float | None) -> str:
    return f"{value:.3f}" if value is not None else ""
