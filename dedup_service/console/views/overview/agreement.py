"""How far stewards agree with the model."""

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.calibration import Bin, Words, calibration
from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.names import Names
from dedup_service.console.views.overview.figures import NOTHING, Cell, Column, Fact, Figure, Table
from dedup_service.v1.overview_service_pb2 import CalibrationBin, StudyCalibrationResponse


def calibration_figure(answer: StudyCalibrationResponse, names: Names, formats: Formats) -> Figure:
    """What people decided, by the probability of the weakest link."""
    language = names.language
    title = language("Agreement with the model")
    table = _table(answer, names, formats)
    decided = [each.decided_count > 0 for each in answer.bins]
    if not any(decided):
        empty = language("No person has decided a scored proposal yet.")
        return Figure("calibration", title, "", table, empty=empty)
    first, last = decided.index(True), len(decided) - decided[::-1].index(True)
    shown = list(answer.bins)[first:last]
    summary = language(
        "People decided {decided} proposals, and agreed to {share} of them. A dot above the line: they agree "
        "more often than the model expects; below it, less often."
    ).format(
        decided=formats.number(answer.decided_count),
        share=formats.percent(answer.agreed_count / answer.decided_count),
    )
    words = Words(
        upright=language("People agreed, in %"),
        below=language("Match probability, in %"),
        count=language("count"),
        model=language("the model"),
    )
    edges = [*(each.lowest_probability for each in shown), shown[-1].highest_probability]
    pictures = tuple(
        calibration(
            width,
            [_bin(each) for each in shown],
            edges,
            formats.number,
            words,
            title,
            summary,
        )
        for width in (WIDE, NARROW)
    )
    return Figure(
        name="calibration",
        title=title,
        summary=summary,
        table=table,
        pictures=pictures,
        note=language(
            "The probability is that of the weakest link. Below stands how many were decided; the upright "
            "lines show where the true share lies with 95 %. Undone merges count as disagreement."
        ),
        facts=(
            Fact(
                formats.percent(answer.agreed_count / answer.decided_count),
                language("agreement with the model"),
                url="#calibration",
            ),
        ),
    )


def _bin(each: CalibrationBin) -> Bin | None:
    if not each.decided_count:
        return None
    return Bin(
        each.lowest_probability,
        each.highest_probability,
        each.mean_probability,
        each.decided_count,
        each.agreed_count,
    )


def _table(answer: StudyCalibrationResponse, names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("lowest_probability", language("From"), is_number=True),
        Column("highest_probability", language("To"), is_number=True),
        Column("mean_probability", language("The model says"), is_number=True),
        Column("agreed_share", language("People agreed"), is_number=True),
        Column("decided_count", language("Decided"), is_number=True),
        Column("agreed_count", language("Agreed"), is_number=True),
        Column("rejected_count", language("Rejected"), is_number=True),
        Column("undone_count", language("Undone"), is_number=True),
    )
    return Table(columns, tuple(_row(each, formats) for each in answer.bins))


def _row(each: CalibrationBin, formats: Formats) -> tuple[Cell, ...]:
    share = each.agreed_count / each.decided_count if each.decided_count else None
    mean = each.mean_probability if each.HasField("mean_probability") else None
    shares = (each.lowest_probability, each.highest_probability, mean, share)
    counts = (each.decided_count, each.agreed_count, each.rejected_count, each.undone_count)
    return (
        *(NOTHING if value is None else Cell(value, formats.percent(value)) for value in shares),
        *(Cell(count, formats.number(count)) for count in counts),
    )
