"""Ways to learn, or to write, what a policy keeps from somebody, each of them tried."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import Any, TypeVar

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from dedup_service.domain.records import RecordKind
from dedup_service.domain.visibility import Audience, VisibilityPolicy, sight_of
from dedup_service.rpc.sight.tags import Tags
from dedup_service.v1 import (
    change_service_pb2,
    core_pb2,
    golden_record_service_pb2,
    match_service_pb2,
    merge_proposal_pb2,
    merge_proposal_service_pb2,
)
from dedup_service.v1 import record_service_pb2 as pb
from tests.merge_desk import contact
from tests.rpc.api import by, refused
from tests.rpc.sight_calls import holds
from tests.rpc.sight_world import HR_ID, HR_MAIL, NATIONAL_ID, RULES, SALARY, SECRETS, VERA, World

T = TypeVar("T")
ANN, SIGHTED, IMPORTER = by("ann"), by(VERA.name), by("services/importer")
FIRST, SECOND = "sources/crm/records/1", "sources/crm/records/2"
HIDDEN, MISSING = f"sources/hr/records/{HR_ID}", "sources/hr/records/nobody"
MAY_NOT = (grpc.StatusCode.PERMISSION_DENIED, "MISSING_ROLE")
NONE_THERE = (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def reason(call: Awaitable[T]) -> tuple[grpc.StatusCode, str]:
    return (await refused(call)).reason


async def record(world: World, name: str = FIRST, who: Any = ANN) -> pb.Record:
    return await world.api.records.GetRecord(pb.GetRecordRequest(name=name), metadata=who)


def candidate(**values: str) -> match_service_pb2.MatchRequest:
    person = {"given_name": "Bob", "family_name": "Quux"} | values
    return match_service_pb2.MatchRequest(
        candidate=core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values=person),
        min_probability=0.000001,
        explain=True,
    )


async def matches(world: World, request: match_service_pb2.MatchRequest) -> match_service_pb2.MatchResponse:
    answer = await world.api.matches.Match(request, metadata=ANN)
    answer.ClearField("revision")
    return answer


async def test_a_hidden_record_is_as_one_that_is_not_there(world: World) -> None:
    """No call tells whether a hidden record exists."""
    for name in (HIDDEN, MISSING):
        assert await reason(record(world, name)) == NONE_THERE
        lookup = golden_record_service_pb2.LookupGoldenRecordRequest(record=name)
        assert await reason(world.api.golden_records.LookupGoldenRecord(lookup, metadata=ANN)) == NONE_THERE
        match = match_service_pb2.MatchRequest(record=name)
        assert await reason(world.api.matches.Match(match, metadata=ANN)) == NONE_THERE
    told = [(await refused(record(world, name))).status.message for name in (HIDDEN, MISSING)]
    assert told[0].replace(HR_ID, "nobody") == told[1]


async def test_filters_ask_by_no_value(world: World) -> None:
    """A filter over a masked field is refused, and one over a hidden source lists nothing."""
    by_value = pb.ListRecordsRequest(parent="sources/-", filter=f'custom.salary = "{SALARY}"')
    assert (await reason(world.api.records.ListRecords(by_value, metadata=ANN)))[1] == "INVALID_FIELD"
    of_source = pb.ListRecordsRequest(parent="sources/-", filter='source = "hr"')
    listed = await world.api.records.ListRecords(of_source, metadata=ANN)
    assert (len(listed.records), listed.hidden_record_count) == (0, 3)
    of_golden = pb.ListRecordsRequest(
        parent="sources/-", filter=f'golden_record = "{world.goldens["third"]}"'
    )
    listed = await world.api.records.ListRecords(of_golden, metadata=ANN)
    assert [each.name for each in listed.records] == ["sources/crm/records/3"]
    assert listed.hidden_record_count == 1


async def test_orders_are_by_no_value(world: World) -> None:
    """Nothing can be sorted by a masked field, so that no order tells which value is the larger."""
    request = merge_proposal_service_pb2.ListMergeProposalsRequest(order_by="custom.salary")
    found = await reason(world.api.proposals.ListMergeProposals(request, metadata=ANN))
    assert found[1] == "INVALID_FIELD"


async def test_an_identifier_of_a_hidden_record_finds_nothing(world: World) -> None:
    """A number that a hidden record alone carries is answered as one that nobody carries."""

    async def lookup(value: str, who: Any) -> list[str]:
        identifier = golden_record_service_pb2.Identifier(field="tax_id", value=value)
        request = golden_record_service_pb2.LookupGoldenRecordRequest(identifier=identifier)
        answer = await world.api.golden_records.LookupGoldenRecord(request, metadata=who)
        return [each.name for each in answer.golden_records]

    assert await lookup("DE136695976", SIGHTED) == [world.goldens["hr account"]]
    assert await lookup("DE136695976", ANN) == await lookup("DE999999999", ANN) == []
    assert await lookup("DE811128135", ANN) == [world.goldens["account"]]


async def test_a_masked_identifier_is_not_looked_up(world: World) -> None:
    """Whoever may not read customer numbers cannot ask who carries one."""
    rules = replace(RULES, fields={**RULES.fields, "customer_number": Audience(frozenset({"finance"}))})
    office = world.api.office
    office.desk.rules.policy = replace(office.desk.rules.policy, visibility=rules)
    identifier = golden_record_service_pb2.Identifier(field="customer_number", value="C-1")
    request = golden_record_service_pb2.LookupGoldenRecordRequest(identifier=identifier)
    assert await reason(world.api.golden_records.LookupGoldenRecord(request, metadata=ANN)) == MAY_NOT


async def test_a_candidate_guesses_no_masked_value(world: World) -> None:
    """A match, a score or an explanation by a masked field is refused, right guess or wrong."""
    for guess in (NATIONAL_ID, "L01X00T47"):
        assert await reason(matches(world, candidate(national_id=guess))) == MAY_NOT
        side = match_service_pb2.PairSide(candidate=candidate(national_id=guess).candidate)
        pair = match_service_pb2.Pair(left=side, right=match_service_pb2.PairSide(record=FIRST))
        calls: list[Awaitable[Any]] = [
            world.api.matches.Score(match_service_pb2.ScoreRequest(pair=pair), metadata=ANN),
            world.api.matches.BatchScore(match_service_pb2.BatchScoreRequest(pairs=[pair]), metadata=ANN),
            world.api.matches.ExplainMatch(match_service_pb2.ExplainMatchRequest(pair=pair), metadata=ANN),
        ]
        assert [await reason(call) for call in calls] == [MAY_NOT] * 3


async def test_a_candidate_guesses_no_hidden_record(world: World) -> None:
    """The e-mail address of a hidden record is answered as one that nobody has, counts and tokens too."""
    right = await matches(world, candidate(email=HR_MAIL))
    wrong = await matches(world, candidate(email="somebody@else.example"))
    assert [each.record for each in right.matches] == [each.record for each in wrong.matches]
    assert (right.candidate_count, right.next_page_token) == (wrong.candidate_count, wrong.next_page_token)
    assert not holds(right.SerializeToString(), HR_ID)


async def test_no_threshold_narrows_a_masked_weight_down(world: World) -> None:
    """Weights are told in whole bits, and thresholds between two of them are one threshold."""
    answers = []
    for least in (0.5000001, 0.56, 0.62, 0.66):
        request = match_service_pb2.MatchRequest(record=FIRST, min_probability=least)
        answers.append(await matches(world, request))
    assert all(answer == answers[0] for answer in answers)
    bits = [each.score.match_weight_bits for each in answers[0].matches]
    assert bits
    assert all(each == round(each) for each in bits)
    whole = await world.api.matches.Match(match_service_pb2.MatchRequest(record=FIRST), metadata=SIGHTED)
    assert any(each.score.match_weight_bits != round(each.score.match_weight_bits) for each in whole.matches)


async def test_an_explanation_keeps_the_level_and_not_the_evidence(world: World) -> None:
    """Of a masked comparison its level shows; evidence, sentence and key do not."""
    side = match_service_pb2.PairSide
    pair = match_service_pb2.Pair(left=side(record=FIRST), right=side(record=SECOND))
    request = match_service_pb2.ExplainMatchRequest(pair=pair)
    blind = await world.api.matches.ExplainMatch(request, metadata=ANN)
    [step] = [each for each in blind.waterfall if each.comparison == "national_id"]
    assert (step.masked, step.level, step.evidence) == (True, "same", "")
    [email] = [each for each in blind.waterfall if each.comparison == "email"]
    assert email.evidence
    assert not any(each.startswith("national_id:") for each in blind.sentences)
    assert [each.key for each in blind.left_keys if each.masked]
    assert set(blind.shared_keys) <= {each.key for each in blind.left_keys}
    sighted = await world.api.matches.ExplainMatch(request, metadata=SIGHTED)
    assert any(each.startswith("national_id:") for each in sighted.sentences)


async def test_an_echo_blanks_nothing(world: World) -> None:
    """What was read with masks and is written back whole leaves the masked values as they are."""
    seen = await record(world)
    assert "custom.salary" not in seen.values
    assert seen.masked_values["custom.salary"]
    seen.values["city"] = "Berlin"
    for paths in (["*"], ["values"], []):
        write = pb.UpdateRecordRequest(record=seen, update_mask=FieldMask(paths=paths))
        written = await world.api.records.UpdateRecord(write, metadata=ANN)
        assert written.masked_values == seen.masked_values
        seen.etag = written.etag
    batch = pb.IngestRecordsRequest(records=[seen])
    batch.records[0].values["city"] = "Hamburg"
    stream = world.api.records.IngestRecords(_only(batch), metadata=ANN)
    assert [each.written_count async for each in stream] == [1]
    kept = (await record(world, who=SIGHTED)).values
    assert (kept["custom.salary"], kept["national_id"], kept["city"]) == (SALARY, NATIONAL_ID, "Hamburg")


async def test_what_cannot_be_read_cannot_be_written(world: World) -> None:
    """A masked field is neither set nor cleared, by any of the ways to write a record."""
    email = {"email": "bob@quux.com"}
    given = pb.Record(name=FIRST, kind=core_pb2.RECORD_KIND_CONTACT, values={**email, "custom.salary": "1"})
    clear = pb.Record(name=FIRST, kind=core_pb2.RECORD_KIND_CONTACT, values=email)
    writes = [
        pb.UpdateRecordRequest(record=given),
        pb.UpdateRecordRequest(record=clear, update_mask=FieldMask(paths=["values.custom.salary"])),
    ]
    for write in writes:
        assert await reason(world.api.records.UpdateRecord(write, metadata=ANN)) == MAY_NOT
        many = pb.BatchUpdateRecordsRequest(parent="sources/-", requests=[write])
        assert await reason(world.api.records.BatchUpdateRecords(many, metadata=ANN)) == MAY_NOT
    stream = world.api.records.IngestRecords(_only(pb.IngestRecordsRequest(records=[given])), metadata=ANN)
    assert await reason(anext(aiter(stream))) == MAY_NOT
    assert (await record(world, who=SIGHTED)).values["custom.salary"] == SALARY


async def test_nobody_chooses_a_value_that_they_cannot_read(world: World) -> None:
    """A steward's choice writes the golden record: not for a masked field."""
    proposal = merge_proposal_pb2.MergeProposal(
        name=world.proposal.name, etag=world.proposal.etag, field_choices={"custom.salary": SECOND}
    )
    request = merge_proposal_service_pb2.UpdateMergeProposalRequest(merge_proposal=proposal)
    assert await reason(world.api.proposals.UpdateMergeProposal(request, metadata=ANN)) == MAY_NOT


