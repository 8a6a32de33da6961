"""The options of `dedup clean`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class TableFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILES", exists=True, readable=True, help="CSV or Parquet, one source each."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", help="The folder to write; FILE-clean if not given."),
]
Entity = Annotated[
    str, typer.Option("--entity", help="person or company; guessed from the columns if not given.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="FIELD=COLUMN",
        help="Such as street=number+road, or phone=; also record_id, record_type, source, owner, "
        "update_time.",
    ),
]
Encoding = Annotated[
    str, typer.Option("--encoding", help="Of the CSV files; seen from their bytes if not given.")
]
Table = Annotated[
    str,
    typer.Option("--table", metavar="CATALOG.SCHEMA.TABLE", help="A table that the engine knows."),
]
Engine = Annotated[
    str,
    typer.Option("--engine", metavar="sc://HOST:PORT", help="A Spark 4; without, one of our own."),
]
MemoryMib = Annotated[
    int,
    typer.Option("--memory", metavar="MIB", min=256, help="What the engine in this process may hold."),
]
Train = Annotated[
    bool, typer.Option("--train/--no-train", help="Fit the model to these records, without labels.")
]
Models = Annotated[
    list[Path] | None,
    typer.Option(
        "--model",
        metavar="FILE.json",
        exists=True,
        dir_okay=False,
        readable=True,
        help="The model to start from; the shipped one if not given.",
    ),
]
MostMembers = Annotated[
    int,
    typer.Option("--most-members", min=2, help="A blocking key of more records than this says little."),
]
MostReviews = Annotated[
    int, typer.Option("--most-reviews", min=0, help="List at most so many pairs for review.")
]
Form = Annotated[
    TableFormat, typer.Option("--format", help="How golden records, clusters and reviews are written.")
]
Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace", metavar="DIR", help="Keep what is finished here: a run that was stopped goes on."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the folder of an earlier run.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of whatever is drawn by chance.")]
