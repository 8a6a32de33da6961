"""A NUL, which PostgreSQL takes in no text, is refused in every text of every request (F-1)."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.v1 import (
    cleanup_service_pb2,
    core_pb2,
    delegation_service_pb2,
    distinction_service_pb2,
    golden_record_service_pb2,
    intake_service_pb2,
    match_service_pb2,
    merge_proposal_pb2,
    merge_proposal_service_pb2,
    merge_service_pb2,
    record_service_pb2,
)
from tests.rpc.api import Api, account, by, contact, refusal_of
from tests.trust.fuzz.calling import DOCUMENTED, all_methods
from tests.trust.fuzz.texts import marked

Ask = Callable[..., Awaitable[Any]]
BY_NAME = {method.name: method for method in all_methods()}
IMPORTER, ANN, MIA = "services/importer", "ann", "mia"
PERSON = {"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com", "custom.note": "tall"}


def full_contact(name: str) -> record_service_pb2.Record:
    """A contact with a text in every place that has one."""
    record = contact(name, **PERSON)
    record.owner.CopyFrom(core_pb2.Owner(principal="users/ann", function="sales", queue="north"))
    record.facts.add(name="legal_entity", text="Quux Ltd")
    record.children.add(
        kind=core_pb2.CHILD_KIND_CASE, child_id="c1", owner="users/ann", open=True
    ).amount.currency_code = "EUR"
    record.account = "sources/crm/records/company"
    return record


async def write_records(ask: Ask) -> None:
    """Records, one by one, many at a time, and in a stream."""
    records = record_service_pb2
    await ask(
        "UpdateRecord",
        records.UpdateRecordRequest(
            record=account("company", company_name="Quux Ltd"), allow_missing=True, request_id=new_id()
        ),
    )
    for name in "12":
        await ask("UpdateRecord", records.UpdateRecordRequest(record=full_contact(name), allow_missing=True))
    whole = FieldMask(paths=["*"])
    one = records.UpdateRecordRequest(record=full_contact("1"), update_mask=whole)
    await ask("BatchUpdateRecords", records.BatchUpdateRecordsRequest(parent="sources/crm", requests=[one]))
    await ask("IngestRecords", records.IngestRecordsRequest(records=[full_contact("3"), full_contact("4")]))
    await ask("ListRecords", records.ListRecordsRequest(parent="sources/crm", filter="kind = CONTACT"))
    await ask("GetRecord", records.GetRecordRequest(name="sources/crm/records/1"))
    names = [f"sources/crm/records/{name}" for name in "34"]
    await ask("DeleteRecord", records.DeleteRecordRequest(name=names[0], etag='"1"'))
    erasure = records.EraseRecordRequest(name=names[1], reason="asked for", request_id=new_id())
    await ask("EraseRecord", erasure)


def new_id() -> str:
    return str(uuid.uuid4())


async def find_them(ask: Ask) -> None:
    """Reads that take texts."""
    person = core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values=PERSON)
    await ask("Match", match_service_pb2.MatchRequest(candidate=person))
    side = match_service_pb2.PairSide
    pair = match_service_pb2.Pair(left=side(candidate=person), right=side(record="sources/crm/records/1"))
    await ask("BatchScore", match_service_pb2.BatchScoreRequest(pairs=[pair]))
    identifier = golden_record_service_pb2.Identifier(field="tax_id", value="DE811128135")
    lookup = golden_record_service_pb2.LookupGoldenRecordRequest(identifier=identifier)
    await ask("LookupGoldenRecord", lookup)
    await ask("Validate", intake_service_pb2.ValidateRequest(values=PERSON))
    await ask(
        "Route",
        intake_service_pb2.RouteRequest(
            record=contact("shop/-", given_name="Mina", family_name="Murray", email="mina@x.example")
        ),
    )


async def merge_them(ask: Ask) -> None:
    """A proposal, what people say to it, a merge and its undoing."""
    pb = merge_proposal_service_pb2
    names = [f"sources/crm/records/{name}" for name in "12"]
    wanted = merge_proposal_pb2.MergeProposal(
        golden_records=names, comment="the same mail", field_choices={"given_name": names[1]}
    )
    proposal = await ask("CreateMergeProposal", pb.CreateMergeProposalRequest(merge_proposal=wanted))
    decision = {"name": proposal.name, "etag": proposal.etag, "comment": "as I see it"}
    await ask("RejectMergeProposal", pb.RejectMergeProposalRequest(**decision), ANN)
    wanted.ClearField("field_choices")
    again = await ask("CreateMergeProposal", pb.CreateMergeProposalRequest(merge_proposal=wanted))
    decision |= {"name": again.name, "etag": again.etag}
    await ask("ApproveMergeProposal", pb.ApproveMergeProposalRequest(**decision, function="sales"), ANN)
    listing = pb.ListMergeProposalsRequest(filter="state = APPROVED", order_by="create_time desc")
    await ask("ListMergeProposals", listing)
    executing = pb.ExecuteMergeProposalRequest(name=again.name, etag=again.etag)
    merge = await ask("ExecuteMergeProposal", executing, ANN)
    undoing = merge_service_pb2.UndoMergeRequest(name=merge.name, etag=merge.etag, reason="two people")
    await ask("UndoMerge", undoing, ANN)
    last = await ask("CreateMergeProposal", pb.CreateMergeProposalRequest(merge_proposal=wanted))
    decision |= {"name": last.name, "etag": last.etag}
    await ask("WithdrawMergeProposal", pb.WithdrawMergeProposalRequest(**decision))
    apart = distinction_service_pb2.Distinction(left=names[:1], right=names[1:], reason="two people")
    kept = distinction_service_pb2.CreateDistinctionRequest(distinction=apart, request_id=new_id())
    await ask("CreateDistinction", kept, ANN)


async def settle_the_rest(ask: Ask) -> None:
    """Delegations, and cleanup jobs."""
    end_time = Timestamp()
    end_time.FromDatetime(datetime.now(UTC) + timedelta(days=1))
    delegation = delegation_service_pb2.Delegation(
        delegate="users/ben", functions=["sales"], end_time=end_time, reason="on leave"
    )
    await ask("CreateDelegation", delegation_service_pb2.CreateDelegationRequest(delegation=delegation), ANN)
    job = cleanup_service_pb2.CleanupJob(display_name="all of it")
    job.scope.filter = "kind = CONTACT"
    await ask("CreateCleanupJob", cleanup_service_pb2.CreateCleanupJobRequest(cleanup_job=job), MIA)


async def test_a_nul_in_any_text_is_refused(api: Api) -> None:
    """Each request is sent with a NUL in each of its texts, one at a time, and refused; then as it was, and
    answered.
    """
    sent, taken = 0, []

    async def ask(name: str, request: Message, who: str = IMPORTER) -> Any:
        nonlocal sent
        for wrong in marked(request, "\0"):
            sent += 1
            if (how := await ended(api, name, wrong, who)) not in DOCUMENTED:
                taken.append(f"{how}: {name} {wrong}")
        return await called(api, name, request, who)

    for part in (write_records, find_them, merge_them, settle_the_rest):
        await part(ask)
    assert taken == []
    assert sent > 150


async def ended(api: Api, name: str, request: Message, who: str) -> str:
    """The code of a call that should be refused; a stream refuses rows one by one, in its answer."""
    try:
        answer = await called(api, name, request, who)
    except grpc.aio.AioRpcError as error:
        return refusal_of(error).code.name
    return "INVALID_ARGUMENT" if getattr(answer, "rejected", ()) else "OK"


async def called(api: Api, name: str, request: Message, who: str) -> Any:
    """The first answer to a request, also where it is one of a stream."""
    method: Any = BY_NAME[name]
    path = f"/{method.containing_service.full_name}/{name}"
    reading = GetMessageClass(method.output_type).FromString
    writing: Any = type(request).SerializeToString
    made = {"request_serializer": writing, "response_deserializer": reading}
    if method.client_streaming:
        stream: Any = api.channel.stream_stream(path, **made)(metadata=by(who))
        await stream.write(request)
        answer = await stream.read()
        stream.cancel()
        return answer
    return await api.channel.unary_unary(path, **made)(request, metadata=by(who))