async def test_everybody_votes_on_the_same_plan(world: World) -> None:
    """The plan hash is of the true plan for all: a steward with masked fields decides on what others see."""
    blind = await world.api.shown(world.proposal.name)
    sighted = await world.api.shown(world.proposal.name, VERA.name)
    assert blind.etag == sighted.etag
    assert blind.plan.values["custom.salary"].value.value == ""
    tags = {blind.plan.values["custom.salary"].value.masked_tag}
    tags |= {each.masked_tag for each in blind.plan.values["custom.salary"].losing_values}
    assert len(tags - {""}) == 2
    voted = await world.api.approved(blind, "ann")
    assert voted.state == merge_proposal_pb2.MERGE_PROPOSAL_STATE_APPROVED


async def test_an_answer_of_somebody_else_is_not_replayed(world: World) -> None:
    """The request id of another principal gives nothing; one's own answer shows what one may see now."""
    request_id = str(uuid.uuid4())
    write = pb.UpdateRecordRequest(
        record=pb.Record(name=FIRST, values={"city": "Köln"}),
        update_mask=FieldMask(paths=["values.city"]),
        request_id=request_id,
    )
    answered = await world.api.records.UpdateRecord(write, metadata=SIGHTED)
    assert answered.values["custom.salary"] == SALARY
    other = await world.api.records.UpdateRecord(write, metadata=ANN)
    assert not holds(other.SerializeToString(), SALARY)
    rules = world.api.office.desk.rules
    nobody = VisibilityPolicy(fields=dict.fromkeys(RULES.fields, Audience()))
    rules.policy = replace(rules.policy, visibility=nobody)
    again = await world.api.records.UpdateRecord(write, metadata=SIGHTED)
    assert again.etag == answered.etag
    assert not holds(again.SerializeToString(), SALARY)
    assert again.masked_values["custom.salary"]


