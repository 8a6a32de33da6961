"""Runs of cleanup jobs over the wire: started, paused, listed and watched."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2 as lro

from dedup_service.v1 import cleanup_run_pb2
from dedup_service.v1 import cleanup_service_pb2 as pb
from dedup_service.v1.cleanup_run_pb2 import CleanupRun
from tests.rpc.api import ANN, Api, refusal_of, refused
from tests.rpc.cleanup_api import MIA, CleaningApi, cleaning_api, length, run_of

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
RUNNING = (grpc.StatusCode.ABORTED, "JOB_RUNNING")
NOT_ALLOWED = (grpc.StatusCode.FAILED_PRECONDITION, "STATE_NOT_ALLOWED")
NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
QUEUED = cleanup_run_pb2.CLEANUP_RUN_STATE_QUEUED
PAUSED = cleanup_run_pb2.CLEANUP_RUN_STATE_PAUSED
WAITING = cleanup_run_pb2.CLEANUP_RUN_STATE_WAITING
SUCCEEDED = cleanup_run_pb2.CLEANUP_RUN_STATE_SUCCEEDED


@pytest.fixture
def cleaning(api: Api, tmp_path: Path) -> CleaningApi:
    return cleaning_api(api, tmp_path / "cleanup")


async def test_a_run_tells_what_it_did(cleaning: CleaningApi) -> None:
    """Records, verdicts, clusters, proposals and merges, the phases with their times, and the model."""
    await cleaning.fill(4)
    run = await cleaning.finished()
    counts = run.counts
    assert (run.state, run.reason, run.requested_by) == (SUCCEEDED, "", "users/mia")
    assert (counts.record_count, counts.cluster_count, counts.proposal_count, counts.merge_count) == (
        *(8, 4, 4, 4),
    )
    assert [each.count for each in counts.verdicts if each.verdict == 1] == [4]
    phases = [cleanup_run_pb2.CleanupPhase.Name(each.phase) for each in run.phases]
    assert phases[0] == "CLEANUP_PHASE_READ"
    assert phases[-1] == "CLEANUP_PHASE_MERGE"
    assert all(each.HasField("end_time") for each in run.phases)
    assert (run.phases[0].done_count, run.phases[0].total_count) == (8, 8)
    assert run.scoring_model.startswith("scoringModels/")
    assert run.HasField("snapshot_revision")
    times = [run.create_time, run.start_time, run.end_time]
    assert [each.ToNanoseconds() for each in times] == sorted(each.ToNanoseconds() for each in times)
    job = await cleaning.api.cleanup.GetCleanupJob(
        pb.GetCleanupJobRequest(name=run.name.partition("/runs/")[0]), metadata=ANN
    )
    assert job.last_run == run.name


async def test_a_repeated_start_is_one(cleaning: CleaningApi) -> None:
    """The same request id gives the same operation; another call is told of the run that there is."""
    job = await cleaning.create()
    request = pb.RunCleanupJobRequest(name=job.name, request_id=str(uuid.uuid4()))
    first = await cleaning.api.cleanup.RunCleanupJob(request, metadata=MIA)
    assert await cleaning.api.cleanup.RunCleanupJob(request, metadata=MIA) == first
    refusal = await refused(cleaning.start(job))
    assert refusal.reason == RUNNING
    assert dict(refusal.info.metadata) == {"resource": job.name, "run": run_of(first).name}
    await cleaning.work()
    assert (await cleaning.start(job)).name != first.name


async def test_a_run_is_started_on_the_job_that_was_seen(cleaning: CleaningApi) -> None:
    """With an etag that is no longer the job's, nothing is started."""
    job = await cleaning.create()
    request = pb.RunCleanupJobRequest(name=job.name, etag='"0"')
    refusal = await refused(cleaning.api.cleanup.RunCleanupJob(request, metadata=MIA))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert not await runs_of(cleaning, job.name)


async def runs_of(cleaning: CleaningApi, parent: str, asked: str = "") -> list[CleanupRun]:
    request = pb.ListCleanupRunsRequest(parent=parent, filter=asked)
    return list((await cleaning.api.cleanup.ListCleanupRuns(request, metadata=ANN)).cleanup_runs)


async def test_a_paused_job_holds_its_run(cleaning: CleaningApi) -> None:
    """A queued run is paused with its job, cannot be started meanwhile, and goes on when it is resumed."""
    await cleaning.fill(2)
    job = await cleaning.create()
    run = run_of(await cleaning.start(job))
    cleanup = cleaning.api.cleanup
    request = pb.PauseCleanupJobRequest(name=job.name, request_id=str(uuid.uuid4()))
    paused = await cleanup.PauseCleanupJob(request, metadata=ANN)
    assert paused.paused
    assert await cleanup.PauseCleanupJob(request, metadata=ANN) == paused
    await cleaning.work()
    asked = pb.GetCleanupRunRequest(name=run.name)
    assert (await cleanup.GetCleanupRun(asked, metadata=ANN)).state == PAUSED
    refusal = await refused(cleaning.start(job))
    assert refusal.reason == NOT_ALLOWED
    assert refusal.preconditions == ["STATE/PAUSED"]
    resumed = await cleanup.ResumeCleanupJob(pb.ResumeCleanupJobRequest(name=job.name), metadata=MIA)
    assert not resumed.paused
    await cleaning.work()
    assert (await cleanup.GetCleanupRun(asked, metadata=ANN)).state == SUCCEEDED


