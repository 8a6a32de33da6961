"""google.longrunning.Operations: runs of cleanup jobs, got, listed, waited for and cancelled."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2 as lro
from google.protobuf.duration_pb2 import Duration

from dedup_service.v1 import cleanup_run_pb2
from dedup_service.v1 import cleanup_service_pb2 as pb
from dedup_service.v1.cleanup_run_pb2 import CleanupRun
from tests.rpc.api import ANN, Api, refused
from tests.rpc.cleanup_api import MIA, CleaningApi, cleaning_api, length, run_of

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
NOT_ALLOWED = (grpc.StatusCode.FAILED_PRECONDITION, "STATE_NOT_ALLOWED")
NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
QUEUED = cleanup_run_pb2.CLEANUP_RUN_STATE_QUEUED
SUCCEEDED = cleanup_run_pb2.CLEANUP_RUN_STATE_SUCCEEDED
CANCELLED = cleanup_run_pb2.CLEANUP_RUN_STATE_CANCELLED


@pytest.fixture
def cleaning(api: Api, tmp_path: Path) -> CleaningApi:
    return cleaning_api(api, tmp_path / "cleanup")


async def test_an_operation_lives_as_its_run_does(cleaning: CleaningApi) -> None:
    """Under way it has metadata alone; once its run succeeded it is done, and its response is the run."""
    started = await cleaning.start(await cleaning.create())
    run = run_of(started)
    assert (started.done, started.WhichOneof("result"), run.state) == (False, None, QUEUED)
    assert started.name == run.operation == f"operations/{run.name.rpartition('/')[2]}"
    asked = pb.GetCleanupRunRequest(name=run.name, min_revision=run.revision)
    assert await cleaning.api.cleanup.GetCleanupRun(asked, metadata=ANN) == run
    await cleaning.work()
    done = await cleaning.operation(started.name)
    answer = CleanupRun()
    assert done.done
    assert done.response.Unpack(answer)
    assert answer == run_of(done)
    assert answer.state == SUCCEEDED


async def test_a_cancelled_run_is_an_operation_with_an_error(cleaning: CleaningApi) -> None:
    """CANCELLED, with why in words; cancelling it again, or one that is done, changes nothing."""
    started = await cleaning.start(await cleaning.create())
    await cleaning.cancel(started.name)
    ended = await cleaning.operation(started.name)
    assert (ended.done, ended.error.code) == (True, grpc.StatusCode.CANCELLED.value[0])
    assert run_of(ended).state == CANCELLED
    assert ended.error.message == run_of(ended).reason != ""
    await cleaning.cancel(started.name)
    assert await cleaning.operation(started.name) == ended


async def test_operations_are_listed_by_whether_they_are_done(cleaning: CleaningApi) -> None:
    """As the runs are, a page at a time; the collection has one name."""
    ended, cancelled = await cleaning.finished(), await cleaning.start(await cleaning.create())
    await cleaning.cancel(cancelled.name)
    waiting = await cleaning.start(await cleaning.create())

    async def names(asked: str) -> list[str]:
        request = lro.ListOperationsRequest(name="operations", filter=asked)
        found = await cleaning.api.operations.ListOperations(request, metadata=ANN)
        return [each.name for each in found.operations]

    assert await names("") == [waiting.name, cancelled.name, ended.operation]
    assert await names("done = true") == await names("done != false") == [cancelled.name, ended.operation]
    assert await names("done = false") == await names("done != true") == [waiting.name]
    assert await names("done = true AND done = false") == []
    page = await cleaning.api.operations.ListOperations(lro.ListOperationsRequest(page_size=1), metadata=ANN)
    rest = await cleaning.api.operations.ListOperations(
        lro.ListOperationsRequest(page_size=5, page_token=page.next_page_token), metadata=ANN
    )
    assert [each.name for each in (*page.operations, *rest.operations)] == await names("")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "cleanupJobs"}, "name"),
        ({"return_partial_success": True}, "return_partial_success"),
        ({"filter": "state = RUNNING"}, "filter"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "x"}, "page_token"),
    ],
)
async def test_a_list_of_operations_that_cannot_be_is_refused(
    api: Api, given: dict[str, Any], field: str
) -> None:
    """Each by its field."""
    refusal = await refused(api.operations.ListOperations(lro.ListOperationsRequest(**given), metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_what_is_no_operation_is_refused(api: Api) -> None:
    """A name never issued is not found, one that is no name is an invalid argument, in every method."""
    for name, reason in (("operations/1", NOT_FOUND), ("runs/1", INVALID), ("", INVALID)):
        calls: list[Awaitable[Any]] = [
            api.operations.GetOperation(lro.GetOperationRequest(name=name), metadata=ANN),
            api.operations.CancelOperation(lro.CancelOperationRequest(name=name), metadata=ANN),
            api.operations.WaitOperation(lro.WaitOperationRequest(name=name), metadata=ANN),
            api.operations.DeleteOperation(lro.DeleteOperationRequest(name=name), metadata=ANN),
        ]
        for call in calls:
            refusal = await refused(call)
            assert refusal.reason == reason
            if reason == NOT_FOUND:
                assert refusal.info.metadata["resource"] == name


async def test_an_operation_is_kept(cleaning: CleaningApi) -> None:
    """It says what was proposed and merged, so deleting it is refused, and changes nothing."""
    run = await cleaning.finished()
    request = lro.DeleteOperationRequest(name=run.operation)
    refusal = await refused(cleaning.api.operations.DeleteOperation(request, metadata=MIA))
    assert refusal.reason == NOT_ALLOWED
    assert (await cleaning.operation(run.operation)).done


async def test_waiting_ends_when_the_run_does(cleaning: CleaningApi) -> None:
    """Whoever waits gets the operation when it is done, and at once when it is done already."""
    started = await cleaning.start(await cleaning.create())
    request = lro.WaitOperationRequest(name=started.name, timeout=length(20))
    waiting = asyncio.ensure_future(cleaning.wait(request))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await cleaning.work()
    assert (await waiting).done
    async with asyncio.timeout(2):
        assert (await cleaning.wait(request)).done


@pytest.mark.parametrize("longest", [Duration(), Duration(seconds=-5), Duration(nanos=300_000_000)])
async def test_waiting_ends_at_its_timeout(cleaning: CleaningApi, longest: Duration) -> None:
    """The operation comes back as it is, not done."""
    started = await cleaning.start(await cleaning.create())
    async with asyncio.timeout(2):
        found = await cleaning.wait(lro.WaitOperationRequest(name=started.name, timeout=longest))
    assert found == started


async def test_a_timeout_that_is_none_is_refused(cleaning: CleaningApi) -> None:
    """A length of time that protobuf does not allow is named by its field."""
    started = await cleaning.start(await cleaning.create())
    for wrong in (Duration(seconds=2**62), Duration(seconds=1, nanos=-1), Duration(nanos=1)):
        request = lro.WaitOperationRequest(name=started.name, timeout=wrong)
        assert (await refused(cleaning.wait(request))).fields == ["timeout"]


async def test_those_who_wait_leave_room_for_calls(cleaning: CleaningApi) -> None:
    """Waiting takes the places of streams: with as many waiting as there are places, calls are answered."""
    started = await cleaning.start(await cleaning.create())
    request = lro.WaitOperationRequest(name=started.name, timeout=length(20))
    waiting = [asyncio.ensure_future(cleaning.wait(request)) for _ in range(64)]
    await asyncio.sleep(0.5)
    assert not any(each.done() for each in waiting)
    assert (await refused(cleaning.wait(request))).info.reason == "OVERLOADED"
    await cleaning.cancel(started.name)
    assert all(each.done for each in await asyncio.gather(*waiting))
