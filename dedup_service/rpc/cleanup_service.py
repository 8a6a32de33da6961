"""CleanupService: jobs that clean the store up, and their runs."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.longrunning.operations_pb2 import Operation

from dedup_service.domain.cleanup.jobs import JobDefinition
from dedup_service.domain.cleanup.runs import RunState
from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound, StateNotAllowed
from dedup_service.domain.records import Violation
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.cleanup_conversion import CleanupMessages, definition_message, plan_message
from dedup_service.rpc.cleanup_reading import masked, read_definition
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.field_checks import check_etag, refuse
from dedup_service.rpc.run_watching import glimpses
from dedup_service.v1 import cleanup_service_pb2 as pb
from dedup_service.v1.cleanup_run_pb2 import CleanupRun
from dedup_service.workflows.ports import Request

_JOB_FIELDS = {"creator": None, "paused": ("true", "false")}
_RUN_FIELDS = {"state": tuple(RunState)}
# How often an update without an etag is made anew on a job that another update has changed meanwhile.
_MAX_ATTEMPTS = 5


class CleanupService:
    """Answers the methods of `dedup_service.v1.CleanupService`.

    A stream says at least every `heartbeat_seconds` that it is there.
    """

    def __init__(self, edge: Edge, heartbeat_seconds: float) -> None:
        self._edge = edge
        self._cleaning = edge.desk.cleaning
        self._messages = CleanupMessages(edge.tokens)
        self._heartbeat_seconds = heartbeat_seconds

    async def create_cleanup_job(self, request: pb.CreateCleanupJobRequest, caller: Caller) -> pb.CleanupJob:
        identity = caller.request(request, request.request_id)
        definition = await self._read(request.cleanup_job, identity, caller)
        if request.validate_only:
            return plan_message(await self._cleaning.plan(identity, definition, caller.principal))
        return self._messages.job(await self._cleaning.create(identity, definition, caller.principal))

    async def get_cleanup_job(self, request: pb.GetCleanupJobRequest) -> pb.CleanupJob:
        job_id = resource_names.cleanup_job_id(request.name, "name")
        await self._edge.fresh(request)
        return self._messages.job(await self._cleaning.job(job_id))

    async def list_cleanup_jobs(self, request: pb.ListCleanupJobsRequest) -> pb.ListCleanupJobsResponse:
        page = self._edge.page(request, _JOB_FIELDS)
        await self._edge.fresh(request)
        listed = await self._cleaning.jobs(page)
        return pb.ListCleanupJobsResponse(
            cleanup_jobs=map(self._messages.job, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def update_cleanup_job(self, request: pb.UpdateCleanupJobRequest, caller: Caller) -> pb.CleanupJob:
        job_id = resource_names.cleanup_job_id(request.cleanup_job.name, "cleanup_job.name")
        etag = check_etag(request.cleanup_job.etag, "cleanup_job.etag")
        identity = caller.request(request, request.request_id)
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            stored = await self._cleaning.job(job_id)
            given = masked(definition_message(stored.definition), request)
            definition = await self._read(given, identity, caller)
            try:
                # The mask was applied to this version, so no other may be written over.
                updated = await self._cleaning.update(
                    identity, job_id, etag or stored.etag, definition, caller.principal
                )
            except EtagMismatch:
                if etag or attempt == _MAX_ATTEMPTS:
                    raise
                continue
            return self._messages.job(updated)
        raise AssertionError("the last attempt raises")

    async def delete_cleanup_job(self, request: pb.DeleteCleanupJobRequest, caller: Caller) -> pb.CleanupJob:
        job_id = resource_names.cleanup_job_id(request.name, "name")
        etag = check_etag(request.etag, "etag")
        identity = caller.request(request, request.request_id)
        return self._messages.job(await self._cleaning.delete(identity, job_id, etag, caller.principal))

    async def run_cleanup_job(self, request: pb.RunCleanupJobRequest, caller: Caller) -> Operation:
        job_id = resource_names.cleanup_job_id(request.name, "name")
        etag = check_etag(request.etag, "etag")
        identity = caller.request(request, request.request_id)
        return self._messages.operation(await self._cleaning.run(identity, job_id, etag, caller.principal))

    async def pause_cleanup_job(self, request: pb.PauseCleanupJobRequest, caller: Caller) -> pb.CleanupJob:
        job_id = resource_names.cleanup_job_id(request.name, "name")
        identity = caller.request(request, request.request_id)
        return self._messages.job(await self._cleaning.pause(identity, job_id, caller.principal))

    async def resume_cleanup_job(self, request: pb.ResumeCleanupJobRequest, caller: Caller) -> pb.CleanupJob:
        job_id = resource_names.cleanup_job_id(request.name, "name")
        identity = caller.request(request, request.request_id)
        return self._messages.job(await self._cleaning.resume(identity, job_id, caller.principal))

    async def get_cleanup_run(self, request: pb.GetCleanupRunRequest) -> CleanupRun:
        job_id, run_id = resource_names.cleanup_run_ids(request.name, "name")
        await self._edge.fresh(request)
        run = await self._cleaning.cleanup_run(run_id)
        if run.job_id != job_id:
            raise NotFound("CleanupRun", request.name)
        return self._messages.run(run)

    async def list_cleanup_runs(self, request: pb.ListCleanupRunsRequest) -> pb.ListCleanupRunsResponse:
        job_id = resource_names.cleanup_job_or_any(request.parent, "parent")
        page = self._edge.page(request, _RUN_FIELDS)
        await self._edge.fresh(request)
        listed = await self._cleaning.runs(job_id, page)
        response = pb.ListCleanupRunsResponse(
            cleanup_runs=map(self._messages.run, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )
        for run in response.cleanup_runs:
            # A page of runs with a hundred failures each would be larger than any message may be.
            run.ClearField("partial_failures")
        return response

    async def watch_cleanup_job(
        self, request: pb.WatchCleanupJobRequest
    ) -> AsyncIterator[pb.WatchCleanupJobResponse]:
        run_id = await self._watched_run(request)
        runs = self._cleaning.watch(run_id)
        async with aclosing(glimpses(runs, self._edge.stopping, self._heartbeat_seconds)) as seen:
            async for glimpse in seen:
                yield pb.WatchCleanupJobResponse(
                    cleanup_run=self._messages.run(glimpse.run), heartbeat=not glimpse.changed
                )
                if not glimpse.run.state.active:
                    return
        self._edge.refuse_when_stopping()

    async def _watched_run(self, request: pb.WatchCleanupJobRequest) -> str:
        """The id of the run to watch: the one named, or the last of the job."""
        job_id = resource_names.cleanup_job_id(request.name, "name")
        run_id = ""
        if request.cleanup_run:
            of_job, run_id = resource_names.cleanup_run_ids(request.cleanup_run, "cleanup_run")
            if of_job != job_id:
                raise InvalidInput.at("cleanup_run", "must be a run of the job that name names")
        await self._edge.fresh(request)
        if run_id:
            run = await self._cleaning.cleanup_run(run_id)
            if run.job_id != job_id:
                raise NotFound("CleanupRun", request.cleanup_run)
            return run_id
        job = await self._cleaning.job(job_id)
        if not job.last_run_id:
            raise StateNotAllowed(job.name, "NEVER_RUN", f"{job.name} has never run: RunCleanupJob starts it")
        return job.last_run_id

    async def _read(self, job: pb.CleanupJob, identity: Request, caller: Caller) -> JobDefinition:
        """The definition of a job; where it cannot be read, everything else that is wrong is told as well."""
        violations: list[Violation] = []
        definition = read_definition(job, violations)
        if violations:
            # What could not be read stands in the definition as something that may be wrong as well.
            told = {each.field for each in violations}
            try:
                await self._cleaning.plan(identity, definition, caller.principal)
            except InvalidInput as refused:
                violations += [each for each in refused.violations if each.field not in told]
        refuse(violations)
        return definition
