"""Jobs are made, changed, deleted, listed, planned and queued: whole, and once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import psycopg
import pytest

from dedup_service.domain.cleanup.jobs import CleanupJob, CleanupScope, JobDefinition, Schedule
from dedup_service.domain.cleanup.runs import RunState
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    RequestIdReused,
)
from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.domain.records import LeadClass, RecordKind
from dedup_service.workflows.cleaning.finding import Findings, FindRequest, TellPhase
from dedup_service.workflows.cleaning.queueing import Queueing
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page
from tests.merge_desk import DIRECTORY, contact, open_office, principal, request
from tests.workflows.cleaning.clean_desk import NO_CANARY, CleanDesk, SmallFinder, people, within

MIA = principal("mia")
HOURLY = Schedule(interval=timedelta(hours=1))


async def make(
    desk: CleanDesk, definition: JobDefinition, request_id: str = "", digest: str = ""
) -> CleanupJob:
    return await desk.office.desk.cleaning.create(
        request("CreateCleanupJob", MIA.name, request_id, digest), definition, MIA
    )


async def change(desk: CleanDesk, job: CleanupJob, definition: JobDefinition, etag: str = "") -> CleanupJob:
    return await desk.office.desk.cleaning.update(
        request("UpdateCleanupJob", MIA.name), job.job_id, etag, definition, MIA
    )


async def delete(desk: CleanDesk, job: CleanupJob, etag: str = "") -> CleanupJob:
    return await desk.office.desk.cleaning.delete(
        request("DeleteCleanupJob", MIA.name), job.job_id, etag, MIA
    )


async def listed(desk: CleanDesk, *conditions: Condition) -> list[str]:
    page = Page(conditions=conditions)
    return [job.definition.display_name for job in (await desk.office.desk.cleaning.jobs(page)).items]


async def set_time(database_url: str, table: str, column: str, moment: str) -> None:
    """As if so much time had passed."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        body = f"body = jsonb_set(body, '{{{column}}}', to_jsonb(({moment})::timestamptz))"
        await connection.execute(f"UPDATE {table} SET {column} = {moment}, {body}".encode())


async def test_a_job_is_as_it_was_asked_for(desk: CleanDesk) -> None:
    """Read again it is the same, of its creator, and has not run."""
    definition = JobDefinition(
        "Names at night",
        CleanupScope((RecordKind.LEAD,), (LeadClass.NAME,), ("crm",), "source = crm"),
        limits=within(max_merges_per_day=10),
        schedule=Schedule(daily_time=time(2, 30)),
        incremental=True,
    )
    job = await make(desk, definition)
    found = await desk.office.desk.cleaning.job(job.job_id)
    assert found == job
    assert (found.definition, found.creator, found.last_run, found.paused) == (
        definition,
        MIA.name,
        "",
        False,
    )
    assert found.next_run_time is not None
    assert (found.next_run_time.hour, found.next_run_time.minute) == (2, 30)


async def test_all_that_is_wrong_is_told_at_once(desk: CleanDesk) -> None:
    """The filter and the model that no definition tells by itself, too; nothing is stored."""
    wrong = JobDefinition(
        "x" * 300,
        CleanupScope(filter="nothing = 1"),
        scoring_model="people-1",
        engine="far",
        canary=replace(NO_CANARY, share=7),
    )
    with pytest.raises(InvalidInput) as refused:
        await make(desk, wrong)
    assert [violation.field for violation in refused.value.violations] == [
        "cleanup_job.display_name",
        "cleanup_job.canary.share",
        "cleanup_job.engine",
        "cleanup_job.scope.filter",
        "cleanup_job.scoring_model",
    ]
    assert await listed(desk) == []


async def test_the_same_request_makes_one_job(desk: CleanDesk) -> None:
    """Sent again it is answered again; with other content it is refused."""
    one = await make(desk, JobDefinition("a"), "id-1", "digest a")
    assert await make(desk, JobDefinition("a"), "id-1", "digest a") == one
    with pytest.raises(RequestIdReused):
        await make(desk, JobDefinition("b"), "id-1", "digest b")
    assert await listed(desk) == ["a"]


