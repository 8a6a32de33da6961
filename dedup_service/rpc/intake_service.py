"""IntakeService: who is who, before anything is inserted."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from dedup_service.domain.errors import InvalidInput, LimitExceeded
from dedup_service.domain.intake.answers import IntakeAction, IntakeStep, Result
from dedup_service.domain.records import RecordDraft, RecordKey, RecordKind, Violation
from dedup_service.domain.validation import draft_violations
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.errors import status_of
from dedup_service.rpc.field_checks import check_etag, check_policy_text
from dedup_service.rpc.intake_conversion import (
    IntakeMessages,
    findings_messages,
    intake_message,
    simulation_message,
)
from dedup_service.rpc.ordered_streams import prepared
from dedup_service.rpc.record_conversion import RecordMessages, read_record
from dedup_service.v1 import intake_service_pb2 as pb
from dedup_service.v1.record_service_pb2 import Record
from dedup_service.workflows.intake.conversions import ConversionRequest
from dedup_service.workflows.intake.items import Entry
from dedup_service.workflows.intake.routing import MAX_BATCH
from dedup_service.workflows.ports import Request

# One batch is read while the one before it is being written.
_BATCHES_AHEAD = 1
_PAST_WHEN_NOT_SAID = 1000
_FILTER_FIELDS = {
    "action": tuple(IntakeAction),
    "step": tuple(IntakeStep),
    "source": None,
    "principal": None,
    "team": None,
    "queue": None,
    "rule": None,
}
# The values of a form have no record yet.
_FORM = RecordKey("form", "form")


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch ready to be routed; `places` are the places of its entries among the items sent."""

    request: Request
    sequence: int
    entries: tuple[Entry, ...]
    places: tuple[int, ...]
    unreadable: dict[int, InvalidInput]
    validate_only: bool


class IntakeService:
    """Answers the methods of `dedup_service.v1.IntakeService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._messages = IntakeMessages(RecordMessages(edge.desk, edge.tokens), edge.tokens)

    async def route(self, request: pb.RouteRequest, caller: Caller) -> pb.RouteResponse:
        entry = self._entry(request.record, "record", must_transact=request.must_transact)
        identity = caller.request(request, request.request_id)
        if request.validate_only:
            routed = await self._desk.routing.route(identity, [entry], caller.principal, True)
            [result] = routed.results
        else:
            result = await self._desk.gathering.route(identity, entry, caller.principal)
        if result.answer is None:
            raise InvalidInput(result.violations)
        return self._messages.answer(result.answer)

    def _entry(self, message: Record, at: str, *, must_transact: bool) -> Entry:
        draft = read_record(message, at, self._desk.rules.policy.functions, needs_kind=False)
        kind = enum_numbers.RECORD_KIND_OF.get(message.kind)
        if kind is not RecordKind.ACCOUNT and draft.person_account:
            raise InvalidInput.at(f"{at}.person_account", "is for records of kind ACCOUNT")
        return Entry(draft, kind, must_transact)

    async def route_records(
        self, requests: AsyncIterator[pb.RouteRecordsRequest], caller: Caller
    ) -> AsyncIterator[pb.RouteRecordsResponse]:
        def prepare(request: pb.RouteRecordsRequest) -> _Batch:
            return self._read_batch(request, caller)

        ahead = prepared(requests, prepare, _BATCHES_AHEAD, self._edge.stopping)
        async with aclosing(ahead) as batches:
            async for batch in batches:
                yield await self._route_batch(batch, caller)
        self._edge.refuse_when_stopping()

    def _read_batch(self, request: pb.RouteRecordsRequest, caller: Caller) -> _Batch:
        count = len(request.items)
        if count > MAX_BATCH:
            raise LimitExceeded(f"a batch takes at most {MAX_BATCH} records, this one has {count}")
        if not count:
            raise InvalidInput.at("items", f"takes 1 to {MAX_BATCH} records, not none")
        sequence = request.sequence
        # The caller's own number is no content: a batch that is sent again may bear another.
        request.ClearField("sequence")
        entries, places, unreadable = [], [], {}
        for place, item in enumerate(request.items):
            try:
                entries.append(self._entry(item.record, "record", must_transact=item.must_transact))
                places.append(place)
            except InvalidInput as refused:
                unreadable[place] = refused
        identity = caller.request(request, request.request_id)
        return _Batch(identity, sequence, tuple(entries), tuple(places), unreadable, request.validate_only)

    async def _route_batch(self, batch: _Batch, caller: Caller) -> pb.RouteRecordsResponse:
        found: dict[int, pb.RouteResult] = {
            place: self._refused(error) for place, error in batch.unreadable.items()
        }
        revision = 0
        if batch.entries:
            routed = await self._desk.routing.route(
                batch.request, batch.entries, caller.principal, batch.validate_only
            )
            revision = routed.revision
            for place, result in zip(batch.places, routed.results, strict=True):
                found[place] = self._result(result)
        message = pb.RouteRecordsResponse(
            sequence=batch.sequence, results=[found[place] for place in sorted(found)]
        )
        if revision:
            message.revision.CopyFrom(self._edge.tokens.message(revision))
        return message

    def _result(self, result: Result) -> pb.RouteResult:
        if result.answer is None:
            return self._refused(InvalidInput(result.violations))
        return pb.RouteResult(answer=self._messages.answer(result.answer, brief=True))

    def _refused(self, error: InvalidInput) -> pb.RouteResult:
        return pb.RouteResult(error=status_of(error, "RouteRecords", self._edge.tokens))

    async def validate(self, request: pb.ValidateRequest) -> pb.ValidateResponse:
        kind = enum_numbers.RECORD_KIND_OF.get(request.kind)
        if request.kind and kind is None:
            raise InvalidInput.at("kind", "must be LEAD, CONTACT or ACCOUNT")
        draft = RecordDraft(_FORM, kind or RecordKind.LEAD, dict(request.values))
        # The limits act before any rule: a value that no record may hold is not looked at.
        problems = draft_violations(draft, self._desk.rules.policy.functions)
        if problems:
            raise InvalidInput([Violation(p.field.removeprefix("record."), p.description) for p in problems])
        return pb.ValidateResponse(findings=findings_messages(self._desk.data_entry.findings(draft, kind)))

    async def convert_lead(self, request: pb.ConvertLeadRequest, caller: Caller) -> pb.ConvertLeadResponse:
        asked = ConversionRequest(
            lead=resource_names.record_key(request.name, "name"),
            etag=check_etag(request.etag, "etag"),
            account=resource_names.record_key(request.account, "account") if request.account else None,
            target=resource_names.record_key(request.target, "target") if request.target else None,
            person_account=request.person_account,
            insert_duplicate=request.insert_duplicate,
        )
        identity = caller.request(request, request.request_id)
        found = await self._desk.converting.convert(identity, asked, caller.principal, request.validate_only)
        return self._messages.conversion(found)

    async def list_intakes(self, request: pb.ListIntakesRequest) -> pb.ListIntakesResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        await self._edge.fresh(request)
        listed = await self._desk.store.read(lambda tx: tx.list_intakes(page))
        return pb.ListIntakesResponse(
            intakes=map(intake_message, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def simulate_territories(
        self, request: pb.SimulateTerritoriesRequest
    ) -> pb.SimulateTerritoriesResponse:
        text = check_policy_text(request.text, "text")
        limit = request.past_limit if request.HasField("past_limit") else _PAST_WHEN_NOT_SAID
        await self._edge.fresh(request)
        return simulation_message(await self._desk.territory_simulating.simulate(text, limit))