async def test_runs_are_listed_newest_first(cleaning: CleaningApi) -> None:
    """Of one job or of all, a page at a time, narrowed by state."""
    first, second = await cleaning.finished(), await cleaning.finished()
    third = run_of(await cleaning.start(await cleaning.create()))
    names = [each.name for each in await runs_of(cleaning, "cleanupJobs/-")]
    assert names == [third.name, second.name, first.name]
    assert [each.name for each in await runs_of(cleaning, third.name.partition("/runs/")[0])] == [third.name]
    assert await runs_of(cleaning, "cleanupJobs/-", "state = QUEUED") == [third]
    page = await cleaning.api.cleanup.ListCleanupRuns(
        pb.ListCleanupRunsRequest(parent="cleanupJobs/-", page_size=2), metadata=ANN
    )
    rest = await cleaning.api.cleanup.ListCleanupRuns(
        pb.ListCleanupRunsRequest(parent="cleanupJobs/-", page_size=2, page_token=page.next_page_token),
        metadata=ANN,
    )
    assert [each.name for each in (*page.cleanup_runs, *rest.cleanup_runs)] == names


def watching(cleaning: CleaningApi, job: str, cleanup_run: str = "") -> Any:
    request = pb.WatchCleanupJobRequest(name=job, cleanup_run=cleanup_run)
    return cleaning.api.cleanup.WatchCleanupJob(request, metadata=ANN)


async def rest_of(stream: Any) -> list[pb.WatchCleanupJobResponse]:
    """What a stream gives until it ends."""
    messages = []
    while (message := await stream.read()) is not grpc.aio.EOF:
        messages.append(message)
    return messages


async def test_a_watcher_sees_every_state_until_the_end(cleaning: CleaningApi) -> None:
    """The run as it is at once, heartbeats in silence, each change; the stream ends with the run."""
    await cleaning.fill(3)
    job = await cleaning.create()
    run = run_of(await cleaning.start(job))
    stream = watching(cleaning, job.name)
    first = await stream.read()
    assert (first.cleanup_run, first.heartbeat) == (run, False)
    silent = await stream.read()
    assert (silent.cleanup_run, silent.heartbeat) == (run, True)
    await cleaning.work()
    seen = await rest_of(stream)
    assert seen[-1].cleanup_run.state == SUCCEEDED
    assert not seen[-1].heartbeat
    assert seen[-1].cleanup_run.counts.merge_count == 3
    assert await stream.code() == grpc.StatusCode.OK


async def test_a_watcher_that_comes_later_sees_the_run_as_it_is(cleaning: CleaningApi) -> None:
    """After a broken stream nothing is missing: the last state has all; a run that has ended is told once."""
    job = await cleaning.create()
    first = run_of(await cleaning.start(job))
    broken = watching(cleaning, job.name)
    await broken.read()
    broken.cancel()
    await cleaning.work()
    second = run_of(await cleaning.start(job))
    again = [message async for message in watching(cleaning, job.name, first.name)]
    assert [(each.cleanup_run.name, each.cleanup_run.state) for each in again] == [(first.name, SUCCEEDED)]
    newest = watching(cleaning, job.name)
    assert (await newest.read()).cleanup_run == second
    newest.cancel()


async def test_what_cannot_be_watched_is_refused(cleaning: CleaningApi) -> None:
    """A job that never ran, a run of another job, and one that never was."""
    job, other = await cleaning.create(), await cleaning.create()
    refusal = await refused(watching(cleaning, job.name).read())
    assert refusal.reason == NOT_ALLOWED
    assert refusal.preconditions == ["STATE/NEVER_RUN"]
    run = run_of(await cleaning.start(other))
    refusal = await refused(watching(cleaning, job.name, run.name).read())
    assert (refusal.reason, refusal.fields) == (INVALID, ["cleanup_run"])
    moved = run.name.replace(other.name, job.name)
    assert (await refused(watching(cleaning, job.name, moved).read())).reason == NOT_FOUND
    asked = pb.GetCleanupRunRequest(name=moved)
    assert (await refused(cleaning.api.cleanup.GetCleanupRun(asked, metadata=ANN))).reason == NOT_FOUND


async def test_a_stopping_service_ends_its_watchers(cleaning: CleaningApi) -> None:
    """A watcher is told to come again; whoever waits for an operation gets it as it is."""
    job = await cleaning.create()
    started = await cleaning.start(job)
    stream = watching(cleaning, job.name)
    await stream.read()
    waiting = asyncio.ensure_future(cleaning.wait(lro.WaitOperationRequest(name=started.name)))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(4):
        await cleaning.api.server.stop()
        assert await waiting == started
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await rest_of(stream)
    assert refusal_of(ended.value).reason == (grpc.StatusCode.UNAVAILABLE, "SERVICE_STOPPING")


async def test_a_canary_waits_for_people(cleaning: CleaningApi) -> None:
    """WAITING with the time at which it goes on; the operation is not done."""
    await cleaning.fill(4)
    hold = timedelta(hours=2)
    run = await cleaning.finished(canary=pb.CleanupCanary(share=0.5, hold=length(7200)))
    assert (run.state, run.counts.merge_count) == (WAITING, 2)
    waits = run.wait_end_time.ToDatetime() - run.start_time.ToDatetime()
    assert hold <= waits < hold + timedelta(minutes=1)
    assert run.reason
    assert not (await cleaning.operation(run.operation)).done
