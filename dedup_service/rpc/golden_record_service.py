"""GoldenRecordService: reads golden records, and confirms accounts."""

from dataclasses import replace

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.records import AccountState, RecordKind, Violation
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.field_checks import check_etag, check_text, refuse
from dedup_service.rpc.golden_record_conversion import golden_message, version_message
from dedup_service.rpc.page_tokens import page_size
from dedup_service.rpc.quantities import read_time
from dedup_service.rpc.record_conversion import RecordMessages
from dedup_service.v1 import golden_record_service_pb2 as pb
from dedup_service.workflows.reading import LOOKUP_FIELDS, MAX_LOOKUP

_MAX_NAMES = 1000
_MAX_IDENTIFIER_CODE_POINTS = 4096
_FILTER_FIELDS = {
    "kind": tuple(RecordKind),
    "state": tuple(GoldenState),
    "account_state": tuple(AccountState),
}
# What is wrong with the record that a confirmation makes, by the fields of the request that say it.
_CONFIRM_FIELDS = {"record.name": "record", "record.values.customer_number": "customer_number"}


class GoldenRecordService:
    """Answers the methods of `dedup_service.v1.GoldenRecordService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._readings = edge.desk.readings
        self._history = edge.desk.golden_history
        self._records = RecordMessages(edge.desk, edge.tokens)

    async def get_golden_record(self, request: pb.GetGoldenRecordRequest) -> pb.GoldenRecord:
        golden_id = resource_names.golden_id(request.name, "name")
        await self._edge.fresh(request)
        return golden_message(await self._readings.golden(golden_id), self._edge.tokens)

    async def batch_get_golden_records(
        self, request: pb.BatchGetGoldenRecordsRequest
    ) -> pb.BatchGetGoldenRecordsResponse:
        between(len(request.names), 1, _MAX_NAMES, "names", "names")
        golden_ids = [
            resource_names.golden_id(name, f"names[{number}]") for number, name in enumerate(request.names)
        ]
        await self._edge.fresh(request)
        views = await self._readings.goldens(golden_ids)
        return pb.BatchGetGoldenRecordsResponse(
            golden_records=[golden_message(view, self._edge.tokens) for view in views]
        )

    async def list_golden_records(self, request: pb.ListGoldenRecordsRequest) -> pb.ListGoldenRecordsResponse:
        page = replace(self._edge.page(request, _FILTER_FIELDS), master_sources=self._master_sources())
        await self._edge.fresh(request)
        listed = await self._edge.desk.store.read(lambda tx: tx.list_goldens(page))
        views = map(self._readings.view, listed.items)
        return pb.ListGoldenRecordsResponse(
            golden_records=[golden_message(view, self._edge.tokens) for view in views],
            next_page_token=self._edge.next_page(request, listed.next),
        )

    def _master_sources(self) -> tuple[str, ...]:
        sources = self._edge.desk.rules.policy.sources
        return tuple(sorted(name for name, source in sources.items() if source.customer_master))

    async def lookup_golden_record(
        self, request: pb.LookupGoldenRecordRequest, caller: Caller
    ) -> pb.LookupGoldenRecordResponse:
        record, field, value = None, "", ""
        match request.WhichOneof("key"):
            case "record":
                record = resource_names.record_key(request.record, "record")
            case "identifier":
                field, value = request.identifier.field, request.identifier.value
                if field not in LOOKUP_FIELDS:
                    raise InvalidInput.at("identifier.field", f"must be one of {', '.join(LOOKUP_FIELDS)}")
                limit = _MAX_IDENTIFIER_CODE_POINTS
                check_text(value, "identifier.value", required=True, limit=limit)
            case _:
                raise InvalidInput.at("key", "say a record or an identifier")
        await self._edge.fresh(request)
        sight = self._edge.sights.of(caller.principal)
        views = [
            view
            for view in await self._readings.lookup(record, field, value)
            if any(
                sight.may_read(each.key.source, each.kind)
                for each in view.golden.members
                if each.key == record or (each.active and each.draft.values.get(field) == value)
            )
        ]
        return pb.LookupGoldenRecordResponse(
            golden_records=[golden_message(view, self._edge.tokens) for view in views[:MAX_LOOKUP]],
            truncated=len(views) > MAX_LOOKUP,
        )

    async def list_members(self, request: pb.ListMembersRequest) -> pb.ListMembersResponse:
        golden_id = resource_names.golden_id(request.parent, "parent")
        size = page_size(request)
        cursor = self._edge.pages.cursor(request)
        await self._edge.fresh(request)
        view = await self._readings.golden(golden_id)
        members = sorted(view.golden.members, key=lambda record: record.name)
        if cursor is not None:
            members = [record for record in members if record.name > cursor[0]]
        page = members[:size]
        following = (page[-1].name,) if len(members) > size else None
        return pb.ListMembersResponse(
            records=self._records.all(page), next_page_token=self._edge.next_page(request, following)
        )

    async def list_golden_record_versions(
        self, request: pb.ListGoldenRecordVersionsRequest
    ) -> pb.ListGoldenRecordVersionsResponse:
        golden_id = resource_names.golden_id(request.parent, "parent")
        size = page_size(request)
        cursor = self._edge.pages.cursor(request)
        violations: list[Violation] = []
        time = None
        if request.HasField("as_of_time"):
            time = read_time(request.as_of_time, "as_of_time", violations)
        refuse(violations)
        await self._edge.fresh(request)
        if time is not None:
            held = await self._history.version_at(golden_id, time)
            return pb.ListGoldenRecordVersionsResponse(
                golden_record_versions=[version_message(held)] if held is not None else []
            )
        listed = await self._history.versions(golden_id, cursor, size)
        return pb.ListGoldenRecordVersionsResponse(
            golden_record_versions=map(version_message, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def confirm_account(self, request: pb.ConfirmAccountRequest, caller: Caller) -> pb.GoldenRecord:
        golden_id = resource_names.golden_id(request.name, "name")
        etag = check_etag(request.etag, "etag", required=True)
        record = resource_names.record_key(request.record, "record")
        limit = _MAX_IDENTIFIER_CODE_POINTS
        number = check_text(request.customer_number, "customer_number", required=True, limit=limit)
        identity = caller.request(request, request.request_id)
        try:
            confirmed = await self._edge.desk.confirming.confirm(
                identity, golden_id, etag, record, number, caller.principal
            )
        except InvalidInput as refused:
            raise InvalidInput(
                Violation(_CONFIRM_FIELDS.get(v.field, v.field), v.description) for v in refused.violations
            ) from refused
        return golden_message(await self._readings.golden(confirmed.golden_id), self._edge.tokens)
