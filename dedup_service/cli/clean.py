"""`dedup clean`: its options; what it does is imported when it runs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import Json


class TableFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


def clean(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", exists=True, readable=True, help="CSV or Parquet, one source each."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="The folder to write; FILE-clean if not given."),
    ] = None,
    entity: Annotated[
        str, typer.Option("--entity", help="person or company; guessed from the columns if not given.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="FIELD=COLUMN",
            help="Such as street=number+road, or phone=; also record_id, record_type, source, owner, "
            "update_time.",
        ),
    ] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", help="Of the CSV files; seen from their bytes if not given.")
    ] = "",
    table: Annotated[
        str,
        typer.Option("--table", metavar="CATALOG.SCHEMA.TABLE", help="A table that the engine knows."),
    ] = "",
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="sc://HOST:PORT", help="A Spark 4; without, one of our own."),
    ] = "",
    memory_mib: Annotated[
        int,
        typer.Option("--memory", metavar="MIB", min=256, help="What the engine in this process may hold."),
    ] = 1024,
    train: Annotated[
        bool, typer.Option("--train/--no-train", help="Fit the model to these records, without labels.")
    ] = True,
    models: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            metavar="FILE.json",
            exists=True,
            dir_okay=False,
            readable=True,
            help="The model to start from; the shipped one if not given.",
        ),
    ] = None,
    most_members: Annotated[
        int,
        typer.Option("--most-members", min=2, help="A blocking key of more records than this says little."),
    ] = 15,
    most_reviews: Annotated[
        int, typer.Option("--most-reviews", min=0, help="List at most so many pairs for review.")
    ] = 10_000,
    form: Annotated[
        TableFormat, typer.Option("--format", help="How golden records, clusters and reviews are written.")
    ] = TableFormat.CSV,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", metavar="DIR", help="Keep what is finished here: a run that was stopped goes on."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the folder of an earlier run.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of whatever is drawn by chance.")] = 1,
    as_json: Json = False,
) -> None:
    """Find the duplicates in your files and write a report, clusters, golden records and a review file.

    Needs no service, and changes no file that it reads.
    """
    from dedup_service.cli.clean_stopping import stopping

    with stopping() as wish:
        from dedup_service.cli import clean_running

        asked = clean_running.Asked(
            files=tuple(files or ()),
            output=output,
            entity=entity,
            columns=tuple(columns or ()),
            encoding=encoding,
            table=table,
            engine=engine,
            memory_mib=memory_mib,
            train=train,
            models=tuple(models or ()),
            most_members=most_members,
            most_reviews=most_reviews,
            form=form.value,
            workspace=workspace,
            force=force,
            seed=seed,
            as_json=as_json,
        )
        clean_running.clean(asked, wish)
