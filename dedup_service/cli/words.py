"""Texts of the service as a terminal may show them."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

WIDEST_WHO = 48
_ESCAPE_ALIKE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def shown(text: str) -> str:
    """The text with what a terminal would obey, or not show, as marks: escapes, bidi, zero-width.

    A value comes from anybody who filled in a form.
    """
    return "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in _ESCAPE_ALIKE else c for c in text)


def word(message: Message, field: str) -> str:
    """The name of an enum field's value, without the prefix that proto needs; empty when not said."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    assert kind is not None, f"{field} is an enum"
    prefix = kind.values[0].name.removesuffix("UNSPECIFIED")
    number = getattr(message, field)
    value = kind.values_by_number.get(number)
    return ("" if number == 0 else value.name.removeprefix(prefix)) if value else str(number)


def moment(time: Timestamp) -> str:
    """A time in UTC, to the minute; empty when not set."""
    if not time.seconds:
        return ""
    return datetime.fromtimestamp(time.seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def plural(count: int, noun: str) -> str:
    """A count with its noun, whose plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def bits(weight: float) -> str:
    """A weight in bits, always with its sign; never -0.0."""
    return f"{round(weight, 1) + 0.0:+.1f}"


def money(amount: Money) -> str:
    """An amount with its currency; cents only where there are some."""
    cents = amount.nanos // 10_000_000
    return f"{amount.units:,}{f'.{abs(cents):02}' if cents else ''} {shown(amount.currency_code)}"


def amounts(sums: Iterable[Money]) -> str:
    """Sums in several currencies, which are never added up."""
    return " + ".join(money(each) for each in sums)


def record_words(name: str) -> str:
    """A record as people speak of it, "4711 of erp"; any other name as it is."""
    parts = name.split("/", 3)
    return f"{parts[3]} of {parts[1]}" if name.startswith("sources/") and len(parts) > 3 else name


def rule_words(value: Message) -> str:
    """The survivorship rule that decided a value: "most trusted"."""
    return word(value, "rule").lower().replace("_", " ")


def who(values: dict[str, str]) -> str:
    """The values by which a person recognises a record: name, company, e-mail or phone."""
    name = values.get("full_name") or " ".join(
        values[part] for part in ("given_name", "family_name") if values.get(part)
    )
    reach = values.get("email") or values.get("phone") or values.get("mobile_phone") or ""
    parts = [name, values.get("company_name", ""), reach, values.get("city", "") if not reach else ""]
    text = shown(", ".join(part for part in parts if part))
    return text if len(text) <= WIDEST_WHO else f"{text[: WIDEST_WHO - 1]}…"
