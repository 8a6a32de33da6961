"""Golden records over the wire: redirects, lookups, members, and accounts that finance confirms."""

import uuid
from typing import Any

import grpc
import pytest

from dedup_service.v1 import core_pb2
from dedup_service.v1 import golden_record_service_pb2 as pb
from tests.rpc.api import ANN, Api, account, by, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_any_name_ever_issued_leads_to_the_one_that_stands(api: Api) -> None:
    """After a merge the name merged away answers with the survivor, its values and where they come from."""
    merge = await api.merged()
    [gone] = [m.golden_record for m in merge.merged_golden_records]
    got = await api.golden_records.GetGoldenRecord(pb.GetGoldenRecordRequest(name=gone), metadata=ANN)
    assert got.name == merge.survivor
    assert list(got.redirect_chain) == [gone]
    assert got.members == ["sources/crm/records/1", "sources/crm/records/2"]
    assert got.values["family_name"].value == "Quux"
    assert got.values["family_name"].record in got.members
    assert got.values["family_name"].rule
    assert {stake.function for stake in got.stakes} == {"sales"}
    both = await api.golden_records.BatchGetGoldenRecords(
        pb.BatchGetGoldenRecordsRequest(names=[merge.survivor, gone, gone]), metadata=ANN
    )
    assert [g.name for g in both.golden_records] == [merge.survivor] * 3
    assert [list(g.redirect_chain) for g in both.golden_records] == [[], [gone], [gone]]
    assert both.golden_records[1] == got


async def test_the_list_shows_what_was_merged_away(api: Api) -> None:
    """A list follows no redirects: it has the survivor and the golden record that redirects to it."""
    merge = await api.merged()
    request = pb.ListGoldenRecordsRequest(filter="state = MERGED")
    [gone] = (await api.golden_records.ListGoldenRecords(request, metadata=ANN)).golden_records
    assert (gone.successor, gone.merge) == (merge.survivor, merge.name)
    assert gone.state == core_pb2.GOLDEN_RECORD_STATE_MERGED
    assert not gone.values
    pages = [
        await api.golden_records.ListGoldenRecords(pb.ListGoldenRecordsRequest(page_size=1), metadata=ANN)
    ]
    pages.append(
        await api.golden_records.ListGoldenRecords(
            pb.ListGoldenRecordsRequest(page_size=1, page_token=pages[0].next_page_token), metadata=ANN
        )
    )
    names = [g.name for page in pages for g in page.golden_records]
    assert names == sorted([gone.name, merge.survivor])
    assert not pages[1].next_page_token


