"""Intake over the wire: who is who, and what is refused."""

import uuid
from typing import Any

import grpc
import pytest

from dedup_service.v1 import core_pb2, record_service_pb2
from dedup_service.v1 import intake_service_pb2 as pb
from tests.rpc.api import ACCOUNT, ANN, CONTACT, IMPORTER, LEAD, Api, by, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
MINA = {
    "given_name": "Mina",
    "family_name": "Okonkwo-Reiter",
    "email": "mina@okonkwo-reiter.example",
    "phone": "+49 30 5550100",
    "country": "DE",
    "postal_code": "10115",
}


def asking(name: str = "shop/-", *facts: core_pb2.Fact, **given: Any) -> pb.RouteRequest:
    """A request to route Mina, or whoever has other values."""
    source, _, record_id = name.partition("/")
    record = record_service_pb2.Record(
        name=f"sources/{source}/records/{record_id}", values=given.pop("values", MINA), facts=facts
    )
    if "kind" in given:
        record.kind = given.pop("kind")
    return pb.RouteRequest(record=record, **given)


async def test_a_stranger_becomes_a_lead_and_is_updated_when_they_come_again(api: Api) -> None:
    """The first call inserts under an id of the service's own; the second updates that record."""
    first = await api.intake.Route(asking(), metadata=IMPORTER)
    more = MINA | {"job_title": "Head of Purchasing"}
    second = await api.intake.Route(asking(values=more), metadata=IMPORTER)
    assert (first.action, second.action) == (pb.INTAKE_ACTION_INSERT, pb.INTAKE_ACTION_UPDATE)
    assert first.step == pb.INTAKE_STEP_LEAD
    assert first.record.kind == LEAD
    assert second.record.name == first.record.name
    assert second.record.values["job_title"] == "Head of Purchasing"
    assert [reason.taken for reason in first.reasons] == [False, False, False, True]


async def test_an_order_makes_a_person_account_at_once(api: Api) -> None:
    """Who must be transacted with becomes a provisional person account."""
    answer = await api.intake.Route(asking(must_transact=True), metadata=IMPORTER)
    assert answer.record.kind == ACCOUNT
    assert answer.record.person_account
    assert answer.record.account_state == core_pb2.ACCOUNT_STATE_PROVISIONAL
    assert answer.step == pb.INTAKE_STEP_MUST_TRANSACT


async def test_a_preview_writes_nothing_and_is_open_to_everybody(api: Api) -> None:
    """`validate_only` answers people who may write no record, and leaves no trace."""
    answer = await api.intake.Route(asking(validate_only=True), metadata=by("carla"))
    assert answer.action == pb.INTAKE_ACTION_INSERT
    assert not answer.intake
    assert not answer.record.etag
    listed = await api.intake.ListIntakes(pb.ListIntakesRequest(), metadata=ANN)
    assert not listed.intakes


