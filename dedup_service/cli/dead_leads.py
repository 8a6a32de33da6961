"""`leads dead`: the study of dead leads as a table, a picture and a file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from dedup_service.cli.moments import beginning, ending, stamp_of, time_of
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError, require_place
from dedup_service.cli.session import HIDDEN, Session
from dedup_service.cli.spreadsheet_cells import plain_cell
from dedup_service.cli.words import plural, shown, word
from dedup_service.domain import dead_leads as domain
from dedup_service.reports.dead_leads import StudiedRow, StudyPicture, study_svg
from dedup_service.reports.pictures import PicturesMissing, require_libraries
from dedup_service.v1.lead_service_pb2 import (
    DeadLeadDimension,
    DeadLeadGroup,
    DeadLeadRow,
    StudyDeadLeadsRequest,
    StudyDeadLeadsResponse,
)

_PREFIX = "DEAD_LEAD_DIMENSION_"
_DIMENSIONS = {
    name.removeprefix(_PREFIX).lower().replace("_", "-"): number
    for name, number in DeadLeadDimension.items()
    if number
}
_NO_VALUES = {
    "NOT_GIVEN": "(not given)",
    "UNREACHABLE": "(nobody can be reached)",
    "OTHER": "(all others)",
    "MASKED": HIDDEN,
}


@dataclass(frozen=True, slots=True)
class WantedFiles:
    """The files to write; None for one that is not wanted."""

    svg: Path | None
    csv: Path | None


def study_request(
    by: str, and_by: str, source: str, start: str, until: str, least_count: int
) -> StudyDeadLeadsRequest:
    """The request of the words on the command line.

    Raises:
        typer.BadParameter: a word that means nothing here.
    """
    dimensions = [_dimension(by, "--by")]
    if and_by:
        dimensions.append(_dimension(and_by, "--and"))
    request = StudyDeadLeadsRequest(dimensions=dimensions, least_count=least_count)
    if source:
        request.source = f"sources/{source.removeprefix('sources/')}"
    if start:
        request.start_time.CopyFrom(stamp_of(beginning(start, "--from")))
    if until:
        request.end_time.CopyFrom(stamp_of(ending(until, "--until")))
    return request


def _dimension(said: str, option: str) -> DeadLeadDimension.ValueType:
    found = _DIMENSIONS.get(said.lower().replace("_", "-"))
    if found is None:
        raise typer.BadParameter(f"{said} is none of {', '.join(_DIMENSIONS)}", param_hint=option)
    return found


def wanted_files(svg: Path | None, csv_file: Path | None) -> WantedFiles:
    """The files, when they can be written.

    Raises:
        typer.BadParameter: the picture is not named as an SVG.
        CommandError: there is no such folder, or the libraries that draw are not installed.
    """
    if svg is not None and svg.suffix.lower() != ".svg":
        raise typer.BadParameter(
            f"{svg}: pictures are written as SVG; name a file that ends in .svg", param_hint="--svg"
        )
    for path in (svg, csv_file):
        require_place(path)
    if svg is not None:
        try:
            require_libraries()
        except PicturesMissing as error:
            raise CommandError(str(error)) from error
    return WantedFiles(svg, csv_file)


def dead(session: Session, request: StudyDeadLeadsRequest, files: WantedFiles, limit: int) -> None:
    """Say how leads died, and write the files."""
    answer = session.client.leads.StudyDeadLeads(request)
    names = [_dimension_words(number) for number in request.dimensions]
    out = session.output
    if out.as_json:
        out.json(answer)
    else:
        _say(out, answer, names, limit)
    if files.csv is not None:
        _write_csv(files.csv, answer, names)
    if files.svg is not None:
        files.svg.write_text(study_svg(_picture(request, answer)), "utf-8")
    if not out.as_json:
        for path in (files.csv, files.svg):
            if path is not None:
                out.line(f"wrote {path}")


def _say(out: Output, answer: StudyDeadLeadsResponse, names: Sequence[str], limit: int) -> None:
    counts = ["dead", "share", "came back"]
    rated = any(row.HasField("lead_count") for row in answer.rows)
    if rated:
        counts += ["of leads", "died"]
    rows = [(*_labels(row), *_figures(row)[: len(counts)]) for row in answer.rows[:limit]]
    out.table((*names, *counts), rows, right=counts)
    if len(answer.rows) > limit:
        out.line(f"{plural(len(answer.rows) - limit, 'smaller row')} not shown: raise --limit", "dim")
    out.line()
    out.line(_totals(answer))
    if not answer.complete:
        out.line("leads of an earlier release are still being taken up: some may be missing", "yellow")


def _figures(row: DeadLeadRow) -> tuple[str, ...]:
    return (
        f"{row.dead_count:,}",
        f"{row.dead_share:.1%}",
        f"{row.returned_count:,}",
        f"{row.lead_count:,}",
        f"{row.death_rate:.1%}",
    )


def _totals(answer: StudyDeadLeadsResponse) -> str:
    return (
        f"{answer.dead_count:,} of {plural(answer.lead_count, 'lead')} are dead ({answer.death_rate:.1%}), "
        f"of whom nobody can reach {answer.unreachable_count:,}; "
        f"{answer.returned_count:,} came back to life by asking again"
    )


def _labels(row: DeadLeadRow) -> list[str]:
    return [_label(group) for group in row.groups]


def _label(group: DeadLeadGroup) -> str:
    return shown(group.value) if group.value else _NO_VALUES.get(word(group, "type"), "")


def _dimension_words(number: DeadLeadDimension.ValueType) -> str:
    return DeadLeadDimension.Name(number).removeprefix(_PREFIX).lower().replace("_", " ")


def _write_csv(path: Path, answer: StudyDeadLeadsResponse, names: Sequence[str]) -> None:
    # Excel takes a file for UTF-8 only by its first bytes.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        columns = ("dead_count", "dead_share", "returned_count", "lead_count", "death_rate")
        writer.writerow([*(name.replace(" ", "_") for name in names), *columns])
        for row in answer.rows:
            rated = [row.lead_count, f"{row.death_rate:.6f}"] if row.HasField("lead_count") else ["", ""]
            figures = [row.dead_count, f"{row.dead_share:.6f}", row.returned_count, *rated]
            writer.writerow([*map(plain_cell, _labels(row)), *figures])


def _picture(request: StudyDeadLeadsRequest, answer: StudyDeadLeadsResponse) -> StudyPicture:
    spans = []
    if request.HasField("start_time"):
        spans.append(f"from {time_of(request.start_time):%Y-%m-%d}")
    if request.HasField("end_time"):
        spans.append(f"before {time_of(request.end_time):%Y-%m-%d}")
    return StudyPicture(
        dimensions=tuple(
            domain.DeadLeadDimension(DeadLeadDimension.Name(number).removeprefix(_PREFIX))
            for number in request.dimensions
        ),
        source=request.source.removeprefix("sources/"),
        span=" and ".join(spans),
        totals=_totals(answer),
        day=time_of(answer.create_time).date(),
        rows=tuple(
            StudiedRow(
                tuple(_labels(row)),
                row.dead_count,
                row.returned_count,
                row.death_rate if row.HasField("death_rate") else None,
            )
            for row in answer.rows
        ),
    )
