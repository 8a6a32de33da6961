"""Dates, numbers and sums as a language writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from babel import Locale
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.console.texts.formats import Formats, zone_of

ENGLISH = Formats(Locale("en"), UTC)
RUSSIAN = Formats(Locale("ru"), UTC)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_numbers_have_the_groups_and_marks_of_the_language() -> None:
    """A comma in English, a no-break space and a comma in Russian."""
    assert ENGLISH.number(1234567) == "1,234,567"
    assert RUSSIAN.number(1234567) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"
    assert RUSSIAN.decimal(3.14159, 2) == "3,14"


def test_sums_have_their_currency() -> None:
    """Units and nanos together, to the places of the currency."""
    assert ENGLISH.money(Money(currency_code="EUR", units=1234, nanos=500_000_000)) == "€1,234.50"
    assert ENGLISH.money(Money(currency_code="JPY", units=1234)) == "¥1,234"
    assert "1\N{NO-BREAK SPACE}234,50" in RUSSIAN.money(
        Money(currency_code="EUR", units=1234, nanos=500_000_000)
    )


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0%"), (1.0, "100%"), (0.5, "50.0%"), (0.9998, "99.98%"), (0.0042, "0.42%")],
)
def test_a_share_is_told_from_none_and_all(share: float, said: str) -> None:
    """What is not certain never reads as 100 %."""
    assert ENGLISH.percent(share) == said


def test_near_certainty_is_not_rounded_to_certainty() -> None:
    """A probability of all but one in a million is not 100 %."""
    assert ENGLISH.percent(0.999999) == ">99.99%"
    assert ENGLISH.percent(0.000001) == "<0.01%"


def test_weights_have_a_sign() -> None:
    """Bits for and bits against; a true minus, as wide as the plus."""
    assert ENGLISH.bits(4.25) == "+4.2"
    assert ENGLISH.bits(-4.25) == "\N{MINUS SIGN}4.2"


def test_times_are_of_the_readers_zone() -> None:
    """Noon in UTC is one o'clock in Berlin in November; messages and times are the same."""
    stamp = Timestamp()
    stamp.FromDatetime(NOON)
    berlin = Formats(Locale("en"), zone_of("Europe/Berlin"))
    assert "1:00" in berlin.moment(stamp)
    assert berlin.moment(stamp) == berlin.moment(NOON)


def test_the_day_is_that_of_the_reader() -> None:
    """Late in the evening in UTC it is the next day in Tokyo."""
    late = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert Formats(Locale("en"), zone_of("Asia/Tokyo")).day(late) == "Nov 23, 2026"


def test_how_far_away_is_said_in_words() -> None:
    """Before and after."""
    assert ENGLISH.since(NOON - timedelta(days=3), NOON) == "3 days ago"
    assert ENGLISH.since(NOON + timedelta(hours=2), NOON) == "in 2 hours"


@pytest.mark.parametrize("name", ["", "No/Such", "../../etc/passwd", "\x00", "a" * 5000])
def test_a_zone_that_is_none_is_utc(name: str) -> None:
    """Cookies hold what anybody wrote into them."""
    assert zone_of(name) is UTC
