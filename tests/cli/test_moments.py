"""Days on the command line, and how far away a moment is said to be."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import typer

from dedup_service.cli.moments import beginning, distance, ending

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_day_counts_to_its_last_moment() -> None:
    """Until the 24th is until the 25th begins, and from the 24th is from its first moment, in UTC."""
    assert ending("2026-12-24", "--until") == datetime(2026, 12, 25, tzinfo=UTC)
    assert beginning("2026-12-24", "--from") == datetime(2026, 12, 24, tzinfo=UTC)


@pytest.fixture
def abroad(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process in another zone than UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("abroad")
def test_a_time_is_taken_as_it_stands() -> None:
    """Without a zone it is UTC, wherever the terminal is; with one it is that moment."""
    noon = datetime(2026, 12, 24, 12, tzinfo=UTC)
    assert ending("2026-12-24T12:00", "--until") == noon
    assert ending("2026-12-24T13:00+01:00", "--until") == noon


@pytest.mark.parametrize("text", ["tomorrow", "24.12.2026", "2026-02-30", ""])
def test_what_is_no_day_is_a_usage_error(text: str) -> None:
    """The error shows how a day is written."""
    with pytest.raises(typer.BadParameter, match="2026-12-24"):
        ending(text, "--until")


@pytest.mark.parametrize(
    ("hours", "said"),
    [(72, "in 3 days"), (47, "in 47 hours"), (1, "in 1 hour"), (0.4, "in 24 minutes"), (-50, "2 days ago")],
)
def test_how_far_away_is_said_in_one_unit(hours: float, said: str) -> None:
    """The largest unit that says something, rounded down."""
    assert distance(NOW + timedelta(hours=hours), NOW) == said
