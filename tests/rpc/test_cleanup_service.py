"""Cleanup jobs over the wire: define, list, change and delete them, and say who may."""

import math
import uuid
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.longrunning.operations_pb2 import CancelOperationRequest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.timeofday_pb2 import TimeOfDay

from dedup_service.v1 import cleanup_service_pb2 as pb
from dedup_service.v1 import core_pb2
from tests.rpc.api import ANN, Api, by, refused
from tests.rpc.cleanup_api import MIA, CleaningApi, asking, cleaning_api, length, run_of

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
DENIED = (grpc.StatusCode.PERMISSION_DENIED, "MISSING_ROLE")
RUNNING = (grpc.StatusCode.ABORTED, "JOB_RUNNING")
STALE = (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


@pytest.fixture
def cleaning(api: Api, tmp_path: Path) -> CleaningApi:
    return cleaning_api(api, tmp_path / "cleanup")


async def listed(api: Api, asked: str = "") -> list[pb.CleanupJob]:
    request = pb.ListCleanupJobsRequest(filter=asked)
    return list((await api.cleanup.ListCleanupJobs(request, metadata=ANN)).cleanup_jobs)


async def test_a_job_is_made_and_read_again(api: Api) -> None:
    """All that was said comes back, what was not said has its default, and outputs are the service's."""
    request = asking(
        scope=pb.CleanupScope(
            kinds=[core_pb2.RECORD_KIND_LEAD],
            lead_classes=[core_pb2.LEAD_CLASS_NAME],
            sources=["sources/crm"],
            filter="state = ACTIVE",
        ),
        train=True,
        limits=pb.CleanupLimits(max_merges_per_day=0),
        canary=pb.CleanupCanary(share=0.25),
        stop_rule=pb.CleanupStopRule(min_decided_count=7),
        schedule=pb.CleanupSchedule(daily_time=TimeOfDay(hours=2, minutes=30)),
        incremental=True,
        creator="users/fiona",
        paused=True,
    )
    made = await api.cleanup.CreateCleanupJob(request, metadata=MIA)
    given = request.cleanup_job
    assert (made.display_name, made.scope, made.schedule) == ("all", given.scope, given.schedule)
    assert (made.train, made.incremental, made.creator, made.paused) == (True, True, "users/mia", False)
    assert (made.limits.max_merges_per_day, made.limits.max_open_proposals) == (0, 5000)
    assert (made.canary.share, made.canary.hold) == (0.25, length(86_400))
    assert (made.stop_rule.min_decided_count, made.stop_rule.max_rejected_share) == (7, 0.2)
    assert (made.next_run_time.ToDatetime().hour, made.next_run_time.ToDatetime().minute) == (2, 30)
    assert (made.last_run, made.HasField("delete_time"), made.HasField("plan")) == ("", False, False)
    asked = pb.GetCleanupJobRequest(name=made.name, min_revision=made.revision)
    assert await api.cleanup.GetCleanupJob(asked, metadata=by("services/matcher")) == made


async def test_a_plan_stores_nothing(cleaning: CleaningApi) -> None:
    """`validate_only` answers with the job as it would be and what a run would do, and there is no job."""
    await cleaning.fill(3)
    await cleaning.api.two_of_a_kind()
    request = asking(scope=pb.CleanupScope(kinds=[core_pb2.RECORD_KIND_LEAD]))
    request.validate_only = True
    shown = await cleaning.api.cleanup.CreateCleanupJob(request, metadata=MIA)
    assert (shown.name, shown.etag, shown.HasField("revision")) == ("", "", False)
    assert (shown.creator, shown.display_name) == ("users/mia", "all")
    [of_leads] = shown.plan.record_counts
    assert (of_leads.kind, of_leads.count) == (core_pb2.RECORD_KIND_LEAD, 6)
    assert shown.plan.compared_record_count == 6
    assert shown.plan.HasField("expected_duration")
    assert shown.plan.basis
    assert shown.plan.scoring_model.startswith("scoringModels/")
    assert any("NAME" in sentence for sentence in shown.plan.unattended)
    assert await listed(cleaning.api) == []


async def test_a_repeated_job_is_one(api: Api) -> None:
    """The same request id answers the same; with another content it is refused."""
    request = asking()
    request.request_id = str(uuid.uuid4())
    first = await api.cleanup.CreateCleanupJob(request, metadata=MIA)
    assert await api.cleanup.CreateCleanupJob(request, metadata=MIA) == first
    assert await listed(api) == [first]
    request.cleanup_job.train = True
    refusal = await refused(api.cleanup.CreateCleanupJob(request, metadata=MIA))
    assert refusal.reason == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"display_name": "x" * 201}, ["display_name"]),
    ({"display_name": "\0"}, ["display_name"]),
    ({"scope": pb.CleanupScope(kinds=[0, 99])}, ["scope.kinds[0]", "scope.kinds[1]"]),  # type: ignore[list-item]  # what any client can send
    ({"scope": pb.CleanupScope(lead_classes=[9])}, ["scope.lead_classes[0]"]),  # type: ignore[list-item]  # likewise
    ({"scope": pb.CleanupScope(sources=["crm"])}, ["scope.sources[0]"]),
    ({"scope": pb.CleanupScope(sources=["sources/crm"] * 101)}, ["scope.sources"]),
    ({"scope": pb.CleanupScope(filter="a = b")}, ["scope.filter"]),
    ({"scoring_model": "mine"}, ["scoring_model"]),
    ({"scoring_model": "scoringModels/none"}, ["scoring_model"]),
    ({"engine": "sc://10.0.0.1:15002"}, ["engine"]),
    ({"limits": pb.CleanupLimits(max_open_proposals=-1)}, ["limits.max_open_proposals"]),
    ({"limits": pb.CleanupLimits(max_merges_per_day=1_000_001)}, ["limits.max_merges_per_day"]),
    ({"canary": pb.CleanupCanary(share=1.5)}, ["canary.share"]),
    ({"canary": pb.CleanupCanary(share=math.nan)}, ["canary.share"]),
    ({"canary": pb.CleanupCanary(hold=length(31 * 86_400))}, ["canary.hold"]),
    ({"canary": pb.CleanupCanary(hold=Duration(seconds=2**62))}, ["canary.hold"]),
    ({"stop_rule": pb.CleanupStopRule(min_decided_count=0)}, ["stop_rule.min_decided_count"]),
    ({"stop_rule": pb.CleanupStopRule(max_rejected_share=-0.1)}, ["stop_rule.max_rejected_share"]),
    ({"schedule": pb.CleanupSchedule()}, ["schedule"]),
    ({"schedule": pb.CleanupSchedule(interval=length(60))}, ["schedule.interval"]),
    ({"schedule": pb.CleanupSchedule(interval=Duration(seconds=1, nanos=-1))}, ["schedule.interval"]),
    ({"schedule": pb.CleanupSchedule(daily_time=TimeOfDay(hours=24))}, ["schedule.daily_time"]),
    ({"schedule": pb.CleanupSchedule(daily_time=TimeOfDay(hours=2, seconds=5))}, ["schedule.daily_time"]),
]