async def test_a_write_needs_the_right_to_the_source(api: Api) -> None:
    """Support may not insert into the shop's records."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await api.intake.Route(asking(), metadata=by("carla"))
    assert failed.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_repeated_request_happens_once(api: Api) -> None:
    """The same request id gives the same answer, and one intake."""
    request = asking(request_id=str(uuid.uuid4()))
    first = await api.intake.Route(request, metadata=IMPORTER)
    second = await api.intake.Route(request, metadata=IMPORTER)
    assert second == first
    listed = await api.intake.ListIntakes(pb.ListIntakesRequest(), metadata=ANN)
    assert [intake.name for intake in listed.intakes] == [first.intake]


async def test_a_batch_folds_its_own_duplicates_and_names_the_bad_ones(api: Api) -> None:
    """Two of one person in a batch make one record; a bad record is answered with its status."""
    items = [
        pb.RouteItem(record=asking("shop/1").record),
        pb.RouteItem(record=asking("shop/2").record),
        pb.RouteItem(record=asking("shop/3", values={"no_such_field": "x"}).record),
    ]

    async def requests() -> Any:
        yield pb.RouteRecordsRequest(sequence=7, items=items)

    answers = [answer async for answer in api.intake.RouteRecords(requests(), metadata=IMPORTER)]
    [answer] = answers
    assert answer.sequence == 7
    actions = [result.answer.action for result in answer.results[:2]]
    assert actions == [pb.INTAKE_ACTION_INSERT, pb.INTAKE_ACTION_UPDATE]
    assert answer.results[1].answer.record.name == "sources/shop/records/1"
    assert answer.results[2].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


async def test_a_form_is_validated_field_by_field(api: Api) -> None:
    """Findings say which field, which rule and what to write instead."""
    request = pb.ValidateRequest(values={"given_name": "asdf", "email": "not an address"}, kind=LEAD)
    found = await api.intake.Validate(request, metadata=by("carla"))
    rules = {(finding.field, finding.rule) for finding in found.findings}
    assert ("values.given_name", "PLACEHOLDER") in rules
    assert ("values.email", "FORMAT") in rules


async def test_a_value_that_no_record_holds_is_refused_before_any_rule(api: Api) -> None:
    """Validate takes what a record would take, and no more."""
    request = pb.ValidateRequest(values={"no_such_field": "x"})
    found = await refused(api.intake.Validate(request, metadata=ANN))
    assert found.reason == INVALID


async def test_a_lead_is_converted_into_a_contact_of_a_new_account(api: Api) -> None:
    """The contact joins the lead's golden record, and its company becomes a provisional account."""
    values = MINA | {"company_name": "Okonkwo-Reiter Maschinenbau GmbH"}
    lead = (await api.intake.Route(asking(values=values), metadata=IMPORTER)).record
    preview = await api.intake.ConvertLead(
        pb.ConvertLeadRequest(name=lead.name, validate_only=True), metadata=IMPORTER
    )
    done = await api.intake.ConvertLead(pb.ConvertLeadRequest(name=lead.name), metadata=IMPORTER)
    assert preview.action == done.action == pb.CONVERSION_ACTION_NEW_CONTACT
    assert done.target.kind == CONTACT
    assert done.target.golden_record == lead.golden_record
    assert done.target.account == done.account.name
    assert done.new_account
    assert done.account.account_state == core_pb2.ACCOUNT_STATE_PROVISIONAL


async def test_a_lead_that_was_converted_is_not_converted_again(api: Api) -> None:
    """The refusal names the contact that it became."""
    values = MINA | {"company_name": "Okonkwo-Reiter Maschinenbau GmbH"}
    lead = (await api.intake.Route(asking(values=values), metadata=IMPORTER)).record
    done = await api.intake.ConvertLead(pb.ConvertLeadRequest(name=lead.name), metadata=IMPORTER)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await api.intake.ConvertLead(pb.ConvertLeadRequest(name=lead.name), metadata=IMPORTER)
    assert failed.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert done.target.name in (failed.value.details() or "")


async def test_the_revision_token_of_a_conversion_can_be_read_at_once(api: Api) -> None:
    """One that finds its proposal waiting writes nothing, and its token is of what is there."""
    name = "sources/crm/records/l1"
    await api.put(
        record_service_pb2.Record(name="sources/crm/records/c1", kind=CONTACT, values=MINA),
        record_service_pb2.Record(name=name, kind=LEAD, values=MINA),
    )
    for _ in range(2):
        done = await api.intake.ConvertLead(pb.ConvertLeadRequest(name=name), metadata=IMPORTER)
        assert done.action == pb.CONVERSION_ACTION_JOIN
        reading = pb.ListIntakesRequest(min_revision=done.revision)
        await api.intake.ListIntakes(reading, metadata=IMPORTER, timeout=5)


async def test_no_record_is_called_what_asks_for_an_id(api: Api) -> None:
    """Only Route gives an id for `-`: a conversion into that name and a write of it are refused."""
    name = "sources/crm/records/l1"
    await api.put(record_service_pb2.Record(name=name, kind=LEAD, values=MINA))
    dash = "sources/crm/records/-"
    converting = pb.ConvertLeadRequest(name=name, target=dash, person_account=True)
    conversion = await refused(api.intake.ConvertLead(converting, metadata=IMPORTER))
    write = await refused(api.put(record_service_pb2.Record(name=dash, kind=LEAD, values=MINA)))
    assert conversion.reason == write.reason == INVALID
