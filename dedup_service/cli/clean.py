"""`dedup clean`; what it does is imported when it runs."""

from dedup_service.cli import clean_options
from dedup_service.cli.options import Json


def clean(
    files: clean_options.Files = None,
    output: clean_options.Output = None,
    entity: clean_options.Entity = "",
    columns: clean_options.Columns = None,
    encoding: clean_options.Encoding = "",
    table: clean_options.Table = "",
    engine: clean_options.Engine = "",
    memory_mib: clean_options.MemoryMib = 1024,
    train: clean_options.Train = True,
    models: clean_options.Models = None,
    most_members: clean_options.MostMembers = 15,
    most_reviews: clean_options.MostReviews = 10_000,
    form: clean_options.Form = clean_options.TableFormat.CSV,
    workspace: clean_options.Workspace = None,
    force: clean_options.Force = False,
    seed: clean_options.Seed = 1,
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