@pytest.mark.parametrize(("given", "fields"), BAD)
async def test_a_job_that_cannot_be_run_is_refused(
    api: Api, given: dict[str, Any], fields: list[str]
) -> None:
    """Each field is refused by its path, when it is made as when it is planned, and nothing is stored."""
    for request in (asking(**given), pb.CreateCleanupJobRequest(validate_only=True)):
        request.cleanup_job.CopyFrom(asking(**given).cleanup_job)
        refusal = await refused(api.cleanup.CreateCleanupJob(request, metadata=MIA))
        assert (refusal.reason, refusal.fields) == (INVALID, [f"cleanup_job.{field}" for field in fields])
    assert await listed(api) == []


async def test_everything_that_is_wrong_is_told_at_once(api: Api) -> None:
    """What cannot be read and what cannot be run, each once."""
    together = pb.CleanupJob()
    for given, _ in BAD:
        together.MergeFrom(pb.CleanupJob(**given))
    refusal = await refused(
        api.cleanup.CreateCleanupJob(pb.CreateCleanupJobRequest(cleanup_job=together), metadata=MIA)
    )
    told = refusal.fields
    assert len(told) == len(set(told))
    assert {field.split(".")[1] for field in told} == {
        *("display_name", "scope", "scoring_model", "engine", "limits", "canary", "stop_rule", "schedule")
    }


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["limits.max_merges_per_day"], {"merges": 7, "open": 9, "name": "all"}),
        (["limits"], {"merges": 7, "open": 5000, "name": "all"}),
        ([], {"merges": 7, "open": 5000, "name": "all"}),
        (["*"], {"merges": 7, "open": 5000, "name": ""}),
        (["display_name", "etag", "creator"], {"merges": 1000, "open": 9, "name": ""}),
    ],
)
async def test_an_update_writes_what_its_mask_says(
    cleaning: CleaningApi, paths: list[str], expected: dict[str, Any]
) -> None:
    """A field of a part alone, a whole part, what is set, everything; what is not set gets its default."""
    job = await cleaning.create(limits=pb.CleanupLimits(max_open_proposals=9))
    edit = pb.CleanupJob(name=job.name, limits=pb.CleanupLimits(max_merges_per_day=7))
    request = pb.UpdateCleanupJobRequest(cleanup_job=edit, update_mask=FieldMask(paths=paths))
    changed = await cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA)
    limits = changed.limits
    assert expected == {
        "merges": limits.max_merges_per_day,
        "open": limits.max_open_proposals,
        "name": changed.display_name,
    }
    assert (changed.creator, changed.create_time) == (job.creator, job.create_time)
    assert changed.etag != job.etag


