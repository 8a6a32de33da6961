"""`dedup jobs ...`: each command names its options and hands over to the module that does it."""

from typing import Annotated

import typer

from dedup_service.cli import job_options as option
from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json, Limit

app = typer.Typer(
    help="Clean a whole store up: find its duplicates, propose them, merge what needs nobody.",
    no_args_is_help=True,
)

JobOrRun = Annotated[
    str, typer.Argument(metavar="JOB", help="cleanupJobs/ID, or one of its runs as cleanupJobs/ID/runs/ID.")
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show how far it is until it has ended.")]


@app.command()
def create(
    name: option.Name = None,
    kinds: option.Kinds = None,
    lead_classes: option.LeadClasses = None,
    sources: option.Sources = None,
    filter_: option.Filter = None,
    model: option.Model = None,
    train: option.Train = None,
    max_open: option.MaxOpen = None,
    max_merges: option.MaxMerges = None,
    max_merges_per_owner: option.MaxPerOwner = None,
    max_merges_per_source: option.MaxPerSource = None,
    canary: option.CanaryShare = None,
    hold: option.Hold = None,
    stop_above: option.StopAbove = None,
    stop_after: option.StopAfter = None,
    engine: option.Engine = None,
    every: option.Every = None,
    daily: option.Daily = None,
    incremental: option.Incremental = None,
    validate_only: Annotated[
        bool, typer.Option("--validate-only", help="Only show the plan and an estimate; store nothing.")
    ] = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Make a job; it runs when `dedup jobs run` or its schedule says so."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    words = option.JobWords(
        name=name,
        kinds=kinds,
        lead_classes=lead_classes,
        sources=sources,
        filter=filter_,
        model=model,
        train=train,
        max_open=max_open,
        max_merges=max_merges,
        max_merges_per_owner=max_merges_per_owner,
        max_merges_per_source=max_merges_per_source,
        canary_share=canary,
        hold=hold,
        stop_above=stop_above,
        stop_after=stop_after,
        engine=engine,
        every=every,
        daily=daily,
        incremental=incremental,
    )
    with session(address, principal, as_json) as opened:
        jobs.create(opened, words, validate_only)


@app.command()
def change(
    job: option.Job,
    name: option.Name = None,
    kinds: option.Kinds = None,
    lead_classes: option.LeadClasses = None,
    sources: option.Sources = None,
    filter_: option.Filter = None,
    model: option.Model = None,
    train: option.Train = None,
    max_open: option.MaxOpen = None,
    max_merges: option.MaxMerges = None,
    max_merges_per_owner: option.MaxPerOwner = None,
    max_merges_per_source: option.MaxPerSource = None,
    canary: option.CanaryShare = None,
    hold: option.Hold = None,
    stop_above: option.StopAbove = None,
    stop_after: option.StopAfter = None,
    engine: option.Engine = None,
    every: option.Every = None,
    daily: option.Daily = None,
    no_schedule: Annotated[
        bool, typer.Option("--no-schedule", help="Run it only when somebody says so.")
    ] = False,
    incremental: option.Incremental = None,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Change what is given of a job, and nothing else."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    words = option.JobWords(
        name=name,
        kinds=kinds,
        lead_classes=lead_classes,
        sources=sources,
        filter=filter_,
        model=model,
        train=train,
        max_open=max_open,
        max_merges=max_merges,
        max_merges_per_owner=max_merges_per_owner,
        max_merges_per_source=max_merges_per_source,
        canary_share=canary,
        hold=hold,
        stop_above=stop_above,
        stop_after=stop_after,
        engine=engine,
        every=every,
        daily=daily,
        incremental=incremental,
    )
    with session(address, principal, as_json) as opened:
        jobs.change(opened, job, words, no_schedule)


@app.command("list")
def list_jobs(
    limit: Limit = 50, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """List the jobs, the oldest first, with what became of the last run of each."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.list_jobs(opened, limit)


@app.command()
def show(
    job: JobOrRun, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """Show a job and its last run, or one run with all that it did and left."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.show(opened, job)


@app.command()
def run(
    job: option.Job,
    watch: Watch = False,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Start a run now. Ctrl-C while watching leaves it running."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.run(opened, job, watch)


@app.command()
def watch(
    job: JobOrRun, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """Show how far the last run is, until it has ended. Ctrl-C leaves it running."""
    from dedup_service.cli import job_watching
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        job_watching.watch(opened, job)


@app.command()
def pause(
    job: option.Job, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """Pause a job: its run stops at the next batch and keeps what it has, and its schedule rests."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.pause(opened, job)


@app.command()
def resume(
    job: option.Job, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """Let a paused job go on where it stopped."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.resume(opened, job)


@app.command()
def cancel(
    job: JobOrRun, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """End the run of a job at its next batch; what it has proposed and merged stays."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.cancel(opened, job)


@app.command()
def runs(
    job: Annotated[str, typer.Argument(metavar="[JOB]", help="cleanupJobs/ID; all jobs if not given.")] = "",
    limit: Limit = 20,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """List runs, the newest first."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.runs(opened, job, limit)


@app.command()
def delete(
    job: option.Job, address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False
) -> None:
    """Delete a job; its runs stay readable."""
    from dedup_service.cli import jobs
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        jobs.delete(opened, job)
