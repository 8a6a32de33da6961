"""How well records are matched, against labels that the user has: read, resolve, measure, say."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from dedup_service.cli.columns import entity_asked
from dedup_service.cli.model_files import read_model
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError, require_place
from dedup_service.cli.words import bits, plural
from dedup_service.reports.evaluation import MATCH, REVIEW, Evaluation
from dedup_service.reports.evaluation import evaluate as measure
from dedup_service.reports.figures import figures_of
from dedup_service.reports.mistakes import Mistake
from dedup_service.reports.page import page_of
from dedup_service.reports.pictures import PicturesMissing, require_libraries
from dedup_service.reports.records import Records, read_records
from dedup_service.reports.sentences import strata_words, surest_words
from dedup_service.reports.strata import strata_of
from dedup_service.reports.tables import TableError, read_table
from dedup_service.reports.truth import HOW_IT_LOOKS, read_truth
from dedup_service.reports.waterfall import LEAST_SHOWN_BITS
from scoring import ScoringError
from scoring.evaluation.intervals import Interval, Intervals
from scoring.evaluation.metrics import PairCounts

_RESULT_COLUMNS = ("taken for one", "precision", "recall", "F1", "right", "wrong", "missed")
_IGNORED_SHOWN = 12
_MISTAKES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What to evaluate, as said on the command line; empty where nothing was said."""

    records: Path
    truth: Path | None
    entity: str
    columns: tuple[str, ...]
    stratum: str
    models: tuple[Path, ...]
    train: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files to write."""

    report: Path | None
    json_file: Path | None
    with_values: bool


def evaluate(asked: Asked, wanted: Wanted) -> None:
    """Say what was read and how well it is matched, and write the files."""
    out = Output(as_json=False)
    try:
        for path in (wanted.report, wanted.json_file):
            require_place(path)
        if wanted.report is not None:
            require_libraries()
        read = _read(asked)
        _say_columns(out, read)
        found = _measure(out, read, asked)
    except (ScoringError, TableError, PicturesMissing) as error:
        raise CommandError(str(error)) from error
    _say_results(out, found)
    _write(out, found, asked.stratum, wanted)


def _read(asked: Asked) -> Records:
    return read_records(asked.records, entity_asked(asked.entity), asked.columns)


def _measure(out: Output, read: Records, asked: Asked) -> Evaluation:
    if asked.truth is None:
        raise CommandError(
            "there is nothing to measure against: name a truth file with --truth TRUTH.csv.\n\n"
            f"{HOW_IT_LOOKS}"
        )
    table = read_table(asked.truth)
    truth = read_truth(table, read.ids)
    out.bullets("truth", truth.notes)
    strata = strata_of(asked.stratum, read, truth, table) if asked.stratum else []
    with Console(stderr=True).status("matching the records"):
        return measure(
            read, truth, model=read_model(asked.models), train=asked.train, strata=strata, seed=asked.seed
        )


def _say_columns(out: Output, read: Records) -> None:
    """What was read, which columns became which fields, and which are not compared."""
    table, columns = read.table, read.columns
    what = "people" if columns.entity == "PERSON" else "companies"
    because = f", because {columns.entity_why}" if columns.entity_why else ""
    if columns.record_type:
        what = f"people and companies, by {columns.record_type} ({what} where it does not say)"
    out.line(f"{table.path.name}: {len(read.ids):,} records of {what}{because}", "bold")
    rows = [("record_id", columns.record_id or "(the rows are numbered)")]
    rows += [(one.field, one.words) for one in columns.fields]
    out.table(("field", "columns"), rows)
    reasons: dict[str, list[str]] = {}
    for one in columns.ignored:
        reasons.setdefault(one.why, []).append(one.column)
    out.bullets("not compared", (f"{_some(named)}: {why}" for why, named in reasons.items()))
    out.bullets("notes", table.notes)


def _some(names: list[str]) -> str:
    more = len(names) - _IGNORED_SHOWN
    return ", ".join(names[:_IGNORED_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _say_results(out: Output, found: Evaluation) -> None:
    out.table(
        _RESULT_COLUMNS,
        [
            *(_result(one.name, one.counts, one.intervals) for one in found.figures),
            *_b_cubed(found),
        ],
        "results, with the intervals that hold 95 of 100",
        right=_RESULT_COLUMNS[1:],
    )
    out.table(
        ("stratum", "size", *_RESULT_COLUMNS[1:]),
        [(one.name, f"{one.size:,}", *_result("", one.counts, one.intervals)[1:]) for one in found.strata],
        f"by stratum: {strata_words(found)}",
        right=("size", *_RESULT_COLUMNS[1:]),
    )
    out.bullets("in short", _in_short(found))
    for kind in dict.fromkeys(one.kind for one in found.mistakes):
        worst = [one for one in found.mistakes if one.kind is kind][:_MISTAKES_SHOWN]
        ids = found.records.ids
        out.table(
            ("left", "right", "bits", "verdict", "what weighs most"),
            [
                (
                    ids[one.left],
                    ids[one.right],
                    bits(one.score.match_weight_bits),
                    str(one.score.verdict),
                    _weightiest(one),
                )
                for one in worst
            ],
            f"the worst: {kind}",
            right=("bits",),
        )


def _in_short(found: Evaluation) -> Iterator[str]:
    model = found.model
    trained = "fitted to these records without labels" if found.fitted else "as it is"
    yield from found.notes
    yield f"model {model.version}, {trained}; {found.seconds:.1f} seconds"
    best = found.curve.best()
    if best is not None:
        yield (
            f"the best F1 of single links is {best.f1:.3f}, from {bits(best.weight_bits)} bits; "
            f"MATCH is from {bits(found.match_bits)}, REVIEW from {bits(found.review_bits)}"
        )
        yield surest_words(found)
    yield "clusters ask for no verdict: they join while the mean weight between them is above 0 bits"
    said = found.calibration
    if math.isnan(said.expected_error):
        yield "calibration: no pair was scored"
    else:
        yield (
            f"calibration: probabilities are off by {said.expected_error:.4f} on average "
            f"(Brier {said.brier:.4f}, log loss {said.log_loss:.4f} bits)"
        )
    blocking = found.blocking
    yield (
        f"blocking: {_share(blocking.recall)} of the true pairs are compared, "
        f"{blocking.candidates.mean:.1f} candidates a record"
    )
    unlinkable = found.unlinkables.below(found.match_bits)
    yield f"unlinkable: {unlinkable:.1%} of the records do not match even themselves"
    if found.unsure:
        yield (
            f"of {plural(found.unsure['all'], 'pair')} labelled neither way, "
            f"{found.unsure[MATCH]:,} are MATCH and {found.unsure[REVIEW] - found.unsure[MATCH]:,} REVIEW"
        )


def _b_cubed(found: Evaluation) -> Iterator[tuple[str, ...]]:
    if found.b_cubed is not None:
        each = found.b_cubed
        yield ("clusters, B-cubed", _share(each.precision), _share(each.recall), f"{each.f1:.3f}", "", "", "")


def _result(name: str, counts: PairCounts, between: Intervals) -> tuple[str, ...]:
    return (
        name,
        _share_between(counts.precision, between.precision),
        _share_between(counts.recall, between.recall),
        f"{counts.f1:.3f}" if math.isfinite(counts.f1) else "-",
        f"{counts.correct:,}",
        f"{counts.found - counts.correct:,}",
        f"{counts.true - counts.correct:,}",
    )


def _share_between(share: float, interval: Interval) -> str:
    """A share with its interval, where there are pairs enough for one."""
    if not math.isfinite(interval.low):
        return _share(share)
    return f"{_share(share)} ({_share(interval.low)} to {_share(interval.high)})"


def _share(share: float) -> str:
    return f"{share:.1%}" if math.isfinite(share) else "-"


def _weightiest(mistake: Mistake) -> str:
    weighty = [one for one in mistake.score.contributions if abs(one.weight_bits) >= LEAST_SHOWN_BITS]
    parts = sorted(weighty, key=lambda each: -abs(each.weight_bits))[:2]
    return "; ".join(f"{each.evidence} ({bits(each.weight_bits)})" for each in parts)


def _write(out: Output, found: Evaluation, stratum: str, wanted: Wanted) -> None:
    if wanted.json_file is not None:
        text = json.dumps(figures_of(found), ensure_ascii=False, indent=1, allow_nan=False)
        wanted.json_file.write_text(text + "\n", "utf-8")
        out.line(f"wrote {wanted.json_file}")
    if wanted.report is not None:
        wanted.report.write_text(page_of(found, stratum, with_values=wanted.with_values), "utf-8")
        out.line(f"wrote {wanted.report}")
