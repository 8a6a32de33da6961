"""The report as one HTML page that asks nothing from outside: figures, pictures, and the worst mistakes.

Texts of records come from anybody who filled in a form: the template escapes every value, and the page
forbids scripts and requests.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dedup_service.reports.charts import (
    calibration_chart,
    cluster_sizes_chart,
    precision_recall_chart,
    strata_chart,
    unlinkables_chart,
    weight_histogram,
)
from dedup_service.reports.evaluation import Evaluation
from dedup_service.reports.figures import figures_of, sizes_of, true_sizes_of
from dedup_service.reports.mistakes import Mistake
from dedup_service.reports.model_chart import model_chart, used_comparisons
from dedup_service.reports.pictures import in_bits
from dedup_service.reports.sentences import strata_words, surest_words
from dedup_service.reports.waterfall import waterfall_steps
from scoring import Entity

_TEMPLATE = "page.html.jinja"


class Picture(NamedTuple):
    """A picture and how to read it."""

    svg: str
    reading: str


def page_of(evaluation: Evaluation, stratum: str = "", *, with_values: bool = False) -> str:
    """The page. `stratum` names the column of the strata; `with_values` shows what mistaken records hold."""
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415 -- only pages need it

    environment = Environment(
        loader=PackageLoader("dedup_service.reports", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number, "bits": _bits}
    mistakes = [_mistake(one, evaluation, with_values) for one in evaluation.mistakes]
    return environment.get_template(_TEMPLATE).render(
        figures=figures_of(evaluation),
        pictures=list(_pictures(evaluation, stratum)),
        kinds=list(dict.fromkeys(one["kind"] for one in mistakes)),
        mistakes=mistakes,
        surest=surest_words(evaluation),
        match_bits=evaluation.match_bits,
        review_bits=evaluation.review_bits,
    )


def _pictures(evaluation: Evaluation, stratum: str) -> Iterator[Picture]:
    if evaluation.scored.weights_bits.size:
        yield Picture(
            weight_histogram(evaluation),
            "The less the two overlap, the better. False pairs right of MATCH are wrong merges, true pairs "
            "left of REVIEW are never shown to anybody.",
        )
        yield Picture(
            precision_recall_chart(evaluation),
            "To the right and above is better. The curve cannot pass the dashed line: those pairs were "
            "never compared.",
        )
        yield Picture(
            calibration_chart(evaluation),
            "Points above the dashed line: the model is too careful; below: too sure. A wide interval has "
            "few pairs behind it.",
        )
    found, true = (_repeated(each) for each in (sizes_of(evaluation.clusters), true_sizes_of(evaluation)))
    yield Picture(
        cluster_sizes_chart(found, true),
        "Clusters far larger than the true ones are chains of false links.",
    )
    if evaluation.strata:
        yield Picture(
            strata_chart(evaluation, stratum),
            f"Measured are {strata_words(evaluation)}. Where intervals overlap, a difference may be chance.",
        )
    yield Picture(
        unlinkables_chart(evaluation),
        "A record that holds too little finds nothing, however good the model: better data helps here.",
    )
    for entity in Entity:
        used = used_comparisons(evaluation.model, evaluation.records.comparables, entity)
        if any(one.entity is entity for one in evaluation.records.comparables):
            yield Picture(
                model_chart(evaluation.model, entity, used),
                "Filled is how often true pairs reach a level, hollow how often strangers do; the longer the "
                "line between, the more the level weighs. Comparisons for which no record has the values are "
                "left out.",
            )


def _mistake(one: Mistake, evaluation: Evaluation, with_values: bool) -> dict[str, Any]:
    records = evaluation.records
    sides = [records.columns.values(records.table.row(at)) for at in (one.left, one.right)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    return {
        "kind": str(one.kind),
        "left": records.ids[one.left],
        "right": records.ids[one.right],
        "score": one.score,
        "steps": waterfall_steps(one.score),
        "widest": max((abs(each.weight_bits) for each in one.score.contributions), default=1.0) or 1.0,
        "values": [(name, *(side.get(name, "") for side in sides)) for name in names] if with_values else [],
    }


def _repeated(counts: dict[str, int]) -> list[int]:
    return [int(size) for size, count in counts.items() for _ in range(count)]


def _percent(share: float | None, digits: int = 1) -> str:
    return "none" if share is None else f"{share:.{digits}%}"


def _number(value: float | None, digits: int = 0) -> str:
    return "none" if value is None else f"{value:,.{digits}f}"


def _bits(value: float | None) -> str:
    return "none" if value is None else in_bits(value)
