"""google.longrunning.Operations: the runs of cleanup jobs, as clients that know nothing else see them."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta

from google.longrunning import operations_pb2 as pb
from google.protobuf.empty_pb2 import Empty

from dedup_service.domain.cleanup.runs import CleanupRun, RunState
from dedup_service.domain.errors import InvalidInput, NotFound, StateNotAllowed
from dedup_service.domain.records import Violation
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.cleanup_conversion import CleanupMessages
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.field_checks import refuse
from dedup_service.rpc.quantities import read_duration
from dedup_service.rpc.run_watching import glimpses
from dedup_service.workflows.filters import Condition, Operator

# Longer a caller asks again: a wait holds a place that others may need.
LONGEST_WAIT = timedelta(minutes=5)
_COLLECTION = "operations"
_FILTER_FIELDS = {"done": ("true", "false")}


class OperationsService:
    """Answers the methods of `google.longrunning.Operations`; each operation is a run of a cleanup job."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._cleaning = edge.desk.cleaning
        self._messages = CleanupMessages(edge.tokens)

    async def get_operation(self, request: pb.GetOperationRequest) -> pb.Operation:
        return self._messages.operation(await self._run(request.name))

    async def list_operations(self, request: pb.ListOperationsRequest) -> pb.ListOperationsResponse:
        if request.name not in ("", _COLLECTION):
            raise InvalidInput.at("name", f"must be {_COLLECTION} or empty: there is one collection")
        if request.return_partial_success:
            raise InvalidInput.at("return_partial_success", "is not taken: there is one collection")
        page = self._edge.page(request, _FILTER_FIELDS)
        conditions = [each for condition in page.conditions for each in _of_runs(condition)]
        listed = await self._cleaning.runs("", replace(page, conditions=tuple(conditions)))
        return pb.ListOperationsResponse(
            operations=map(self._brief, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def cancel_operation(self, request: pb.CancelOperationRequest, caller: Caller) -> Empty:
        run = await self._run(request.name)
        await self._cleaning.cancel(caller.request(request, ""), run.run_id, caller.principal)
        return Empty()

    async def wait_operation(self, request: pb.WaitOperationRequest) -> pb.Operation:
        run = await self._run(request.name)
        longest = LONGEST_WAIT
        if request.HasField("timeout"):
            violations: list[Violation] = []
            longest = min(longest, read_duration(request.timeout, "timeout", violations))
            refuse(violations)
        seconds = max(longest.total_seconds(), 0.0)
        runs = self._cleaning.watch(run.run_id)
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(seconds),
                aclosing(glimpses(runs, self._edge.stopping, seconds + 1)) as seen,
            ):
                async for glimpse in seen:
                    run = glimpse.run
                    if not run.state.active:
                        break
        return self._messages.operation(run)

    async def delete_operation(self, request: pb.DeleteOperationRequest) -> Empty:
        run = await self._run(request.name)
        raise StateNotAllowed(
            request.name,
            run.state,
            f"{request.name} is kept, because it says what was proposed and merged; "
            "CancelOperation ends one that runs",
        )

    async def _run(self, name: str) -> CleanupRun:
        run_id = resource_names.operation_id(name, "name")
        try:
            return await self._cleaning.cleanup_run(run_id)
        except NotFound:
            raise NotFound("Operation", name) from None

    def _brief(self, run: CleanupRun) -> pb.Operation:
        """The operation without what a page has no room for."""
        return self._messages.operation(replace(run, failures=()))


def _of_runs(condition: Condition) -> list[Condition]:
    """A condition on operations as conditions on runs: to be done is to be in none of the active states."""
    done = (condition.value == "true") is (condition.operator is not Operator.NOT_EQUALS)
    return [Condition("state", Operator.NOT_EQUALS, state) for state in RunState if state.active is done]