async def test_a_page_token_tells_nothing_to_another(world: World) -> None:
    """A token made for a sighted principal names no record, and shows a blind one only what they may see."""
    request = pb.ListRecordsRequest(parent="sources/hr", page_size=1)
    first = await world.api.records.ListRecords(request, metadata=SIGHTED)
    assert [each.name for each in first.records] == [HIDDEN]
    assert not holds(first.next_page_token.encode(), HR_ID)
    request.page_token = first.next_page_token
    second = await world.api.records.ListRecords(request, metadata=ANN)
    assert (len(second.records), second.hidden_record_count) == (0, 1)
    assert not holds(second.SerializeToString(), HR_ID)


async def test_the_change_stream_tells_that_and_not_what(world: World) -> None:
    """Changes are as many and in the same order for all, with tags in the place of values."""
    request = change_service_pb2.ListChangesRequest(page_size=1000)
    blind = await world.api.changes.ListChanges(request, metadata=ANN)
    sighted = await world.api.changes.ListChanges(request, metadata=SIGHTED)
    assert [each.name for each in blind.changes] == [each.name for each in sighted.changes]
    assert not [what for what, secret in SECRETS.items() if holds(blind.SerializeToString(), secret)]
    merged = [each for each in blind.changes if each.type == change_service_pb2.CHANGE_TYPE_MERGED]
    [image] = [each for each in merged[0].after if each.members]
    assert (list(image.members), image.hidden_member_count) == (["sources/crm/records/3"], 1)
    assert not image.values
    assert "email" in image.masked_values


