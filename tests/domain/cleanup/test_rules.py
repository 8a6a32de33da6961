"""The rules of cleanup runs, as tables."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from dedup_service.domain.cleanup.items import FoundGroup, MergesToday, Opinion, WorkItem
from dedup_service.domain.cleanup.jobs import CleanupLimits, Schedule, StopRule
from dedup_service.domain.cleanup.rules import (
    canary_of,
    day_start,
    in_order_of_work,
    is_changed_since,
    limit_reached,
    needs_nobody,
    next_run_time,
    owners_and_sources,
    remaining_seconds,
    stop_reason,
)
from dedup_service.domain.cleanup.runs import SkipReason
from dedup_service.domain.decision import Case, decide
from dedup_service.domain.delegations import Roles
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.records import Owner
from tests.domain.cases import NOW, golden, plan_of
from tests.merge_desk import DIRECTORY, POLICY, contact, lead

LIMITS = CleanupLimits(1000, 4, 2, 3)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (MergesToday(), None),
        (MergesToday(3, {"users/ann": 1}, {"crm": 2}), None),
        (MergesToday(4), SkipReason.DAY_LIMIT),
        (MergesToday(3, {"users/ann": 2}), SkipReason.OWNER_LIMIT),
        (MergesToday(3, {"users/ben": 2}), None),
        (MergesToday(3, {}, {"erp": 3}), SkipReason.SOURCE_LIMIT),
        (MergesToday(4, {"users/ann": 2}, {"crm": 3}), SkipReason.DAY_LIMIT),
    ],
)
def test_a_merge_beyond_a_limit_is_not_made(today: MergesToday, expected: SkipReason | None) -> None:
    """One more than the limit of the day, of an owner or of a source is refused, and the limit named."""
    assert limit_reached(LIMITS, today, ("users/ann",), ("crm", "erp")) is expected


def test_a_merge_counts_for_each_owner_and_source() -> None:
    """A merge of records of two owners and sources counts once in all, and once for each of them."""
    today = MergesToday(1, {"users/ann": 1}, {"crm": 1}).with_merge(
        ("users/ann", "users/ben"), ("crm", "erp")
    )
    assert today == MergesToday(2, {"users/ann": 2, "users/ben": 1}, {"crm": 2, "erp": 1})


def test_limits_of_nought_merge_nothing() -> None:
    """With no merge a day a job only proposes."""
    assert limit_reached(replace(LIMITS, max_merges_per_day=0), MergesToday(), (), ()) is SkipReason.DAY_LIMIT


@pytest.mark.parametrize(
    ("opinion", "stops"),
    [
        (Opinion(), False),
        (Opinion(rejected_count=3, decided_count=9), False),
        (Opinion(rejected_count=2, decided_count=10), False),
        (Opinion(rejected_count=3, decided_count=10), True),
        (Opinion(undone_count=3, merged_count=9), False),
        (Opinion(undone_count=2, merged_count=10), False),
        (Opinion(undone_count=3, merged_count=10), True),
        (Opinion(rejected_count=5, decided_count=10, merged_count=1000), True),
    ],
)
def test_people_who_refuse_too_much_stop_a_run(opinion: Opinion, stops: bool) -> None:
    """More than the share of what was decided, or of what was merged, once there are enough of either."""
    assert bool(stop_reason(StopRule(0.2, 10), opinion)) is stops


@pytest.mark.parametrize(
    ("opinion", "canary_count", "stops"),
    [
        (Opinion(undone_count=1, merged_count=1), 1, True),
        (Opinion(undone_count=1, merged_count=5), 5, False),
        (Opinion(undone_count=2, merged_count=5), 5, True),
        (Opinion(undone_count=0, merged_count=0), 0, False),
        (Opinion(undone_count=9, merged_count=9), 30, False),
        (Opinion(undone_count=3, merged_count=10), 30, True),
        (Opinion(rejected_count=1, decided_count=1, merged_count=1), 1, False),
    ],
)
def test_a_canary_that_was_looked_at_is_enough(opinion: Opinion, canary_count: int, stops: bool) -> None:
    """Its merges say something however few they are, and no more are asked for than the rule does."""
    assert bool(stop_reason(StopRule(0.2, 10), opinion, canary_count)) is stops


def test_the_reason_of_a_stop_says_how_many() -> None:
    """In words that a steward can check."""
    said = stop_reason(StopRule(0.25, 2), Opinion(rejected_count=2, decided_count=3))
    assert said == "2 of 3 proposals of this run that people decided were rejected, more than 25%"


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (None, NOON, None),
        (Schedule(interval=timedelta(hours=6)), NOON, NOON + timedelta(hours=6)),
        (Schedule(daily_time=time(2, 30)), NOON, datetime(2026, 5, 5, 2, 30, tzinfo=UTC)),
        (Schedule(daily_time=time(13)), NOON, datetime(2026, 5, 4, 13, tzinfo=UTC)),
        (Schedule(daily_time=time(12)), NOON, datetime(2026, 5, 5, 12, tzinfo=UTC)),
    ],
)
def test_when_a_job_runs_next(schedule: Schedule | None, after: datetime, expected: datetime | None) -> None:
    """After the interval, or at the next such time of day; never at the moment itself."""
    assert next_run_time(schedule, after) == expected


def test_a_day_is_one_of_utc() -> None:
    """Whatever zone the time is given in."""
    late = datetime.fromisoformat("2026-05-05T01:30:00+03:00")
    assert day_start(late) == datetime(2026, 5, 4, tzinfo=UTC)


def group(*golden_ids: str, chance: float = 0.99, bits: float = 10.0) -> FoundGroup:
    return FoundGroup(golden_ids, bits, chance)


def test_what_is_worth_most_comes_first() -> None:
    """Many duplicates before few, sure before doubtful; the order of the input changes nothing."""
    pair, doubtful, many, surer = (
        group("a", "b"),
        group("c", "d", "e", "f", chance=0.6),
        group("g", "h", "i"),
        group("j", "k", bits=20.0),
    )
    expected = [many, surer, pair, doubtful]
    assert in_order_of_work([pair, doubtful, many, surer]) == expected
    assert in_order_of_work([surer, many, doubtful, pair]) == expected


def items(count: int) -> list[WorkItem]:
    return [WorkItem(number, (f"a{number}", f"b{number}")) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "share", "size"),
    [(0, 0.5, 0), (100, 0.0, 0), (100, 0.05, 5), (10, 0.01, 1), (7, 1.0, 7)],
)
def test_the_canary_is_of_its_share(count: int, share: float, size: int) -> None:
    """Rounded up, so that any share above 0 has an item; in the order of work."""
    drawn = canary_of("run", items(count), share)
    assert len(drawn) == size
    assert [item.item_no for item in drawn] == sorted(item.item_no for item in drawn)


def test_the_canary_is_drawn_by_chance_and_again_the_same() -> None:
    """Not the best items alone: each run draws its own, and the same one whenever it draws."""
    one, again, other = (canary_of(run, items(100), 0.1) for run in ("one", "one", "other"))
    assert one == again
    assert one != other
    assert max(item.item_no for item in one) > 50


def case_of(goldens: list[GoldenRecord], certainty: float) -> Case:
    """The case of merging these, under the policy that ships."""
    return Case(
        plan=plan_of(*goldens, policy=POLICY),
        goldens=tuple(goldens),
        proposer="users/mia",
        policy=POLICY,
        roles=Roles(DIRECTORY, (), NOW),
        now=NOW,
        plan_time=NOW,
        certainty=certainty,
    )


def test_a_name_lead_of_low_impact_needs_nobody() -> None:
    """By the policy that ships; one that is less certain, or a contact, needs people."""
    leads = [golden("a", lead("a")), golden("b", lead("b"))]
    assert needs_nobody(decide(case_of(leads, certainty=0.999), ()))
    assert not needs_nobody(decide(case_of(leads, certainty=0.9), ()))
    contacts = [golden("a", contact("a")), golden("b", contact("b"))]
    assert not needs_nobody(decide(case_of(contacts, certainty=0.999), ()))


def test_whom_a_merge_counts_for() -> None:
    """The people or queues that own its active records, and the sources of these."""
    goldens: list[GoldenRecord] = [
        golden("a", replace(lead("a"), owner=Owner("users/ann", "sales", "inbound"))),
        golden("b", replace(lead("erp/b"), owner=Owner(queue="names"))),
        golden("c", lead("erp/c")),
    ]
    assert owners_and_sources(goldens) == (("names", "users/ann"), ("crm", "erp"))


def test_a_later_write_is_a_change() -> None:
    """Of the golden record, or of a member."""
    known = golden("a", lead("a"))
    assert not is_changed_since(known, 1)
    assert is_changed_since(known, 0)
    assert is_changed_since(replace(known, row=replace(known.row, revision=2)), 1)
    assert is_changed_since(replace(known, members=(replace(known.members[0], revision=2),)), 1)


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "expected"),
    [(0, 10, 5.0, None), (5, None, 5.0, None), (5, 10, 5.0, 5.0), (10, 10, 5.0, 0.0), (11, 10, 5.0, 0.0)],
)
def test_how_much_longer(done: int, total: int | None, elapsed: float, expected: float | None) -> None:
    """At the pace so far; nobody can tell before the first is done."""
    assert remaining_seconds(done, total, elapsed) == expected
