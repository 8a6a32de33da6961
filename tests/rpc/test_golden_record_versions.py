"""ListGoldenRecordVersions: what a golden record was, and when."""

from datetime import UTC, datetime

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.v1 import change_service_pb2, core_pb2, merge_service_pb2
from dedup_service.v1 import golden_record_service_pb2 as pb
from tests.rpc.api import ANN, Api, contact, refused

CREATED = change_service_pb2.CHANGE_TYPE_RECORD_CREATED
ERASED = change_service_pb2.CHANGE_TYPE_RECORD_ERASED
UPDATED = change_service_pb2.CHANGE_TYPE_RECORD_UPDATED
MERGED = change_service_pb2.CHANGE_TYPE_MERGED
UNDONE = change_service_pb2.CHANGE_TYPE_UNDONE


async def page(api: Api, parent: str, **more: object) -> pb.ListGoldenRecordVersionsResponse:
    request = pb.ListGoldenRecordVersionsRequest(parent=parent, **more)  # type: ignore[arg-type]  # fields by name
    return await api.golden_records.ListGoldenRecordVersions(request, metadata=ANN)


async def versions(api: Api, parent: str, **more: object) -> list[pb.GoldenRecordVersion]:
    return list((await page(api, parent, **more)).golden_record_versions)


async def types(api: Api, parent: str) -> list[int]:
    return [version.change_type for version in await versions(api, parent)]


async def phones(api: Api, parent: str, **more: object) -> list[str]:
    return [version.image.values.get("phone", "") for version in await versions(api, parent, **more)]


async def call(api: Api, number: str, phone: str) -> str:
    """Write a contact with a phone number; the name of its golden record."""
    [record] = await api.put(contact(number, email="bob@quux.example", phone=phone))
    return record.golden_record


async def undone(api: Api, merge: merge_service_pb2.Merge) -> merge_service_pb2.Merge:
    request = merge_service_pb2.UndoMergeRequest(name=merge.name, etag=merge.etag, reason="two people")
    return await api.merges.UndoMerge(request, metadata=ANN)


def at(time: datetime) -> Timestamp:
    return Timestamp(seconds=int(time.timestamp()))


async def test_each_write_makes_a_version(api: Api) -> None:
    """The newest first; each begins when the next older one ends, and the newest still holds."""
    golden = await call(api, "1", "+49 1")
    await call(api, "1", "+49 2")
    newest, oldest = await versions(api, golden)
    assert [each.image.values["phone"] for each in (newest, oldest)] == ["+49 2", "+49 1"]
    assert [each.change_type for each in (newest, oldest)] == [UPDATED, CREATED]
    assert (newest.record, newest.merge, newest.erased) == ("sources/crm/records/1", "", False)
    assert oldest.end_time == newest.start_time
    assert not newest.HasField("end_time")
    listed = await api.changes.ListChanges(change_service_pb2.ListChangesRequest(), metadata=ANN)
    told = {change.name: change for change in listed.changes}
    assert [told[each.change].create_time for each in (newest, oldest)] == [
        newest.start_time,
        oldest.start_time,
    ]


async def test_other_golden_records_are_left_out(api: Api) -> None:
    """A write to one golden record is no version of another."""
    one, other = await call(api, "1", "+49 1"), await call(api, "2", "+49 2")
    assert await phones(api, one) == ["+49 1"]
    assert await phones(api, other) == ["+49 2"]


async def test_the_versions_of_a_name_that_was_merged_away(api: Api) -> None:
    """They are of the name that was asked for: it ends as merged, with its successor and the merge."""
    merge = await api.merged()
    [away] = [name for name in (each.image.name for each in merge.before) if name != merge.survivor]
    last, first = await versions(api, away)
    assert (last.change_type, last.merge, last.image.successor) == (MERGED, merge.name, merge.survivor)
    assert last.image.state == core_pb2.GOLDEN_RECORD_STATE_MERGED
    assert (first.image.name, first.image.state) == (away, core_pb2.GOLDEN_RECORD_STATE_LIVE)
    assert len((await versions(api, merge.survivor))[0].image.members) == 2