async def test_people_without_a_function_have_no_jobs(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """They may look everything up and decide nothing."""
    zed = Principal("users/zed", PrincipalType.HUMAN, frozenset())
    directory = Directory({**DIRECTORY.principals, zed.name: zed})
    async with open_office(database_url, redis_url, directory=directory) as office:
        for work in (office.desk.cleaning.create, office.desk.cleaning.plan):
            with pytest.raises(PermissionRefused):
                await work(request("CreateCleanupJob", zed.name), JobDefinition(), zed)
        assert not (tmp_path / "cleanup").exists()


async def test_a_job_is_changed_as_it_was_seen(desk: CleanDesk) -> None:
    """With its etag; without one whatever it is. The same again is no change."""
    job = await make(desk, JobDefinition("a"))
    changed = await change(desk, job, JobDefinition("b"), job.etag)
    assert (changed.definition.display_name, changed.creator) == ("b", MIA.name)
    with pytest.raises(EtagMismatch):
        await change(desk, job, JobDefinition("c"), job.etag)
    assert await change(desk, job, JobDefinition("b")) == changed
    assert (await change(desk, job, JobDefinition("b", schedule=HOURLY))).next_run_time is not None


async def test_a_colleague_does_not_change_what_another_proposes(desk: CleanDesk) -> None:
    """They could approve alone what they had the creator propose; they make a job of their own."""
    job = await make(desk, JobDefinition("a"))
    with pytest.raises(PermissionRefused, match="create a job of your own"):
        await desk.office.desk.cleaning.update(
            request("UpdateCleanupJob", "users/malik"), job.job_id, "", JobDefinition("b"), principal("malik")
        )
    assert await listed(desk) == ["a"]


async def test_a_run_goes_on_as_it_was_started(desk: CleanDesk) -> None:
    """Limits that were changed while it waits are the next one's."""
    await desk.office.put(*people(3))
    job = await make(desk, JobDefinition("a", canary=NO_CANARY, limits=within(max_merges_per_day=1)))
    run = await desk.queue(job)
    await change(desk, job, JobDefinition("a", canary=NO_CANARY))
    await desk.worker().work_once()
    assert (await desk.seen(run)).counts.merged == 1
    assert (await desk.run(job)).counts.merged == 2


async def test_a_deleted_job_is_gone_and_its_runs_are_not(desk: CleanDesk) -> None:
    """It is listed no more and cannot run; deleted twice is deleted once."""
    job = await make(desk, JobDefinition("a", schedule=HOURLY))
    run = await desk.run(job)
    with pytest.raises(EtagMismatch):
        await delete(desk, job, '"0"')
    deleted = await delete(desk, job, job.etag)
    assert deleted.delete_time is not None
    assert deleted.next_run_time is None
    assert await delete(desk, job) == deleted
    assert await listed(desk) == []
    for refused in (desk.queue(job), change(desk, job, JobDefinition("b"))):
        with pytest.raises(NotFound):
            await refused
    assert [each.run_id for each in (await desk.office.desk.cleaning.runs(job.job_id, Page())).items] == [
        run.run_id
    ]


async def test_lists_in_order_and_by_condition(desk: CleanDesk) -> None:
    """Jobs the oldest first, runs the newest first, page by page."""
    jobs = [await make(desk, JobDefinition(name)) for name in "abc"]
    await desk.office.desk.cleaning.pause(request("PauseCleanupJob", MIA.name), jobs[1].job_id, MIA)
    assert await listed(desk) == ["a", "b", "c"]
    assert await listed(desk, Condition("paused", Operator.EQUALS, "true")) == ["b"]
    assert await listed(desk, Condition("creator", Operator.NOT_EQUALS, MIA.name)) == []
    runs = [await desk.run(jobs[0]), await desk.run(jobs[2]), await desk.queue(jobs[0])]
    cleaning = desk.office.desk.cleaning
    first = await cleaning.runs("", Page(size=2))
    rest = await cleaning.runs("", Page(size=2, after=first.next))
    assert [run.run_id for run in (*first.items, *rest.items)] == [run.run_id for run in reversed(runs)]
    of_job = await cleaning.runs(
        jobs[0].job_id, Page(conditions=(Condition("active", Operator.EQUALS, "true"),))
    )
    assert [run.run_id for run in of_job.items] == [runs[2].run_id]
    assert (await cleaning.job(jobs[0].job_id)).last_run == runs[2].name
    with pytest.raises(NotFound):
        await cleaning.runs("nothing", Page())


async def test_watching_ends_with_the_run(desk: CleanDesk) -> None:
    """As it is at once, then each time that it is another, and last as it ended."""
    await desk.office.put(*people(2))
    run = await desk.queue(await desk.job())
    states = []
    async for seen in desk.office.desk.cleaning.watch(run.run_id):
        states.append(seen.state)
        if seen.state is RunState.QUEUED:
            await desk.worker().work_once()
    assert (states[0], states[-1]) == (RunState.QUEUED, RunState.SUCCEEDED)


async def test_a_plan_stores_nothing(desk: CleanDesk) -> None:
    """How much is in scope, what it would take, and what the policy lets go without a person."""
    await desk.office.put(*people(3), contact("c"))
    plan = await desk.office.desk.cleaning.plan(
        request("CreateCleanupJob", MIA.name), JobDefinition("a"), MIA
    )
    assert plan.record_counts == {RecordKind.LEAD: 6, RecordKind.CONTACT: 1}
    assert (plan.record_count, plan.compared_record_count, plan.warnings) == (7, 7, ())
    assert plan.unattended == ("NAME leads of LOW impact, from a match probability of 0.99 on",)
    assert plan.expected_candidate_count > 0
    assert plan.expected_seconds > 0
    assert plan.scoring_model == desk.office.desk.matching.models.in_use.current.version
    assert await listed(desk) == []


async def test_a_plan_warns_of_what_would_do_nothing(desk: CleanDesk) -> None:
    """Nothing in scope, nothing without a person, no room for proposals."""
    definition = JobDefinition(
        scope=CleanupScope(kinds=(RecordKind.CONTACT,)), limits=within(max_open_proposals=0)
    )
    plan = await desk.office.desk.cleaning.plan(request("CreateCleanupJob", MIA.name), definition, MIA)
    assert plan.unattended == ()
    assert plan.warnings == (
        "no record is in scope",
        "the policy lets nothing of this scope go without a person: all is proposed",
        "max_open_proposals is 0: nothing is proposed",
    )


async def test_a_job_runs_when_its_time_has_come(desk: CleanDesk, database_url: str) -> None:
    """Queued once, whoever looks and however often; the next time follows."""
    await desk.office.put(*people(2))
    job = await make(desk, JobDefinition("a", canary=NO_CANARY, schedule=HOURLY))
    cleaning = desk.office.desk.cleaning
    assert await cleaning.queue_due() == 0
    await set_time(database_url, "cleanup_jobs", "next_run_time", "now() - interval '1 minute'")
    assert await cleaning.queue_due() + await cleaning.queue_due() == 1
    await desk.worker().work_once()
    [run] = (await cleaning.runs(job.job_id, Page())).items
    assert (run.requested_by, run.state, run.counts.merged) == ("services/cleanup", RunState.SUCCEEDED, 2)
    moved = (await cleaning.job(job.job_id)).next_run_time
    assert moved is not None
    assert timedelta(minutes=59) < moved - datetime.now(UTC) <= timedelta(hours=1)


async def test_a_clock_that_is_ahead_queues_nothing(desk: CleanDesk) -> None:
    """The clock of PostgreSQL says when a time has come: else a daily job would run again and again."""
    soon = (datetime.now(UTC) + timedelta(minutes=2)).time().replace(second=0, microsecond=0)
    job = await make(desk, JobDefinition("a", schedule=Schedule(daily_time=soon)))
    ahead = Queueing(desk.office.store, lambda: datetime.now(UTC) + timedelta(minutes=3), lambda: "run")
    assert await ahead.queue_due() == 0
    assert await desk.office.desk.cleaning.job(job.job_id) == job


async def test_a_job_that_still_runs_is_not_queued_again(desk: CleanDesk, database_url: str) -> None:
    """Its time passes, and comes again."""
    job = await make(desk, JobDefinition("a", schedule=HOURLY))
    await desk.queue(job)
    await set_time(database_url, "cleanup_jobs", "next_run_time", "now() - interval '1 minute'")
    cleaning = desk.office.desk.cleaning
    assert await cleaning.queue_due() == 0
    moved = (await cleaning.job(job.job_id)).next_run_time
    assert moved is not None
    assert moved > datetime.now(UTC)


async def test_a_paused_job_does_not_come_due(desk: CleanDesk) -> None:
    """Resumed, its schedule counts from then."""
    job = await make(desk, JobDefinition("a", schedule=HOURLY))
    steer: list[Callable[..., Awaitable[CleanupJob]]] = [
        desk.office.desk.cleaning.pause,
        desk.office.desk.cleaning.resume,
    ]
    paused, resumed = [await each(request("PauseCleanupJob", MIA.name), job.job_id, MIA) for each in steer]
    assert paused.next_run_time is None
    assert resumed.next_run_time is not None


class Recording(SmallFinder):
    """A finder that keeps what it was asked, and which records it was told had changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[tuple[bool, int]] = []

    async def find(self, wanted: FindRequest, told: TellPhase, should_stop: Callable[[], bool]) -> Findings:
        self.asked.append((bool(wanted.last_run_id), self.changed_count(wanted.run_id)))
        return await super().find(wanted, told, should_stop)


async def test_an_incremental_run_knows_what_changed(desk: CleanDesk) -> None:
    """The first compares everything; the next is told which records were written or moved since then. A
    finder that compares everything all the same says so.
    """
    await desk.office.put(*people(5), *people(6)[10:])
    finder = Recording(desk.folder)
    job = await make(desk, JobDefinition("a", canary=NO_CANARY, incremental=True))
    runs = [await desk.run(job, finder=finder)]
    await desk.office.put(*people(7)[12:], people(1)[0])
    runs.append(await desk.run(job, finder=finder))
    # Six merges moved twelve records; three were written, one of which had moved.
    assert finder.asked == [(False, 12), (True, 14)]
    assert [run.counts.merged for run in runs] == [6, 1]
    assert not any(run.incremental for run in runs)


async def test_another_scope_or_model_begins_anew(desk: CleanDesk) -> None:
    """What a run found in other records, or by another model, says nothing of this one."""
    await desk.office.put(*people(2))
    finder = Recording(desk.folder)
    job = await make(desk, JobDefinition("a", canary=NO_CANARY, incremental=True))
    await desk.run(job, finder=finder)
    wider = replace(job.definition, scope=CleanupScope(kinds=(RecordKind.LEAD,)))
    for definition in (wider, replace(wider, train=True), wider, wider):
        await change(desk, job, definition)
        await desk.run(job, finder=finder)
    assert [only_changed for only_changed, _ in finder.asked] == [False, False, False, False, True]
