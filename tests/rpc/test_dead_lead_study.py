"""LeadService: the study of the leads that died."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.domain.records import Fact, RecordDraft
from dedup_service.v1 import lead_service_pb2 as pb
from tests.merge_desk import lead
from tests.rpc.api import ANN, Api, refused

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


async def study(
    api: Api, *dimensions: pb.DeadLeadDimension.ValueType, **more: object
) -> pb.StudyDeadLeadsResponse:
    request = pb.StudyDeadLeadsRequest(dimensions=dimensions, **more)  # type: ignore[arg-type]  # fields by name
    return await api.leads.StudyDeadLeads(request, metadata=ANN)


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


async def test_dead_leads_are_counted_by_reason(api: Api) -> None:
    """Both ways to be dead, those without a reason, and those that came back to life; LIVE leads are none."""
    await api.office.put(
        *(died(f"w{number}", "Wrong number") for number in range(4)),
        *(died(f"b{number}", "No budget") for number in range(3)),
        died("back", "No budget", again=NOON + 9 * DAY),
        *(died(f"n{number}") for number in range(2)),
        lead("mute", full_name="Nemo Nobody"),
        lead("live", Fact("requested", time=NOW - DAY)),
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
    await api.office.put(lead("a", Fact("requested", time=NOW - 30 * HOUR)), died("b", "x"), died("c", "x"))
    await api.office.delete("a")
    await api.office.delete("b")
    await api.office.erase("c")
    unattended = await api.leads.ListUnattendedLeads(pb.ListUnattendedLeadsRequest(), metadata=ANN)
    assert not unattended.unattended_leads
    assert (await study(api, REASON)).lead_count == 0
