"""LeadService: unattended leads as they are at the moment of the call."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dedup_service.domain.records import Fact, Owner, RecordDraft
from dedup_service.v1 import change_service_pb2, core_pb2
from dedup_service.v1 import lead_service_pb2 as pb
from tests.merge_desk import contact, lead
from tests.rpc.api import ANN, Api, refused

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def asked(ago: timedelta) -> Fact:
    return Fact("requested", time=NOW - ago)


def owned(
    draft: RecordDraft, principal: str = "users/ann", function: str = "sales", queue: str = ""
) -> RecordDraft:
    return replace(draft, owner=Owner(principal, function, queue))


async def listed(api: Api, said: str = "", **more: object) -> pb.ListUnattendedLeadsResponse:
    request = pb.ListUnattendedLeadsRequest(filter=said, **more)  # type: ignore[arg-type]  # fields by name
    return await api.leads.ListUnattendedLeads(request, metadata=ANN)


async def names(api: Api, said: str = "") -> list[str]:
    """The records of the list, without the part that all have in common."""
    answer = await listed(api, said)
    return [each.record.replace("sources/", "").replace("/records", "") for each in answer.unattended_leads]


async def test_the_longest_unattended_lead_comes_first(api: Api) -> None:
    """LIVE leads past their service level, with who answers for them, why they are LIVE and the two times."""
    await api.office.put(
        owned(lead("short", asked(30 * HOUR)), queue="inbound"),
        lead("long", asked(90 * HOUR)),
        lead("fresh", asked(20 * HOUR)),
        lead("name"),
        contact("c", email="c@x.example"),
    )
    answer = await listed(api)
    assert [each.record.rpartition("/")[2] for each in answer.unattended_leads] == ["long", "short"]
    short = answer.unattended_leads[1]
    assert short.owner == core_pb2.Owner(principal="users/ann", function="sales", queue="inbound")
    assert short.golden_record == f"goldenRecords/{(await api.office.record('short')).golden_id}"
    assert short.lead_class_reason == f"asked on {NOW - 30 * HOUR:%Y-%m-%d}"
    assert short.last_touch_time.ToDatetime(UTC) == NOW - 30 * HOUR
    assert short.due_time.ToDatetime(UTC) == NOW - 6 * HOUR
    assert (short.told, answer.complete) == (False, True)


async def test_the_list_is_true_at_the_moment_of_the_call(api: Api) -> None:
    """No pass is needed: a touch or a death takes a lead off the list in the write that tells it."""
    await api.office.put(lead("a", asked(30 * HOUR)), lead("b", asked(30 * HOUR)))
    assert await names(api) == ["crm/a", "crm/b"]
    await api.office.put(lead("a", asked(30 * HOUR), Fact("last_touched", time=NOW)))
    assert await names(api) == ["crm/b"]
    await api.office.put(lead("b", asked(30 * HOUR), Fact("disqualified", time=NOW)))
    assert await names(api) == []


async def test_a_touch_in_another_source_counts_for_the_person(api: Api) -> None:
    """Of two records of one person it is enough that one was touched; apart again, the other one waits."""
    ids = await api.office.put(
        lead("a", asked(40 * HOUR)), lead("desk/a", asked(30 * HOUR), Fact("last_touched", time=NOW))
    )
    assert await names(api) == ["crm/a"]
    merge = await api.office.merge(*ids)
    assert await names(api) == []
    await api.office.undo(merge)
    assert await names(api) == ["crm/a"]


async def test_a_lead_that_became_history_of_a_contact_waits_for_nobody(api: Api) -> None:
    """Joined to a contact it is no longer worked as a lead, until the merge is undone."""
    contact_id, lead_id = await api.office.put(contact("c", email="c@x.example"), lead("a", asked(40 * HOUR)))
    merge = await api.office.merge(contact_id, lead_id)
    assert await names(api) == []
    await api.office.put(lead("a", asked(40 * HOUR), Fact("last_touched", time=NOW - 39 * HOUR)))
    assert await names(api) == []
    await api.office.undo(merge)
    assert await names(api) == ["crm/a"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('owner = "users/ann"', ["crm/a"]),
        ('owner != "users/ann"', ["desk/b", "crm/c"]),
        ("function = support", ["desk/b"]),
        ("queue = inbound", ["desk/b", "crm/c"]),
        ("queue = inbound AND source = crm", ["crm/c"]),
    ],
)
async def test_filters_narrow_the_list(api: Api, said: str, expected: list[str]) -> None:
    """By owner, function, queue and source, and by several of these."""
    await api.office.put(
        owned(lead("a", asked(50 * HOUR))),
        owned(lead("desk/b", asked(40 * HOUR)), "users/dev", "support", "inbound"),
        owned(lead("c", asked(30 * HOUR)), "", "", "inbound"),
    )
    assert await names(api, said) == expected


async def test_pages_hold_each_lead_once(api: Api) -> None:
    """Page after page, the whole list in its order; a token is for the filter that it was made with."""
    await api.office.put(*(lead(f"{number}", asked((60 - number) * HOUR)) for number in range(7)))
    seen: list[str] = []
    token = ""
    while not seen or token:
        answer = await listed(api, page_size=3, page_token=token)
        seen += [each.record.rpartition("/")[2] for each in answer.unattended_leads]
        token = answer.next_page_token
    assert seen == [f"{number}" for number in range(7)]
    first = await listed(api, page_size=3)
    other = await refused(listed(api, "source = crm", page_size=3, page_token=first.next_page_token))
    assert other.fields == ["page_token"]


async def test_a_told_breach_says_so_and_its_change_has_the_same_times(api: Api) -> None:
    """After the pass `told` is set, and the change LEAD_UNATTENDED is that of the list."""
    await api.office.put(owned(lead("a", asked(30 * HOUR))))
    assert not (await listed(api)).unattended_leads[0].told
    await api.office.desk.attending.run(NOW)
    [entry] = (await listed(api)).unattended_leads
    assert entry.told
    request = change_service_pb2.ListChangesRequest(
        types=[change_service_pb2.CHANGE_TYPE_LEAD_UNATTENDED], kinds=[core_pb2.RECORD_KIND_LEAD]
    )
    [change] = (await api.changes.ListChanges(request, metadata=ANN)).changes
    assert change.record == entry.record
    assert change.lead_unattended == change_service_pb2.LeadUnattended(
        owner=entry.owner, last_touch_time=entry.last_touch_time, due_time=entry.due_time
    )
    assert not change.HasField("lead_class_change")


async def test_a_class_that_changed_by_itself_is_told_with_both_reasons(api: Api) -> None:
    """LEAD_CLASS_CHANGED carries the class before and after; who asks for contacts only does not see it."""
    await api.office.put(lead("a", asked(DAY)))
    await api.office.desk.attending.run(NOW + 180 * DAY)
    wanted = [change_service_pb2.CHANGE_TYPE_LEAD_CLASS_CHANGED]
    request = change_service_pb2.ListChangesRequest(types=wanted)
    [change] = (await api.changes.ListChanges(request, metadata=ANN)).changes
    said = change.lead_class_change
    assert (said.before, said.after) == (core_pb2.LEAD_CLASS_LIVE, core_pb2.LEAD_CLASS_NAME)
    assert (said.before_reason[:5], said.after_reason[-7:]) == ("asked", "dormant")
    request.kinds.append(core_pb2.RECORD_KIND_CONTACT)
    assert not (await api.changes.ListChanges(request, metadata=ANN)).changes
