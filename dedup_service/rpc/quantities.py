"""Moments, lengths of time and sums of money, between the API's messages and the domain's values."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.domain.records import Amount, Violation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_300_799
_NANOS = 1_000_000_000
_DAY_SECONDS = 86_400
# Some 10,000 years, either way: what a Duration may be.
_MOST_SECONDS = 315_576_000_000


def timestamp(time: datetime) -> Timestamp:
    """The message of an aware time; exact to the microsecond."""
    since = time - _EPOCH
    return Timestamp(seconds=since.days * _DAY_SECONDS + since.seconds, nanos=since.microseconds * 1000)


def read_time(message: Timestamp, at: str, violations: list[Violation]) -> datetime:
    """The aware time of a message; what is wrong with it goes to `violations`.

    A part of a microsecond is refused rather than dropped: whatever is accepted comes back as it was sent.
    """
    if not (_FIRST_SECOND <= message.seconds <= _LAST_SECOND and 0 <= message.nanos < _NANOS):
        violations.append(Violation(at, "must be a time from 0001-01-01 to 9999-12-31"))
        return _EPOCH
    if message.nanos % 1000:
        violations.append(Violation(at, "is finer than a microsecond; round it to whole microseconds"))
        return _EPOCH
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def duration(length: timedelta) -> Duration:
    """The message of a length of time; exact to the microsecond."""
    message = Duration()
    message.FromTimedelta(length)
    return message


def read_duration(message: Duration, at: str, violations: list[Violation]) -> timedelta:
    """The length of time of a message; what is wrong with it goes to `violations`."""
    seconds, nanos = message.seconds, message.nanos
    if abs(seconds) > _MOST_SECONDS or abs(nanos) >= _NANOS or seconds * nanos < 0:
        violations.append(Violation(at, "must be a length of time that protobuf allows"))
        return timedelta()
    if nanos % 1000:
        violations.append(Violation(at, "is finer than a microsecond; round it to whole microseconds"))
        return timedelta()
    return timedelta(seconds=seconds, microseconds=nanos // 1000)


def money(amount: Amount) -> Money:
    """The message of a sum of money."""
    nanos_in_all = int(amount.units.scaleb(9))
    units, nanos = divmod(abs(nanos_in_all), _NANOS)
    sign = -1 if nanos_in_all < 0 else 1
    return Money(currency_code=amount.currency, units=sign * units, nanos=sign * nanos)


def read_money(message: Money, at: str, violations: list[Violation]) -> Amount:
    """The sum of a message; what is wrong with it goes to `violations`."""
    units, nanos = message.units, message.nanos
    if abs(nanos) >= _NANOS or units * nanos < 0:
        violations.append(Violation(f"{at}.nanos", "must be below 10^9 and have the sign of units"))
        return Amount(message.currency_code, Decimal(units))
    if not nanos:
        return Amount(message.currency_code, Decimal(units))
    # 28 digits at most, which decimal keeps exactly.
    exact = Decimal(units * _NANOS + nanos).scaleb(-9).normalize()
    return Amount(message.currency_code, exact)
