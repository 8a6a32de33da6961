"""Cleanup jobs over the wire: requests, and a worker that carries runs out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    GetOperationRequest,
    Operation,
    WaitOperationRequest,
)
from google.protobuf.duration_pb2 import Duration

from dedup_service.v1 import cleanup_service_pb2 as pb
from dedup_service.v1.cleanup_run_pb2 import CleanupRun
from tests.rpc.api import ANN, Api, by
from tests.workflows.cleaning.clean_desk import CleanDesk, people

MIA = by("mia")
AT_ONCE = pb.CleanupCanary(share=0.0)


def length(seconds: int) -> Duration:
    return Duration(seconds=seconds)


def asking(**given: Any) -> pb.CreateCleanupJobRequest:
    """A request for a job over everything that merges at once, with these fields instead."""
    fields: dict[str, Any] = {"display_name": "all", "canary": AT_ONCE} | given
    return pb.CreateCleanupJobRequest(cleanup_job=pb.CleanupJob(**fields))


def run_of(operation: Operation) -> CleanupRun:
    """The run that an operation carries as its metadata."""
    run = CleanupRun()
    assert operation.metadata.Unpack(run)
    return run


@dataclass(frozen=True, slots=True)
class CleaningApi:
    """A served desk, and a worker of it that works when it is told to."""

    api: Api
    desk: CleanDesk

    async def create(self, **given: Any) -> pb.CleanupJob:
        return await self.api.cleanup.CreateCleanupJob(asking(**given), metadata=MIA)

    async def start(self, job: pb.CleanupJob) -> Operation:
        return await self.api.cleanup.RunCleanupJob(pb.RunCleanupJobRequest(name=job.name), metadata=MIA)

    async def operation(self, name: str) -> Operation:
        """The operation as it is now."""
        return await self.api.operations.GetOperation(GetOperationRequest(name=name), metadata=ANN)

    async def cancel(self, name: str) -> None:
        await self.api.operations.CancelOperation(CancelOperationRequest(name=name), metadata=MIA)

    async def wait(self, request: WaitOperationRequest) -> Operation:
        return await self.api.operations.WaitOperation(request, metadata=ANN)

    async def work(self) -> None:
        """Carry on a run that waits, as far as it goes."""
        await self.desk.worker().work_once()

    async def fill(self, count: int) -> None:
        """NAME leads of so many people, each twice."""
        await self.desk.office.put(*people(count))

    async def finished(self, **given: Any) -> CleanupRun:
        """A run of a new job, as it is after a worker had it."""
        operation = await self.start(await self.create(**given))
        await self.work()
        request = pb.GetCleanupRunRequest(name=run_of(operation).name)
        return await self.api.cleanup.GetCleanupRun(request, metadata=MIA)


def cleaning_api(api: Api, folder: Path) -> CleaningApi:
    return CleaningApi(api, CleanDesk(api.office, folder))
