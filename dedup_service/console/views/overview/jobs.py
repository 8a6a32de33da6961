"""Cleanup jobs and how far their last runs are."""

from collections.abc import Sequence

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.bars import Bar, bars
from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.marks import plain
from dedup_service.console.texts.names import Names
from dedup_service.console.views.cleanup_jobs import JobView
from dedup_service.console.views.overview.figures import NOTHING, Cell, Column, Fact, Figure, Table, text_cell

MOST_BARS = 8


def jobs_figure(jobs: Sequence[JobView], names: Names, formats: Formats) -> Figure:
    """The jobs, those that are under way first."""
    language = names.language
    title = language("Cleanup jobs")
    ordered = sorted(jobs, key=lambda job: not job.is_active)
    active = sum(job.is_active for job in jobs)
    table = _table(ordered, names, formats)
    if not jobs:
        empty = language("There is no cleanup job.")
        return Figure("jobs", title, "", table, empty=empty, links=((language("All jobs"), "/jobs"),))
    summary = language.count(
        "{active} of {count} job is under way.", "{active} of {count} jobs are under way.", len(jobs)
    ).format(active=formats.number(active), count=formats.number(len(jobs)))
    rows = [Bar(plain(job.title, 80), _note(job, names), (_share(job),), job.url, 1.0) for job in ordered]
    return Figure(
        name="jobs",
        title=title,
        summary=summary,
        table=table,
        pictures=tuple(bars("jobs", width, rows[:MOST_BARS], title, summary) for width in (WIDE, NARROW)),
        facts=(Fact(formats.number(active), language.count("job runs", "jobs run", active), url="/jobs"),),
        links=((language("All jobs"), "/jobs"),),
    )


def _share(job: JobView) -> float:
    """How many of the phases of its last run are over, counting the one that is under way in part."""
    if job.run is None:
        return 0.0
    if job.run.mood == "good":
        return 1.0
    done = sum(line.state == "done" for line in job.run.phases)
    return (done + (job.run.share or 0.0) * job.is_active) / len(job.run.phases)


def _note(job: JobView, names: Names) -> str:
    if job.run is None:
        return names.language("never ran")
    if job.is_active and job.run.phase:
        return f"{job.run.state} · {job.run.phase}"
    return job.run.state


def _table(jobs: Sequence[JobView], names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("job", language("Job")),
        Column("display_name", language("Name")),
        Column("schedule", language("Runs")),
        Column("state", language("Last run")),
        Column("proposal_count", language("Proposals"), is_number=True),
        Column("merge_count", language("Merged"), is_number=True),
    )
    return Table(columns, tuple(_row(job, formats) for job in jobs))


def _row(job: JobView, formats: Formats) -> tuple[Cell, ...]:
    run = job.run
    return (
        Cell(job.job.name, job.job.name.removeprefix("cleanupJobs/")[:8], job.url),
        text_cell(job.title, job.url),
        Cell(job.schedule, job.schedule),
        Cell(run.state, run.state) if run is not None else NOTHING,
        _count(run.proposal_count, formats) if run is not None else NOTHING,
        _count(run.merge_count, formats) if run is not None else NOTHING,
    )


def _count(count: int, formats: Formats) -> Cell:
    return Cell(count, formats.number(count))
