"""The section `lead_scoring` of a policy: grades for who somebody is, a score for what they did (9.4)."""

from collections.abc import Mapping
from decimal import Decimal

from dedup_service.company_files.named_entries import distinct, named_entries
from dedup_service.company_files.places import Place, Section
from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.fields import CUSTOM_FIELD, FIELDS
from dedup_service.domain.lead_scoring import (
    GradeThresholds,
    LeadScoringPolicy,
    ScoringRule,
    value_key,
    words_key,
)
from dedup_service.domain.policy import ImpactPolicy

MAX_RULES = 2000
MAX_POINTS = 1000
MAX_DAYS = 3650
_MAX = Decimal(10**15)

_KEYS = ("points", "field", "equals", "contains", "fact", "at_least", "flag", "within_days")
# What a condition on a fact may ask of each type of fact; any may be asked whether it is there.
_ASKED_OF = {
    "at_least": (FactType.COUNT, FactType.AMOUNT),
    "flag": (FactType.FLAG,),
    "within_days": (FactType.TIME,),
}


def read_lead_scoring(place: Place, impact: ImpactPolicy) -> LeadScoringPolicy:
    """Both parts, with amounts in the currency and at the rates of `impact`; without the section, neither."""
    top = place.section("fit", "interest")
    fit = top.get("fit").section("grades", "rules")
    interest = top.get("interest").section("rules")
    taken: dict[str, int] = {}
    return LeadScoringPolicy(
        fit=_rules(fit["rules"], taken),
        grades=_grades(fit["grades"]),
        interest=_rules(interest["rules"], taken),
        currency=impact.currency,
        exchange_rates=impact.exchange_rates,
    )


def _grades(place: Place) -> GradeThresholds | None:
    if place.absent:
        return None
    grades = place.section("A", "B", "C")
    a, b, c = (
        grades[name].whole(-MAX_POINTS, MAX_POINTS, default=default)
        for name, default in (("A", 2), ("B", 1), ("C", 0))
    )
    if not place.problems and not a > b > c:
        place.wrong("must fall from A to C, such as {A: 50, B: 30, C: 10}")
    return GradeThresholds(a, b, c)


def _rules(place: Place, taken: dict[str, int]) -> tuple[ScoringRule, ...]:
    return tuple(_rule(name, entry) for name, entry in named_entries(place, _KEYS, taken, MAX_RULES, "rules"))


def _rule(name: str, entry: Section) -> ScoringRule:
    field = entry.get("field")
    fact = entry.get("fact")
    if isinstance(entry.place.value, Mapping) and field.absent == fact.absent:
        entry.place.wrong("must look at one field or at one fact")
    given = [key for key in ("equals", "contains", *_ASKED_OF) if not entry.get(key).absent]
    for key in given[1:]:
        entry.get(key).wrong(f"is one condition too many beside {given[0]}: write a rule for each")
    _check_conditions(entry, given, fact.written)
    custom = {field.written: field.written} if CUSTOM_FIELD.fullmatch(field.written) else {}
    return ScoringRule(
        name=name,
        points=entry["points"].whole(-MAX_POINTS, MAX_POINTS, default=0),
        field=field.one_of({each: each for each in FIELDS} | custom, "field", ""),
        fact=fact.one_of({each: each for each in FACTS}, "fact", ""),
        equals=distinct(entry.get("equals"), value_key),
        contains=distinct(entry.get("contains"), words_key),
        at_least=entry.get("at_least").number(
            "must be a number of at least 0", lambda n: 0 <= n <= _MAX, None
        ),
        flag=None if entry.get("flag").absent else entry.get("flag").flag(default=True),
        within_days=None
        if entry.get("within_days").absent
        else entry.get("within_days").whole(1, MAX_DAYS, default=1),
    )


def _check_conditions(entry: Section, given: list[str], fact: str) -> None:
    """A condition must be one that can hold for what the rule looks at."""
    for key in given:
        types = _ASKED_OF.get(key)
        if types is None and entry.get("field").absent:
            entry.get(key).wrong("is asked of a field: name one")
        elif types is not None and entry.get("fact").absent:
            entry.get(key).wrong("is asked of a fact: name one")
        elif types is not None and fact in FACTS and FACTS[fact] not in types:
            asked = " or ".join(types)
            entry.get(key).wrong(f"is asked of a {asked}, and {fact} is a {FACTS[fact]}")