async def test_a_schedule_is_taken_away_and_given(cleaning: CleaningApi) -> None:
    """Named in the mask and not set, it is gone, and with it the next run."""
    job = await cleaning.create(schedule=pb.CleanupSchedule(interval=length(7200)))
    assert job.HasField("next_run_time")
    request = pb.UpdateCleanupJobRequest(
        cleanup_job=pb.CleanupJob(name=job.name), update_mask=FieldMask(paths=["schedule"])
    )
    without = await cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA)
    assert (without.HasField("schedule"), without.HasField("next_run_time")) == (False, False)
    request.cleanup_job.schedule.daily_time.hours = 3
    request.update_mask.paths[:] = ["schedule.daily_time"]
    again = await cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA)
    assert again.schedule.daily_time.hours == 3
    assert again.HasField("next_run_time")


async def test_an_update_guards_the_version_that_was_seen(cleaning: CleaningApi) -> None:
    """Another etag is refused with the current one; a repetition of the same call is answered again."""
    job = await cleaning.create()
    edit = pb.CleanupJob(name=job.name, etag=job.etag, train=True)
    request = pb.UpdateCleanupJobRequest(cleanup_job=edit, request_id=str(uuid.uuid4()))
    changed = await cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA)
    assert await cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA) == changed
    request.request_id = ""
    refusal = await refused(cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA))
    assert refusal.reason == STALE
    assert refusal.info.metadata["current_etag"] == changed.etag


async def test_a_bad_mask_is_told_by_its_places(cleaning: CleaningApi) -> None:
    """What is no field, and what is none of a part."""
    job = await cleaning.create()
    paths = ["nonsense", "limits.nonsense", "train", "name.x", "canary.hold.seconds", "*"]
    request = pb.UpdateCleanupJobRequest(cleanup_job=job, update_mask=FieldMask(paths=paths))
    refusal = await refused(cleaning.api.cleanup.UpdateCleanupJob(request, metadata=MIA))
    assert refusal.reason == INVALID
    assert refusal.fields == [f"update_mask.paths[{number}]" for number in (0, 1, 3, 4, 5)]


async def test_jobs_are_listed_by_page_and_filter(cleaning: CleaningApi) -> None:
    """The oldest first, a page at a time, narrowed by creator and by whether they are paused."""
    first, second = await cleaning.create(), await cleaning.create()
    cleanup = cleaning.api.cleanup
    paused = await cleanup.PauseCleanupJob(pb.PauseCleanupJobRequest(name=second.name), metadata=MIA)
    assert await listed(cleaning.api, "paused = true") == [paused]
    assert await listed(cleaning.api, 'paused = false AND creator = "users/mia"') == [first]
    assert await listed(cleaning.api, 'creator = "users/ann"') == []
    page = await cleanup.ListCleanupJobs(pb.ListCleanupJobsRequest(page_size=1), metadata=ANN)
    rest = await cleanup.ListCleanupJobs(
        pb.ListCleanupJobsRequest(page_size=1, page_token=page.next_page_token), metadata=ANN
    )
    assert [*page.cleanup_jobs, *rest.cleanup_jobs] == [first, paused]
    assert (await refused(listed(cleaning.api, "train = true"))).fields == ["filter"]


async def test_a_deleted_job_is_listed_no_more_and_its_runs_stay(cleaning: CleaningApi) -> None:
    """It never runs again, and says when it was deleted; deleting it twice is once."""
    job = await cleaning.create()
    run = run_of(await cleaning.start(job))
    cleanup = cleaning.api.cleanup
    request = pb.DeleteCleanupJobRequest(name=job.name)
    assert (await refused(cleanup.DeleteCleanupJob(request, metadata=MIA))).reason == RUNNING
    await cleaning.work()
    deleted = await cleanup.DeleteCleanupJob(request, metadata=MIA)
    assert deleted.HasField("delete_time")
    assert await cleanup.DeleteCleanupJob(request, metadata=MIA) == deleted
    assert await cleanup.GetCleanupJob(pb.GetCleanupJobRequest(name=job.name), metadata=ANN) == deleted
    assert await listed(cleaning.api) == []
    runs = await cleanup.ListCleanupRuns(pb.ListCleanupRunsRequest(parent=job.name), metadata=ANN)
    assert [each.name for each in runs.cleanup_runs] == [run.name]
    refusal = await refused(cleaning.start(job))
    assert refusal.code == grpc.StatusCode.NOT_FOUND


