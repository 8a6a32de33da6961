"""Times as exports write them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

UNIX_SECONDS = "unix_seconds"
UNIX_MILLISECONDS = "unix_milliseconds"
_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class TimeFormats:
    """The ways in which a file may write a time beside ISO 8601, in order, and whose clock it means.

    A format is one of ``datetime.strptime``, or `UNIX_SECONDS`, or `UNIX_MILLISECONDS`.
    """

    formats: tuple[str, ...] = ()
    zone: tzinfo = UTC

    def read(self, text: str) -> datetime:
        """The moment of a text; a day is its beginning.

        Raises:
            ValueError: it is written in none of the ways.
        """
        text = " ".join(text.split())
        found = _iso(text)
        for each in self.formats:
            if found is not None:
                break
            found = _formatted(text, each)
        if found is None:
            ways = " or ".join(["as ISO 8601", *self.formats])
            raise ValueError(f"is no time written {ways}; --date-format adds another way")
        return found if found.tzinfo else found.replace(tzinfo=self.zone)

    @property
    def turned(self) -> "TimeFormats":
        """The same with day and month the other way round."""
        exchanged = {"%d": "%m", "%m": "%d"}
        return TimeFormats(
            tuple(re.sub("%[dm]", lambda found: exchanged[found[0]], each) for each in self.formats),
            self.zone,
        )

    def preferring(self, formats: Sequence[str], zone: str) -> "TimeFormats":
        """The same with other formats first and, where one is named, another zone.

        Raises:
            KeyError: no zone has this name.
            ValueError: the name of the zone is none that there could be.
        """
        return TimeFormats((*formats, *self.formats), ZoneInfo(zone) if zone else self.zone)


def _iso(text: str) -> datetime | None:
    # Eight digits are a number, or an id, as often as a day.
    if text.isdecimal():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _formatted(text: str, way: str) -> datetime | None:
    if way in (UNIX_SECONDS, UNIX_MILLISECONDS):
        if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
            return None
        seconds = int(text) / (1000 if way == UNIX_MILLISECONDS else 1)
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            return None
    try:
        return datetime.strptime(text, way)  # noqa: DTZ007  the zone of the file is set by the caller
    except ValueError:
        return None
