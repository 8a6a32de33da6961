"""Golden records over the wire: redirects, lookups and members."""

import grpc

from dedup_service.v1 import core_pb2
from dedup_service.v1 import golden_record_service_pb2 as pb
from tests.rpc.api import ANN, Api, contact, refused

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