CALLS = ("create", "update", "delete", "run", "resume", "pause", "cancel")
MAY: dict[str, set[str]] = {
    # The creator, who alone says what is proposed as theirs; a colleague; finance, which the policy names for
    # its own edits.
    "users/mia": set(CALLS),
    "users/malik": set(CALLS) - {"update"},
    "users/fiona": set(CALLS) - {"update"},
    # Somebody of another function may have jobs of their own, and pull the brake.
    "users/ann": {"create", "pause", "cancel"},
    # A service account has jobs of its own.
    "services/matcher": {"create"},
}


@pytest.mark.parametrize("who", sorted(MAY))
@pytest.mark.parametrize("call", CALLS)
async def test_who_may_do_what_to_a_job_of_marketing(cleaning: CleaningApi, who: str, call: str) -> None:
    """Whoever else tries is denied, and told whose people may."""
    job = await cleaning.create()
    operation = await cleaning.start(job) if call in {"pause", "cancel", "resume"} else None
    cleanup, metadata = cleaning.api.cleanup, by(who)
    if call == "resume":
        await cleanup.PauseCleanupJob(pb.PauseCleanupJobRequest(name=job.name), metadata=MIA)
    edit = pb.CleanupJob(name=job.name, train=True)
    doing: dict[str, Any] = {
        "create": lambda: cleanup.CreateCleanupJob(asking(), metadata=metadata),
        "update": lambda: cleanup.UpdateCleanupJob(
            pb.UpdateCleanupJobRequest(cleanup_job=edit), metadata=metadata
        ),
        "delete": lambda: cleanup.DeleteCleanupJob(
            pb.DeleteCleanupJobRequest(name=job.name), metadata=metadata
        ),
        "run": lambda: cleanup.RunCleanupJob(pb.RunCleanupJobRequest(name=job.name), metadata=metadata),
        "resume": lambda: cleanup.ResumeCleanupJob(
            pb.ResumeCleanupJobRequest(name=job.name), metadata=metadata
        ),
        "pause": lambda: cleanup.PauseCleanupJob(pb.PauseCleanupJobRequest(name=job.name), metadata=metadata),
        "cancel": lambda: cancelled(cleaning, operation.name if operation else "", metadata),
    }
    if call in MAY[who]:
        await doing[call]()
    else:
        refusal = await refused(doing[call]())
        assert refusal.code == grpc.StatusCode.PERMISSION_DENIED


async def cancelled(cleaning: CleaningApi, name: str, metadata: Any) -> Any:
    return await cleaning.api.operations.CancelOperation(CancelOperationRequest(name=name), metadata=metadata)


async def test_everybody_may_look(cleaning: CleaningApi) -> None:
    """Whoever is known reads jobs and runs."""
    run = await cleaning.finished()
    looking = by("services/follower")
    cleanup = cleaning.api.cleanup
    assert await cleanup.GetCleanupRun(pb.GetCleanupRunRequest(name=run.name), metadata=looking) == run
    jobs = await cleanup.ListCleanupJobs(pb.ListCleanupJobsRequest(), metadata=looking)
    assert len(jobs.cleanup_jobs) == 1


async def test_what_is_no_job_is_refused(api: Api) -> None:
    """A name never issued is not found; one that is no name is an invalid argument; in every call."""
    cleanup = api.cleanup
    for name, reason in (
        ("cleanupJobs/1", (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")),
        ("jobs/1", INVALID),
    ):
        calls: list[Awaitable[Any]] = [
            cleanup.GetCleanupJob(pb.GetCleanupJobRequest(name=name), metadata=MIA),
            cleanup.DeleteCleanupJob(pb.DeleteCleanupJobRequest(name=name), metadata=MIA),
            cleanup.RunCleanupJob(pb.RunCleanupJobRequest(name=name), metadata=MIA),
            cleanup.PauseCleanupJob(pb.PauseCleanupJobRequest(name=name), metadata=MIA),
            cleanup.ResumeCleanupJob(pb.ResumeCleanupJobRequest(name=name), metadata=MIA),
            cleanup.UpdateCleanupJob(
                pb.UpdateCleanupJobRequest(cleanup_job=pb.CleanupJob(name=name)), metadata=MIA
            ),
            cleanup.ListCleanupRuns(pb.ListCleanupRunsRequest(parent=name), metadata=MIA),
            cleanup.WatchCleanupJob(pb.WatchCleanupJobRequest(name=name), metadata=MIA).read(),
            cleanup.GetCleanupRun(pb.GetCleanupRunRequest(name=f"{name}/runs/1"), metadata=MIA),
        ]
        for call in calls:
            assert (await refused(call)).reason == reason
