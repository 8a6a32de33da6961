"""DelegationService: absences, and who votes meanwhile."""

from collections.abc import Sequence

from dedup_service.domain.delegations import Delegation
from dedup_service.domain.records import Violation
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.field_checks import check_etag, check_text, refuse
from dedup_service.rpc.quantities import read_time, timestamp
from dedup_service.v1 import delegation_service_pb2 as pb
from dedup_service.workflows.delegating import DelegationDraft

_FILTER_FIELDS = {"delegator": None, "delegate": None}
_MAX_FUNCTIONS = 100
_MAX_NAME_CODE_POINTS = 200


class DelegationService:
    """Answers the methods of `dedup_service.v1.DelegationService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._delegating = edge.desk.delegating

    async def create_delegation(self, request: pb.CreateDelegationRequest, caller: Caller) -> pb.Delegation:
        draft = _read_draft(request.delegation)
        identity = caller.request(request, request.request_id)
        made = await self._delegating.create(identity, draft, caller.principal, request.validate_only)
        message = self._message(made)
        if request.validate_only:
            for name in ("name", "etag", "revision"):
                message.ClearField(name)
        return message

    async def get_delegation(self, request: pb.GetDelegationRequest) -> pb.Delegation:
        delegation_id = resource_names.delegation_id(request.name, "name")
        await self._edge.fresh(request)
        return self._message(await self._delegating.delegation(delegation_id))

    async def list_delegations(self, request: pb.ListDelegationsRequest) -> pb.ListDelegationsResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        await self._edge.fresh(request)
        listed = await self._edge.desk.store.read(lambda tx: tx.list_delegations(page))
        return pb.ListDelegationsResponse(
            delegations=map(self._message, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def end_delegation(self, request: pb.EndDelegationRequest, caller: Caller) -> pb.Delegation:
        delegation_id = resource_names.delegation_id(request.name, "name")
        etag = check_etag(request.etag, "etag", required=True)
        identity = caller.request(request, request.request_id)
        return self._message(await self._delegating.end(identity, delegation_id, etag, caller.principal))

    def _message(self, delegation: Delegation) -> pb.Delegation:
        return pb.Delegation(
            name=delegation.name,
            delegator=delegation.delegator,
            delegate=delegation.delegate,
            functions=delegation.functions,
            start_time=timestamp(delegation.start_time),
            end_time=timestamp(delegation.end_time),
            reason=delegation.reason,
            create_time=timestamp(delegation.create_time),
            etag=delegation.etag,
            revision=self._edge.tokens.message(delegation.revision),
        )


def _read_draft(given: pb.Delegation) -> DelegationDraft:
    violations: list[Violation] = []
    start = None
    if given.HasField("start_time"):
        start = read_time(given.start_time, "delegation.start_time", violations)
    if not given.HasField("end_time"):
        violations.append(Violation("delegation.end_time", "is required: say until when"))
    end = read_time(given.end_time, "delegation.end_time", violations)
    refuse(violations)
    return DelegationDraft(
        delegate=check_text(given.delegate, "delegation.delegate", limit=_MAX_NAME_CODE_POINTS),
        functions=_read_functions(given.functions),
        start_time=start,
        end_time=end,
        reason=check_text(given.reason, "delegation.reason"),
    )


def _read_functions(functions: Sequence[str]) -> tuple[str, ...]:
    at = "delegation.functions"
    between(len(functions), 0, _MAX_FUNCTIONS, at, "functions")
    return tuple(
        check_text(function, f"{at}[{number}]", required=True, limit=_MAX_NAME_CODE_POINTS)
        for number, function in enumerate(functions)
    )
