"""Dates, numbers and sums of money as a language writes them."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

_NANOS = 1_000_000_000
# The least share that two places of a percentage tell from none.
_NEARLY_NONE = 0.0001


@dataclass(frozen=True, slots=True)
class Formats:
    """How one visitor reads them: by their language, in their time zone."""

    locale: Locale
    zone: tzinfo

    def moment(self, value: Timestamp | datetime) -> str:
        """A date with its time of day, such as `22 Nov 2026, 14:05`."""
        return format_datetime(time_of(value), "medium", tzinfo=self.zone, locale=self.locale)

    def day(self, value: Timestamp | datetime) -> str:
        """A date."""
        return format_date(time_of(value).astimezone(self.zone), "medium", locale=self.locale)

    def since(self, value: Timestamp | datetime, now: datetime) -> str:
        """How far away it is in words, such as `3 days ago` or `in 2 hours`."""
        return format_timedelta(time_of(value) - now, add_direction=True, locale=self.locale)

    def span(self, seconds: int) -> str:
        """A length of time in words, such as `3 days`."""
        return format_timedelta(seconds, locale=self.locale)

    def number(self, value: float) -> str:
        """A number with its groups."""
        return format_decimal(value, locale=self.locale)

    def decimal(self, value: float, places: int = 1) -> str:
        """A number with exactly so many decimal places."""
        return format_decimal(value, f"#,##0.{'0' * places}", locale=self.locale)

    def percent(self, share: float) -> str:
        """A share of 0 to 1 in percent. What is not quite none or all never reads so: `>99.99%`."""
        if 0 < share < _NEARLY_NONE:
            return f"<{self._percent(_NEARLY_NONE, 2)}"
        if 1 - _NEARLY_NONE < share < 1:
            return f">{self._percent(1 - _NEARLY_NONE, 2)}"
        places = 0 if share in {0.0, 1.0} else 1 if 0.01 <= share <= 0.99 else 2
        return self._percent(share, places)

    def _percent(self, share: float, places: int) -> str:
        pattern = f"#,##0.{'0' * places}%" if places else "#,##0%"
        return format_percent(share, pattern, locale=self.locale)

    def bits(self, weight: float) -> str:
        """A match weight with its sign, such as `+4.2`."""
        sign = "+" if weight >= 0 else "\N{MINUS SIGN}"
        return f"{sign}{self.decimal(abs(weight))}"

    def money(self, value: Money) -> str:
        """A sum of money with its currency."""
        amount = Decimal(value.units) + Decimal(value.nanos) / _NANOS
        return str(format_currency(amount, value.currency_code or "XXX", locale=self.locale))


def time_of(value: Timestamp | datetime) -> datetime:
    """A moment as an aware time."""
    return value if isinstance(value, datetime) else value.ToDatetime(UTC)


def zone_of(name: str) -> tzinfo:
    """The time zone of a name such as `Europe/Berlin`; UTC where there is none of that name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
