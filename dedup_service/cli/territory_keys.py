"""Territories and lead scoring as the keys of the policy's file, each with its value in words."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from dedup_service.domain.lead_scoring import LeadScoringPolicy, ScoringRule
from dedup_service.domain.territories import TerritoryException, TerritoryPolicy, TerritoryRule

Keys = Iterator[tuple[str, str]]


def territory_keys(territories: TerritoryPolicy) -> Keys:
    """The keys of `territories`; a rule says which it comes after, as the order decides."""
    yield "territories.general_queue", territories.general_queue
    for team in territories.teams.values():
        at = f"territories.teams.{team.name}"
        yield f"{at}.function", team.function
        yield f"{at}.method", team.method
        yield f"{at}.members", _listed(team.members)
    before = ""
    for exception in territories.exceptions:
        words = f"{exception_words(exception)} -> {exception.target.words}"
        yield f"territories.exceptions.{exception.name}", _entry(words, before)
        before = exception.name
    before = ""
    for rule in territories.rules:
        conditions = [_listed(sorted(rule.countries)) or "all countries", *condition_words(rule)]
        words = f"{'; '.join(conditions)} -> {rule.target.words}"
        yield f"territories.rules.{rule.name}", _entry(words, before)
        before = rule.name


def scoring_keys(scoring: LeadScoringPolicy) -> Keys:
    """The keys of `lead_scoring`, with the currency and the rates that its amounts count in."""
    if scoring.grades:
        for grade, points in zip("ABC", (scoring.grades.a, scoring.grades.b, scoring.grades.c), strict=True):
            yield f"lead_scoring.fit.grades.{grade}", str(points)
    for part, rules in (("fit", scoring.fit), ("interest", scoring.interest)):
        before = ""
        for rule in rules:
            words = f"{rule.points:+d} for {scoring_words(rule)}"
            yield f"lead_scoring.{part}.rules.{rule.name}", _entry(words, before)
            before = rule.name
    if scoring.fit or scoring.interest:
        rates = [f"{name} {_number(rate)}" for name, rate in scoring.exchange_rates.items()]
        yield "lead_scoring (amounts)", _listed([f"in {scoring.currency}", *rates])


def exception_words(exception: TerritoryException) -> str:
    """What an exception names."""
    named = {"accounts": exception.accounts, "companies": exception.companies, "domains": exception.domains}
    return "; ".join(filter(None, (_condition(what, values) for what, values in named.items())))


def condition_words(rule: TerritoryRule) -> list[str]:
    """The conditions of a rule beside its countries."""
    found = [
        "government" if rule.government else "",
        _condition("industries", rule.industries),
        _condition("regions", rule.regions),
        f"postal codes {_listed(codes.written for codes in rule.postal_codes)}" if rule.postal_codes else "",
    ]
    return [each for each in found if each]


def scoring_words(rule: ScoringRule) -> str:
    """What a scoring rule looks at and asks of it."""
    asked = [
        _condition("is one of", rule.equals),
        _condition("holds one of", rule.contains),
        f"at least {_number(rule.at_least)}" if rule.at_least is not None else "",
        f"stated as {str(rule.flag).lower()}" if rule.flag is not None else "",
        f"within {rule.within_days} days" if rule.within_days is not None else "",
    ]
    looked_at = [f"field {rule.field}" if rule.field else "", f"fact {rule.fact}" if rule.fact else ""]
    return " ".join(each for each in (*looked_at, *asked) if each)


def _entry(words: str, before: str) -> str:
    return f"{words}; after {before}" if before else f"{words}; first"


def _condition(what: str, values: Iterable[str]) -> str:
    listed = _listed(sorted(values))
    return f"{what} {listed}" if listed else ""


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
