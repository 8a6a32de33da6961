"""The lag of the index is that of the oldest revision it does not have."""

from dedup_service.telemetry.index_recorder import HEADS_LIMIT, IndexRecorder


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_lag_is_the_age_of_the_oldest() -> None:
    """Under steady writes the lag is how long the first that is missing has waited, not how long any has."""
    clock = Clock()
    index = IndexRecorder(clock)
    for revision in (1, 2, 3):
        index.head(revision)
        clock.seconds += 1
    assert (index.lag_revisions, index.lag_seconds) == (3, 3.0)
    index.applied(2)
    assert (index.lag_revisions, index.lag_seconds) == (1, 1.0)
    index.applied(3)
    assert (index.lag_revisions, index.lag_seconds) == (0, 0.0)


def test_commits_may_be_told_in_any_order() -> None:
    """A revision told after a later one changes nothing, and neither does one told twice."""
    clock = Clock()
    index = IndexRecorder(clock)
    index.head(5)
    clock.seconds += 2
    index.head(5)
    index.head(4)
    assert (index.lag_revisions, index.lag_seconds) == (5, 2.0)


def test_a_head_that_is_already_applied_is_no_lag() -> None:
    """The index may have a revision before this process hears of it."""
    clock = Clock()
    index = IndexRecorder(clock)
    index.applied(9)
    index.head(7)
    clock.seconds += 60
    assert (index.lag_revisions, index.lag_seconds) == (0, 0.0)


def test_another_history_is_followed() -> None:
    """After the ledger went back the index is behind the revision that it went back to."""
    clock = Clock()
    index = IndexRecorder(clock)
    index.head(49)
    index.applied(49)
    index.head(50)
    clock.seconds += 10
    index.rewound(20)
    clock.seconds += 4
    assert (index.lag_revisions, index.lag_seconds) == (20, 4.0)
    index.applied(20)
    assert (index.lag_revisions, index.lag_seconds) == (0, 0.0)


def test_a_long_backlog_keeps_the_age_of_its_first() -> None:
    """An index that is away for long is as late as its first missing revision, in bounded memory."""
    clock = Clock()
    index = IndexRecorder(clock)
    for revision in range(1, HEADS_LIMIT + 500):
        index.head(revision)
        clock.seconds += 0.001
    clock.seconds = 400.0
    assert index.lag_seconds == 300.0
    assert index.lag_revisions == HEADS_LIMIT + 499
    index.applied(HEADS_LIMIT + 499)
    assert (index.lag_revisions, index.lag_seconds) == (0, 0.0)


def test_a_rebuild_is_counted_by_its_outcome() -> None:
    """A rebuild shows its progress while it runs, and counts once when it ends."""
    index = IndexRecorder()
    index.rebuild_ended(published=False)  # another process had the right to build: none was begun
    index.rebuild_begun(10)
    index.rebuild_loaded(4)
    index.rebuild_loaded(3)
    assert (index.rebuilding, index.rebuild_done, index.rebuild_expected) == (True, 7, 10)
    index.rebuild_ended(published=True)
    index.rebuild_begun(11)
    assert (index.rebuild_done, index.rebuild_expected) == (0, 11)
    index.rebuild_ended(published=False)
    assert (index.rebuilding, index.published_count, index.failed_count) == (False, 1, 1)


def test_a_rebuild_elsewhere_is_seen() -> None:
    """A rebuild by another process is one that runs, until a check finds it over."""
    index = IndexRecorder()
    index.checked(5, 50, rebuilding=True)
    assert (index.record_count, index.key_count, index.rebuilding) == (5, 50, True)
    index.checked(6, 60, rebuilding=False)
    assert (index.record_count, index.key_count, index.rebuilding) == (6, 60, False)
