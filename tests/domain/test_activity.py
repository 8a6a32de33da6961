"""What happened day by day, added up."""

from datetime import date, timedelta

import pytest

from dedup_service.domain.activity import (
    CALIBRATION_BOUNDS,
    ActivityCounts,
    CalibrationBin,
    CalibrationStudy,
    Event,
    FunctionQueue,
    all_queues,
    calibration_bin,
    days_of_activity,
)

MAY = date(2026, 5, 1)
DAY = timedelta(days=1)


def counts(open_count: int, **days: dict[int, int]) -> ActivityCounts:
    """Events by kind, and by days since the first of May."""
    events = {
        (Event[kind.upper()], MAY + number * DAY): count
        for kind, found in days.items()
        for number, count in found.items()
    }
    return ActivityCounts(events, open_count)


def test_no_day_is_left_out() -> None:
    """A day on which nothing happened has a row of its own."""
    days = days_of_activity(MAY, MAY + 3 * DAY, counts(2, found={1: 2}))
    assert [each.day for each in days] == [MAY, MAY + DAY, MAY + 2 * DAY, MAY + 3 * DAY]
    assert [each.found_count for each in days] == [0, 2, 0, 0]


def test_what_waits_is_counted_back_from_now() -> None:
    """Each way of ending takes from what waits, an undone merge does not."""
    days = days_of_activity(
        MAY,
        MAY + 4 * DAY,
        counts(10, found={1: 7}, merged={2: 1}, rejected={2: 2}, lapsed={3: 3}, undone={2: 5, 4: 5}),
    )
    assert [each.waiting_count for each in days] == [9, 16, 13, 10, 10]
    assert (days[2].merged_count, days[2].rejected_count, days[2].undone_count) == (1, 2, 5)


def test_what_came_after_the_span_is_taken_off() -> None:
    """The last day of a span that ended long ago shows what waited then."""
    days = days_of_activity(MAY, MAY + DAY, counts(10, found={5: 4}, merged={6: 1}))
    assert [each.waiting_count for each in days] == [7, 7]
    assert sum(each.found_count for each in days) == 0


def test_every_function_has_a_queue() -> None:
    """In order of name, also when nothing waits for it; nothing else has one."""
    sales = FunctionQueue("sales", (1, 0, 0, 2))
    queues = all_queues([sales, FunctionQueue("gone", (1, 0, 0, 0))], {"sales", "finance"})
    assert queues == (FunctionQueue("finance"), sales)
    assert [queue.waiting_count for queue in queues] == [0, 3]


def test_bins_lie_side_by_side() -> None:
    """From 0 to 1 without a gap."""
    bins = [calibration_bin(place) for place in range(len(CALIBRATION_BOUNDS) + 1)]
    assert (bins[0].lowest_probability, bins[-1].highest_probability) == (0.0, 1.0)
    assert [each.highest_probability for each in bins[:-1]] == [each.lowest_probability for each in bins[1:]]


@pytest.mark.parametrize(("rejected", "undone", "agreed"), [(0, 0, 9), (2, 0, 7), (0, 3, 6), (4, 5, 0)])
def test_refused_and_undone_are_disagreements(rejected: int, undone: int, agreed: int) -> None:
    """Whatever is left of what people decided, they agreed to; in all, with what has no probability."""
    one = CalibrationBin(0.9, 1.0, 0.95, 9, rejected, undone)
    assert one.agreed_count == agreed
    study = CalibrationStudy((one,), CalibrationBin(0.0, 1.0, None, 2, 1))
    assert (study.decided_count, study.agreed_count) == (11, agreed + 1)
