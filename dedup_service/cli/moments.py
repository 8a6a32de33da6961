"""Times as people say them: a day on the command line, and how far away a moment is.

A day is a day of UTC. As an end it counts to its last moment, as a beginning from its first.
"""

from datetime import UTC, date, datetime, timedelta

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.cli.words import plural

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def beginning(text: str, option: str) -> datetime:
    """The moment at which a day begins, or the moment itself: 2026-12-24 or 2026-12-24T08:00."""
    return _day(text) or _moment(text, option)


def ending(text: str, option: str) -> datetime:
    """The moment at which a day is over, or the moment itself."""
    day = _day(text)
    return day + _DAY if day else _moment(text, option)


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text}: write a day such as 2026-12-24, or a time such as 2026-12-24T12:00 (UTC)",
            param_hint=option,
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def time_of(stamp: Timestamp) -> datetime:
    return datetime.fromtimestamp(stamp.seconds, UTC)


def stamp_of(time: datetime) -> Timestamp:
    return Timestamp(seconds=int(time.timestamp()))


def span(length: timedelta) -> str:
    """How long that is, in its largest unit that says something: "2 days", "5 hours", "1 minute"."""
    if length >= 2 * _DAY:
        return plural(length // _DAY, "day")
    if length >= _HOUR:
        return plural(length // _HOUR, "hour")
    return plural(max(length // _MINUTE, 1), "minute")


def distance(time: datetime, now: datetime) -> str:
    """Where a moment lies: "in 2 days" or "3 hours ago"."""
    return f"in {span(time - now)}" if time > now else f"{span(now - time)} ago"
