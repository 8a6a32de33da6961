"""`dedup train` and `dedup models ...`: their options; what they do is imported when they run."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import Json

models_app = typer.Typer(help="The scoring models of the store: list, look at, add, put in use.")

Version = Annotated[str, typer.Argument(metavar="VERSION", help="As `dedup models` lists it.")]


def train(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RECORDS.csv", exists=True, dir_okay=False, readable=True),
    ] = None,
    store: Annotated[
        bool,
        typer.Option(
            "--store", help="Train on the records and the decisions of the service; needs its settings."
        ),
    ] = False,
    entity: Annotated[
        str, typer.Option("--entity", help="person or company; guessed from the columns if not given.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=COLUMN", help="Such as street=number+road, or phone=."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="MODEL.json", dir_okay=False, help="Write the new model here."),
    ] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="With --store: put it in use, unless labels say it is worse.")
    ] = False,
    precision: Annotated[
        float,
        typer.Option("--precision", min=0.5, max=0.9999, help="Of the verdict MATCH, where labels show it."),
    ] = 0.99,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of whatever is drawn by chance.")] = 1,
    as_json: Json = False,
) -> None:
    """Fit the scoring model to your own records, without labels, and show what it would change.

    With --store, what stewards decided calibrates it; nothing is scored by it until it is put in use.
    """
    from dedup_service.cli import training

    asked = training.Asked(
        tuple(files or ()), store, entity, tuple(columns or ()), output, activate, precision, seed
    )
    training.train(asked, as_json)


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the scoring models of the store, the one in use first; needs the settings of the service."""
    if context.invoked_subcommand is None:
        from dedup_service.cli import scoring_models

        scoring_models.say_models(as_json)


@models_app.command("show")
def show_model(version: Version) -> None:
    """Print a model as its file, to be kept or moved: dedup models show VERSION > model.json."""
    from dedup_service.cli import scoring_models

    scoring_models.show(version)


@models_app.command("add")
def add_model(
    file: Annotated[Path, typer.Argument(metavar="MODEL.json", exists=True, dir_okay=False, readable=True)],
    as_json: Json = False,
) -> None:
    """Keep the model of a file as a candidate."""
    from dedup_service.cli import scoring_models

    scoring_models.add(file, as_json)


@models_app.command("activate")
def activate_model(version: Version, as_json: Json = False) -> None:
    """Put a model in use; running services take it up within seconds. The shipped one is among them."""
    from dedup_service.cli import scoring_models

    scoring_models.activate(version, as_json)


@models_app.command("delete")
def delete_model(version: Version, as_json: Json = False) -> None:
    """Delete a model that is not in use, with the values of records that it counts."""
    from dedup_service.cli import scoring_models

    scoring_models.delete(version, as_json)