async def test_a_refusal_names_no_hidden_record(world: World) -> None:
    """What changed in a plan is told without the name of the hidden record that was written."""
    office = world.api.office
    await office.put(contact(f"hr/{HR_ID}b", given_name="Bob", family_name="Quux", city="Köln"))
    decision = merge_proposal_service_pb2.ApproveMergeProposalRequest(
        name=world.hidden_proposal.name, etag=world.hidden_proposal.etag
    )
    told = await refused(world.api.proposals.ApproveMergeProposal(decision, metadata=by("carla")))
    assert told.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert not holds(told.status.SerializeToString(), HR_ID)
    assert "a record that you may not read was written" in told.status.message


async def test_hidden_members_are_counted_and_not_shown(world: World) -> None:
    """A steward knows that there are more members, and gets no value that only a hidden one gives."""
    request = golden_record_service_pb2.GetGoldenRecordRequest(name=world.goldens["third"])
    golden = await world.api.golden_records.GetGoldenRecord(request, metadata=ANN)
    assert (list(golden.members), golden.hidden_member_count) == (["sources/crm/records/3"], 1)
    title = golden.values["job_title"]
    assert (title.value, title.record) == ("", "")
    assert title.masked_tag
    assert golden.values["email"].value == "bobby@quux.com"


async def test_a_hidden_kind_is_told_from_the_others_of_its_source(world: World) -> None:
    """Of a source that is hidden in part the other kinds are read as ever."""
    listed = await world.api.records.ListRecords(pb.ListRecordsRequest(parent="sources/desk"), metadata=ANN)
    assert [each.name for each in listed.records] == ["sources/desk/records/c1"]
    assert listed.hidden_record_count == 1
    assert await reason(record(world, "sources/desk/records/zqlead9")) == NONE_THERE
    assert await reason(record(world, "sources/desk/records/nobody")) == NONE_THERE


async def test_a_kind_may_be_for_few_to_write(world: World) -> None:
    """A service account of every source writes no accounts of a source that the policy keeps for others."""
    account = pb.Record(
        name="sources/shop/records/1", kind=core_pb2.RECORD_KIND_ACCOUNT, values={"company_name": "A"}
    )
    write = pb.UpdateRecordRequest(record=account, allow_missing=True)
    assert await reason(world.api.records.UpdateRecord(write, metadata=IMPORTER)) == MAY_NOT
    stream = world.api.records.IngestRecords(
        _only(pb.IngestRecordsRequest(records=[account])), metadata=IMPORTER
    )
    assert await reason(anext(aiter(stream))) == MAY_NOT
    write.record.kind = core_pb2.RECORD_KIND_CONTACT
    assert await world.api.records.UpdateRecord(write, metadata=IMPORTER)


async def test_nobody_sees_nothing() -> None:
    """A principal who is missing or unknown sees no field and no record."""
    sight = sight_of(None, VisibilityPolicy())
    assert not sight.whole
    assert sight.masks("city")
    assert not sight.may_read("crm", RecordKind.LEAD)


@pytest.mark.parametrize("store_id", ["7d0f6a3e-30a4-4bd3-8f3d-0a4c7a9c1b55"])
async def test_a_tag_is_of_one_field_and_one_store(store_id: str) -> None:
    """Tags compare within a field of a store, and a guessed value gives none without the key."""
    tags, other = Tags(store_id), Tags("another")
    assert tags.tag("custom.salary", SALARY) == tags.tag("custom.salary", SALARY)
    assert tags.tag("custom.salary", SALARY) != tags.tag("custom.salary", f"{SALARY}0")
    assert tags.tag("custom.salary", SALARY) != tags.tag("custom.bonus", SALARY)
    assert tags.tag("custom.salary", SALARY) != other.tag("custom.salary", SALARY)
    said = f"custom.salary\0{SALARY}".encode()
    assert tags.tag("custom.salary", SALARY) not in hashlib.sha256(said).hexdigest()


async def _only(batch: pb.IngestRecordsRequest) -> AsyncIterator[pb.IngestRecordsRequest]:
    yield batch
