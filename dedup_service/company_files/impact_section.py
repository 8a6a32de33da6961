"""The section `impact` of a policy: from what a merge is of MEDIUM or HIGH impact (domain 6)."""

import re
from decimal import Decimal

from dedup_service.company_files.places import Place, words
from dedup_service.domain.policy import AlwaysHigh, ImpactPolicy, Measure, Threshold
from dedup_service.domain.records import ChildKind

_CURRENCY = re.compile(r"[A-Z]{3}")
_CURRENCY_RULE = "must be three capital letters such as EUR (ISO 4217)"
_MAX = Decimal(10**15)


def read_impact(place: Place) -> ImpactPolicy:
    """The thresholds and what amounts count in."""
    impact = place.section(
        *("currency", "exchange_rates", "thresholds", "children", "always_high"),
        "contacts_of_different_accounts_raise",
    )
    currency = impact["currency"].text(_CURRENCY, _CURRENCY_RULE)
    thresholds = impact["thresholds"].keyed(words(Measure), "measure")
    children = impact.get("children").keyed(words(ChildKind), "kind of child reference")
    raises = impact["contacts_of_different_accounts_raise"]
    return ImpactPolicy(
        currency=currency,
        exchange_rates=_exchange_rates(impact.get("exchange_rates"), currency),
        thresholds={measure: _threshold(each) for measure, each in thresholds.items()},
        children={kind: _threshold(each) for kind, each in children.items()},
        always_high=frozenset(impact["always_high"].choices(words(AlwaysHigh), "case")),
        contacts_of_different_accounts_raise=raises.flag(default=True),
    )


def _exchange_rates(place: Place, currency: str) -> dict[str, Decimal]:
    found = {}
    for name, rate in place.named(_CURRENCY, _CURRENCY_RULE).items():
        if name == currency:
            rate.wrong("is the currency that amounts count in: leave it out")
        found[name] = rate.number("must be a number above 0", lambda n: 0 < n <= _MAX, Decimal(1))
    return found


def _threshold(place: Place) -> Threshold:
    threshold = place.section("medium", "high")
    medium, high = (_least(threshold.get(name)) for name in ("medium", "high"))
    if high is not None and medium is not None and high < medium:
        threshold.get("high").wrong(f"must be at least medium ({medium})")
    if threshold.empty:
        place.wrong("must say medium, high or both: leave the line out for a measure that never counts")
    return Threshold(medium, high)


def _least(place: Place) -> Decimal | None:
    return place.number("must be a number of at least 0", lambda n: 0 <= n <= _MAX, None)
