"""LeadService: unattended leads as they are at the moment of the call, and the study of the dead ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.domain.records import Fact, Owner, RecordDraft
from dedup_service.v1 import change_service_pb2, core_pb2
from dedup_service.v1 import lead_service_pb2 as pb
from dedup_service.v1.lead_service_pb2_grpc import LeadServiceStub
from tests.merge_desk import contact, lead
from tests.rpc.api import ANN, Api, refused

if TYPE_CHECKING:
    # Known to type checkers alone: what a stub on an asyncio channel is.
    from dedup_service.v1.lead_service_pb2_grpc import LeadServiceAsyncStub

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REASON, SOURCE, LEAD_SOURCE, AGE, STEP, MONTH = (
    pb.DEAD_LEAD_DIMENSION_REASON,
    pb.DEAD_LEAD_DIMENSION_SOURCE,
    pb.DEAD_LEAD_DIMENSION_LEAD_SOURCE,
    pb.DEAD_LEAD_DIMENSION_AGE,
    pb.DEAD_LEAD_DIMENSION_STEP,
    pb.DEAD_LEAD_DIMENSION_MONTH,
)
# A time of day that is no border of days or months.
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


def leads_of(api: Api) -> "LeadServiceAsyncStub":
    return LeadServiceStub(api.channel)


def asked(ago: timedelta) -> Fact:
    return Fact("requested", time=NOW - ago)


def owned(
    draft: RecordDraft, principal: str = "users/ann", function: str = "sales", queue: str = ""
) -> RecordDraft:
    return replace(draft, owner=Owner(principal, function, queue))


async def listed(api: Api, said: str = "", **more: object) -> pb.ListUnattendedLeadsResponse:
    request = pb.ListUnattendedLeadsRequest(filter=said, **more)  # type: ignore[arg-type]  # fields by name
    return await leads_of(api).ListUnattendedLeads(request, metadata=ANN)


async def names(api: Api, said: str = "") -> list[str]:
    """The records of the list, without the part that all have in common."""
    answer = await listed(api, said)
    return [each.record.replace("sources/", "").replace("/records", "") for each in answer.unattended_leads]


async def study(
    api: Api, *dimensions: pb.DeadLeadDimension.ValueType, **more: object
) -> pb.StudyDeadLeadsResponse:
    request = pb.StudyDeadLeadsRequest(dimensions=dimensions, **more)  # type: ignore[arg-type]  # fields by name
    return await leads_of(api).StudyDeadLeads(request, metadata=ANN)


def died(
    name: str,
    reason: str = "",
    *,
    step: str = "",
    came_from: str = "",
    after: timedelta = DAY,
    **more: datetime,
) -> RecordDraft:
    """A lead that asked at NOON and was disqualified some time after; `again` is when it asked once more."""
    facts = [Fact("requested", time=more.get("again", NOON)), Fact("disqualified", time=NOON + after)]
    facts += [Fact("disqualified_reason", text=reason)] * bool(reason)
    facts += [Fact("disqualified_step", text=step)] * bool(step)
    values = {"email": f"{name.replace('/', '.')}@lead.example"}
    return lead(name, *facts, **values, **({"lead_source": came_from} if came_from else {}))


def groups(answer: pb.StudyDeadLeadsResponse) -> dict[tuple[str, ...], tuple[int, int]]:
    """DEAD and returned leads by the values of the groups, or by the types of those without one."""
    return {
        tuple(each.value or pb.DeadLeadGroupType.Name(each.type)[21:] for each in row.groups): (
            row.dead_count,
            row.returned_count,
        )
        for row in answer.rows
    }


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


async def test_dead_leads_are_counted_by_reason(api: Api) -> None:
    """Both ways to be dead, those without a reason, and those that came back to life; LIVE leads are none."""
    await api.office.put(
        *(died(f"w{number}", "Wrong number") for number in range(4)),
        *(died(f"b{number}", "No budget") for number in range(3)),
        died("back", "No budget", again=NOON + 9 * DAY),
        *(died(f"n{number}") for number in range(2)),
        lead("mute", full_name="Nemo Nobody"),
        lead("live", asked(DAY)),
    )
    answer = await study(api, REASON, least_count=3)
    assert groups(answer) == {
        ("Wrong number",): (4, 0),
        ("No budget",): (3, 1),
        ("NOT_GIVEN",): (2, 0),
        ("UNREACHABLE",): (1, 0),
    }
    assert (answer.dead_count, answer.unreachable_count, answer.returned_count) == (10, 1, 1)
    assert answer.lead_count == 12
    assert answer.death_rate == pytest.approx(10 / 12)
    assert [row.dead_share for row in answer.rows] == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert not answer.rows[0].HasField("death_rate")
    assert abs(answer.create_time.ToDatetime(UTC) - datetime.now(UTC)) < HOUR


async def test_a_text_counts_however_it_is_cased_and_spaced(api: Api) -> None:
    """The group is shown as most write it."""
    spellings = (
        "Überzeugt  uns nicht",
        "überzeugt uns NICHT ",
        "Überzeugt uns nicht",
        "Überzeugt\tuns nicht",
    )
    await api.office.put(*(died(f"{number}", text) for number, text in enumerate(spellings)))
    assert groups(await study(api, REASON, least_count=3)) == {("Überzeugt uns nicht",): (4, 0)}


async def test_what_few_say_is_not_repeated(api: Api) -> None:
    """Texts of fewer leads than the least count are one group without a text; sources are always shown."""
    await api.office.put(
        *(died(f"w{number}", "Wrong number", step="call", came_from="fair") for number in range(5)),
        *(
            died(f"p{number}", "Ask Dr Ada Quux", step="with Ada", came_from="Ada Quux")
            for number in range(4)
        ),
        died("erp/x", "Bob Quux is away"),
    )
    assert groups(await study(api, REASON)) == {("Wrong number",): (5, 0), ("OTHER",): (5, 0)}
    assert groups(await study(api, STEP))["OTHER",] == (4, 0)
    assert groups(await study(api, LEAD_SOURCE))["OTHER",] == (4, 0)
    assert groups(await study(api, SOURCE)) == {("crm",): (9, 0), ("erp",): (1, 0)}
    assert "Quux" not in str(await study(api, REASON, LEAD_SOURCE, least_count=5))
    assert groups(await study(api, REASON, least_count=4))["Ask Dr Ada Quux",] == (4, 0)
    least = await refused(study(api, REASON, least_count=2))
    assert least.fields == ["least_count"]


async def test_ages_and_months_are_in_their_order(api: Api) -> None:
    """The age runs from the request to the disqualification; months are those of UTC, the earliest first."""
    await api.office.put(
        died("a", "x", after=40 * DAY),
        died("b", "x", after=HOUR),
        died("c", "x", after=6 * DAY),
        died("d", "x", after=7 * DAY),
        # Asked again since: of its first request nothing is known, and the store saw it later than it died.
        died("e", "x", after=DAY, again=NOON + 400 * DAY),
        lead("mute", full_name="Nemo Nobody"),
    )
    ages = await study(api, AGE)
    assert list(groups(ages)) == [
        ("under a day",),
        ("1 to 6 days",),
        ("7 to 29 days",),
        ("30 to 89 days",),
        ("UNREACHABLE",),
        ("NOT_GIVEN",),
    ]
    assert groups(ages)["NOT_GIVEN",] == (0, 1)
    months = groups(await study(api, MONTH))
    assert list(months) == [("2026-05",), ("2026-06",), ("UNREACHABLE",)]
    assert months["2026-05",] == (3, 1)


async def test_two_dimensions_give_a_row_for_each_pair(api: Api) -> None:
    """With a source among them, each row says which share of all leads of that source died so."""
    await api.office.put(
        *(died(f"w{number}", "Wrong number") for number in range(5)),
        *(died(f"desk/w{number}", "Wrong number") for number in range(2)),
        *(lead(f"desk/n{number}") for number in range(6)),
    )
    answer = await study(api, REASON, SOURCE)
    assert groups(answer) == {("Wrong number", "crm"): (5, 0), ("Wrong number", "desk"): (2, 0)}
    assert [(row.lead_count, row.death_rate) for row in answer.rows] == [(5, 1.0), (8, 0.25)]


async def test_lead_sources_have_a_death_rate(api: Api) -> None:
    """Of all leads of a lead source, however it is written; the rare ones together have one as well."""
    await api.office.put(
        *(died(f"w{number}", "x", came_from="Fair ") for number in range(5)),
        *(lead(f"n{number}", email=f"{number}@x.example", lead_source="fair") for number in range(15)),
        died("r", "x", came_from="a friend"),
        lead("s", email="s@x.example", lead_source="another friend"),
    )
    answer = await study(api, LEAD_SOURCE)
    assert groups(answer) == {("Fair",): (5, 0), ("OTHER",): (1, 0)}
    assert [(row.lead_count, row.death_rate) for row in answer.rows] == [(20, 0.25), (2, 0.5)]


async def test_a_source_and_a_span_of_time_narrow_the_study(api: Api) -> None:
    """The span is over the disqualification, its end not included; whom nobody can reach has no such time."""
    await api.office.put(
        died("a", "x"),
        died("b", "x", after=9 * DAY),
        died("desk/c", "x"),
        lead("mute", full_name="Nemo Nobody"),
    )
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(NOON + DAY)
    end.FromDatetime(NOON + 9 * DAY)
    assert groups(await study(api, SOURCE, start_time=start, end_time=end)) == {
        ("crm",): (1, 0),
        ("desk",): (1, 0),
    }
    assert groups(await study(api, SOURCE, end_time=start)) == {}
    only = await study(api, SOURCE, source="sources/crm")
    assert (groups(only), only.lead_count) == ({("crm",): (3, 0)}, 3)
    backwards = await refused(study(api, SOURCE, start_time=end, end_time=start))
    assert backwards.fields == ["end_time"]


@pytest.mark.parametrize("dimensions", [(), (REASON, REASON), (REASON, SOURCE, STEP), (99,)])
async def test_one_or_two_known_dimensions_are_needed(
    api: Api, dimensions: tuple[pb.DeadLeadDimension.ValueType, ...]
) -> None:
    """None, three, one twice or an unknown one are refused."""
    refusal = await refused(study(api, *dimensions))
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields[0].startswith("dimensions")


async def test_erased_and_deleted_leads_are_in_neither(api: Api) -> None:
    """What a source no longer has waits for nobody and is not studied."""
    await api.office.put(lead("a", asked(30 * HOUR)), died("b", "x"), died("c", "x"))
    await api.office.delete("a")
    await api.office.delete("b")
    await api.office.erase("c")
    assert await names(api) == []
    assert (await study(api, REASON)).lead_count == 0