async def test_a_batch_is_all_or_an_error(api: Api) -> None:
    """One name that was never issued fails the batch and is named; so does one that is no name."""
    [record] = await api.put(contact("1"))
    request = pb.BatchGetGoldenRecordsRequest(names=[record.golden_record, "goldenRecords/nobody"])
    refusal = await refused(api.golden_records.BatchGetGoldenRecords(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.info.metadata["resource"] == "goldenRecords/nobody"
    for names, field in (([], "names"), (["goldenRecords/a", "x"], "names[1]"), (["a"] * 1001, "names")):
        request = pb.BatchGetGoldenRecordsRequest(names=names)
        refusal = await refused(api.golden_records.BatchGetGoldenRecords(request, metadata=ANN))
        assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_lookup_by_record_and_by_identifier(api: Api) -> None:
    """A record leads to its golden record; an identifier to every one whose active member carries it."""
    one, two = await api.put(contact("1", tax_id="DE 1"), contact("2", tax_id="DE 1"))
    by_record = pb.LookupGoldenRecordRequest(record=one.name)
    found = await api.golden_records.LookupGoldenRecord(by_record, metadata=ANN)
    assert [g.name for g in found.golden_records] == [one.golden_record]
    by_id = pb.LookupGoldenRecordRequest(identifier=pb.Identifier(field="tax_id", value="DE 1"))
    found = await api.golden_records.LookupGoldenRecord(by_id, metadata=ANN)
    assert [g.name for g in found.golden_records] == sorted([one.golden_record, two.golden_record])
    assert not found.truncated


async def test_an_identifier_of_more_than_a_hundred_identifies_nothing(api: Api) -> None:
    """The answer holds 100 golden records and says that there are more."""
    drafts = [contact(str(n), tax_id="000") for n in range(101)]
    for draft in drafts:
        await api.put(draft)
    by_id = pb.LookupGoldenRecordRequest(identifier=pb.Identifier(field="tax_id", value="000"))
    found = await api.golden_records.LookupGoldenRecord(by_id, metadata=ANN)
    assert (len(found.golden_records), found.truncated) == (100, True)


async def test_a_lookup_that_cannot_be_read_is_refused(api: Api) -> None:
    """Nothing to look for, a field without an index, or a value that no record can hold."""
    for request, field in (
        (pb.LookupGoldenRecordRequest(), "key"),
        (
            pb.LookupGoldenRecordRequest(identifier=pb.Identifier(field="email", value="x")),
            "identifier.field",
        ),
        (
            pb.LookupGoldenRecordRequest(identifier=pb.Identifier(field="tax_id", value="\0")),
            "identifier.value",
        ),
        (pb.LookupGoldenRecordRequest(record="x"), "record"),
    ):
        refusal = await refused(api.golden_records.LookupGoldenRecord(request, metadata=ANN))
        assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_members_come_page_by_page_through_a_redirect(api: Api) -> None:
    """The members of the golden record that a name leads to, in order of name."""
    merge = await api.merged()
    request = pb.ListMembersRequest(parent=merge.merged_golden_records[0].golden_record, page_size=1)
    first = await api.golden_records.ListMembers(request, metadata=ANN)
    request.page_token = first.next_page_token
    second = await api.golden_records.ListMembers(request, metadata=ANN)
    names = [r.name for page in (first, second) for r in page.records]
    assert names == ["sources/crm/records/1", "sources/crm/records/2"]
    assert not second.next_page_token


async def provisional(api: Api, name: str = "shop/1") -> pb.GoldenRecord:
    """The golden record of a new account that the books do not know."""
    [record] = await api.put(account(name, company_name="Quux GmbH"))
    request = pb.GetGoldenRecordRequest(name=record.golden_record)
    return await api.golden_records.GetGoldenRecord(request, metadata=ANN)


def confirming(golden: pb.GoldenRecord, **more: Any) -> pb.ConfirmAccountRequest:
    """A request to confirm it as number C-1 of the books, with these fields instead."""
    fields = {
        "name": golden.name,
        "etag": golden.etag,
        "record": "sources/erp/records/4711",
        "customer_number": "C-1",
    }
    return pb.ConfirmAccountRequest(**(fields | more))


async def by_account_state(api: Api, state: str) -> list[str]:
    request = pb.ListGoldenRecordsRequest(filter=f"account_state = {state}")
    listed = await api.golden_records.ListGoldenRecords(request, metadata=ANN)
    return [golden.name for golden in listed.golden_records]


async def test_finance_confirms_a_provisional_account(api: Api) -> None:
    """It gets the customer master's record as a member and is mastered, in the lists too."""
    golden = await provisional(api)
    await api.put(contact("1"))
    assert golden.account_state == core_pb2.ACCOUNT_STATE_PROVISIONAL
    assert (await by_account_state(api, "PROVISIONAL"), await by_account_state(api, "MASTERED")) == (
        [golden.name],
        [],
    )
    confirmed = await api.golden_records.ConfirmAccount(confirming(golden), metadata=by("fiona"))
    assert (confirmed.name, confirmed.account_state) == (golden.name, core_pb2.ACCOUNT_STATE_MASTERED)
    assert confirmed.members == ["sources/erp/records/4711", "sources/shop/records/1"]
    assert confirmed.values["customer_number"].value == "C-1"
    assert confirmed.etag != golden.etag
    assert (await by_account_state(api, "PROVISIONAL"), await by_account_state(api, "MASTERED")) == (
        [],
        [golden.name],
    )


async def test_only_finance_confirms(api: Api) -> None:
    """Somebody else is told who may, and the account stays as it is."""
    golden = await provisional(api)
    refusal = await refused(api.golden_records.ConfirmAccount(confirming(golden), metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.PERMISSION_DENIED, "MISSING_ROLE")
    assert refusal.info.metadata["functions"] == "finance"
    assert await by_account_state(api, "PROVISIONAL") == [golden.name]


async def test_a_repeated_confirmation_is_one(api: Api) -> None:
    """The same request id answers with the account; without it, the account is no longer as it was seen."""
    golden = await provisional(api)
    request = confirming(golden, request_id=str(uuid.uuid4()))
    first = await api.golden_records.ConfirmAccount(request, metadata=by("fiona"))
    assert await api.golden_records.ConfirmAccount(request, metadata=by("fiona")) == first
    refusal = await refused(api.golden_records.ConfirmAccount(confirming(golden), metadata=by("fiona")))
    assert refusal.reason == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_NOT_ALLOWED")
    assert refusal.info.metadata["state"] == "MASTERED"


async def test_an_account_is_confirmed_as_it_was_seen(api: Api) -> None:
    """Written since, it is refused with the version that it has now."""
    golden = await provisional(api)
    await api.put(account("shop/1", company_name="Quux AG"))
    refusal = await refused(api.golden_records.ConfirmAccount(confirming(golden), metadata=by("fiona")))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert refusal.info.metadata["current_etag"] not in {"", golden.etag}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": "x"}, ["name"]),
        ({"etag": ""}, ["etag"]),
        ({"record": ""}, ["record"]),
        ({"record": "sources/crm/records/1"}, ["record"]),
        ({"customer_number": " "}, ["customer_number"]),
        ({"customer_number": "\0"}, ["customer_number"]),
        ({"customer_number": "1" * 4097}, ["customer_number"]),
    ],
)
async def test_a_confirmation_that_cannot_be_read_is_refused(
    api: Api, given: dict[str, str], fields: list[str]
) -> None:
    """Each field by its path in the request, also the source that is not the customer master's."""
    request = confirming(await provisional(api), **given)
    refusal = await refused(api.golden_records.ConfirmAccount(request, metadata=by("fiona")))
    assert (refusal.reason, refusal.fields) == (INVALID, fields)


async def test_an_account_never_made_is_not_found(api: Api) -> None:
    """A well-formed name that was never issued."""
    request = confirming(pb.GoldenRecord(name="goldenRecords/none", etag='"1"'))
    refusal = await refused(api.golden_records.ConfirmAccount(request, metadata=by("fiona")))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
