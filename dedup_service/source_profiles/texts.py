"""Facts and amounts from the texts of an export."""

import re
from decimal import Decimal

from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.records import Amount, Fact
from dedup_service.source_profiles.rules import NO, YES
from dedup_service.source_profiles.times import TimeFormats

_SYMBOLS = re.compile(r"[\s'\u00a0\u202f$€£¥]+")
_NUMBERS = {
    mark: re.compile(rf"-?([0-9]+|[0-9]{{1,3}}(\{other}[0-9]{{3}})+)(\{mark}[0-9]+)?")
    for mark, other in ((".", ","), (",", "."))
}


def number_of(text: str, decimal_mark: str) -> Decimal:
    """A number as people write it: `1,200.50`, or `1.200,50` where the mark is a comma; without its symbol.

    Raises:
        ValueError: it is no number, or one that is written with the other mark.
    """
    plain = _SYMBOLS.sub("", text)
    if not _NUMBERS[decimal_mark].fullmatch(plain):
        raise ValueError(f"is no number with {decimal_mark} before its fraction; --decimal-mark says another")
    other = "," if decimal_mark == "." else "."
    return Decimal(plain.replace(other, "").replace(decimal_mark, "."))


def amount_of(text: str, currency: str, decimal_mark: str) -> Amount:
    """Money; the currency stands behind the number, or is `currency`.

    Raises:
        ValueError: it is no number, or no currency is known.
    """
    number, _, behind = text.strip().rpartition(" ")
    if number and behind.isalpha():
        text, currency = number, behind
    if not currency.strip():
        raise ValueError("has no currency")
    return Amount(currency.strip().upper(), number_of(text, decimal_mark))


def flag_of(text: str) -> bool:
    """Yes or no, in the ways that exports write it.

    Raises:
        ValueError: it says neither.
    """
    said = text.strip().casefold()
    if said not in (*YES, *NO):
        raise ValueError("says neither yes nor no")
    return said in YES


def fact_of(name: str, text: str, currency: str, decimal_mark: str, times: TimeFormats) -> Fact:
    """A fact from its text, by what its name carries.

    Raises:
        ValueError: the text says no such thing.
    """
    carries = FACTS[name]
    if carries is FactType.COUNT:
        number = number_of(text, decimal_mark)
        if number != number.to_integral_value() or number < 0:
            raise ValueError("is no count")
        return Fact(name, count=int(number))
    if carries is FactType.AMOUNT:
        return Fact(name, amount=amount_of(text, currency, decimal_mark))
    if carries is FactType.FLAG:
        return Fact(name, flag=flag_of(text))
    return Fact(name, time=times.read(text)) if carries is FactType.TIME else Fact(name, text=text)
