"""`dedup evaluate`: its options; what it does is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    records: Annotated[
        Path, typer.Argument(metavar="RECORDS.csv", exists=True, dir_okay=False, readable=True)
    ],
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth",
            metavar="TRUTH.csv",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Which records are one: clusters (record_id, cluster_id) or labelled pairs.",
        ),
    ] = None,
    entity: Annotated[
        str, typer.Option("--entity", help="person or company; guessed from the columns if not given.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=COLUMN", help="Such as street=number+road, or phone=."),
    ] = None,
    stratum: Annotated[
        str, typer.Option("--stratum", metavar="COLUMN", help="Measure each value of this column apart.")
    ] = "",
    models: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            metavar="FILE.json",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Parameters to start from; the shipped ones if not given.",
        ),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train/--no-train", help="Fit the model to these records, without labels.")
    ] = True,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="OUT.html", help="Write a page with pictures.")
    ] = None,
    with_values: Annotated[
        bool, typer.Option("--values", help="Show in the page what mistaken records hold.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="OUT.json", help="Write every figure.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of whatever is drawn by chance.")] = 1,
) -> None:
    """Match the records of a CSV file and measure the result against a truth file; needs no service."""
    from dedup_service.cli import evaluating

    asked = evaluating.Asked(
        records, truth, entity, tuple(columns or ()), stratum, tuple(models or ()), train, seed
    )
    evaluating.evaluate(asked, evaluating.Wanted(report, json_file, with_values))