async def test_writes_during_a_merge_belong_to_the_survivor(api: Api) -> None:
    """What was written while a record was a member of the survivor is the survivor's, also after the undo."""
    one, two = await call(api, "1", "+49 1"), await call(api, "2", "+49 2")
    merge = await api.merged("sources/crm/records/1", "sources/crm/records/2")
    [away] = {one, two} - {merge.survivor}
    moved = "1" if away == one else "2"
    await call(api, moved, "+49 3")
    await undone(api, merge)
    await call(api, moved, "+49 4")
    assert await types(api, merge.survivor) == [UNDONE, UPDATED, MERGED, CREATED]
    assert await types(api, away) == [UPDATED, UNDONE, MERGED, CREATED]


async def test_pages_go_on(api: Api) -> None:
    """Every version once, whatever the size of the page; and each knows when it ended."""
    golden = await call(api, "1", "+49 0")
    for number in range(1, 5):
        await call(api, "1", f"+49 {number}")
    whole = await versions(api, golden)
    found: list[pb.GoldenRecordVersion] = []
    token = ""
    for _ in range(3):
        answer = await page(api, golden, page_size=2, page_token=token)
        found += answer.golden_record_versions
        token = answer.next_page_token
    assert not token
    assert found == whole
    assert [each.image.values["phone"] for each in found] == [f"+49 {number}" for number in (4, 3, 2, 1, 0)]


async def test_the_version_that_held_at_a_time(api: Api) -> None:
    """From the moment of its write until just before the next one; none before the name was issued."""
    golden = await call(api, "1", "+49 1")
    await call(api, "1", "+49 2")
    newest, oldest = await versions(api, golden)
    just_before = Timestamp()
    just_before.FromMicroseconds(newest.start_time.ToMicroseconds() - 1)
    assert await versions(api, golden, as_of_time=oldest.start_time) == [oldest]
    assert await versions(api, golden, as_of_time=just_before) == [oldest]
    assert await versions(api, golden, as_of_time=newest.start_time) == [newest]
    assert await versions(api, golden, as_of_time=at(datetime(2999, 1, 1, tzinfo=UTC))) == [newest]
    assert await versions(api, golden, as_of_time=at(datetime(2000, 1, 1, tzinfo=UTC))) == []


async def test_erased_versions_say_so(api: Api) -> None:
    """An erasure of a member empties every version that showed it, of each golden record that did."""
    merge = await api.merged()
    await undone(api, merge)
    [away] = [name for name in (each.image.name for each in merge.before) if name != merge.survivor]
    [member] = (await versions(api, away))[0].image.members
    await api.office.erase(member.rpartition("/")[2])
    gone = await versions(api, away)
    assert [each.erased for each in gone] == [False, True, True, True]
    assert gone[0].image.state == core_pb2.GOLDEN_RECORD_STATE_ERASED
    assert [each.HasField("image") for each in gone] == [True, False, False, False]
    assert [each.change_type for each in gone[1:]] == [UNDONE, MERGED, CREATED]
    kept = await versions(api, merge.survivor)
    assert [(each.change_type, each.erased) for each in kept] == [
        (ERASED, False),
        (UNDONE, True),
        (MERGED, True),
        (CREATED, False),
    ]


async def test_a_name_never_issued_is_not_found(api: Api) -> None:
    """As with every read of a golden record."""
    refusal = await refused(page(api, "goldenRecords/none"))
    assert refusal.code is grpc.StatusCode.NOT_FOUND


async def test_a_time_finer_than_it_is_kept_is_refused(api: Api) -> None:
    """With the field that says it."""
    golden = await call(api, "1", "+49 1")
    refusal = await refused(page(api, golden, as_of_time=Timestamp(nanos=1)))
    assert refusal.fields == ["as_of_time"]
