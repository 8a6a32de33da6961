"""Survivorship: which value of which member a golden record shows, field by field, with its provenance.

A pure function of members, rules and choices: the order of the members changes nothing. Every rule ranks the
members; ties go to the rules after it in `_TIE_BREAKERS`, and at last to the smallest member id.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scoring.errors import SurvivorshipError

CHOICE = "CHOICE"
"""The rule of a value that a steward chose."""


class Rule(StrEnum):
    """How the surviving value of a field is found."""

    MOST_TRUSTED = "MOST_TRUSTED"
    MOST_RECENT = "MOST_RECENT"
    MOST_COMPLETE = "MOST_COMPLETE"
    MOST_FREQUENT = "MOST_FREQUENT"


@dataclass(frozen=True, slots=True)
class MemberValues:
    """The values of one member; higher `trust` wins, `update_time` is aware UTC. Empty values count as
    missing.
    """

    member_id: str
    values: Mapping[str, str]
    trust: int
    update_time: datetime


@dataclass(frozen=True, slots=True)
class SurvivingValue:
    """A value with the member it comes from and the rule that chose it, or CHOICE."""

    value: str
    member_id: str
    rule: str


def survive(
    members: Sequence[MemberValues],
    rules: Mapping[str, Rule],
    groups: Mapping[str, str],
    choices: Mapping[str, str],
    default_rule: Rule,
) -> dict[str, SurvivingValue]:
    """The surviving values, keys sorted.

    `rules` are by field or group, `groups` name each field's group, `choices` give the member that a steward
    chose
    for a field or a group. Fields of one group come from one member together; a field that this member lacks
    stays
    absent. A choice of a member that has no value of the field or group falls back to the rule; a choice for
    a
    single field of a group is made before the group's. Raises SurvivorshipError for two members of one id.
    """
    by_id = {member.member_id: member for member in members}
    if len(by_id) != len(members):
        raise SurvivorshipError("members", "two members have the same id")
    ordered = [by_id[member_id] for member_id in sorted(by_id)]
    survivors: dict[str, SurvivingValue] = {}
    for unit, fields in _units(ordered, groups).items():
        rule = rules.get(unit) or (rules.get(fields[0]) if len(fields) == 1 else None) or default_rule
        chosen = by_id.get(choices.get(unit, ""))
        if chosen is not None and _present(chosen, fields):
            source, reason = chosen, CHOICE
        else:
            source, reason = _best(ordered, fields, rule), str(rule)
        for field in _present(source, fields):
            survivors[field] = SurvivingValue(source.values[field], source.member_id, reason)
        survivors.update(_chosen_fields(by_id, unit, fields, choices))
    return dict(sorted(survivors.items()))


def _units(members: Sequence[MemberValues], groups: Mapping[str, str]) -> dict[str, list[str]]:
    """The fields that have a value somewhere, by what survives together, in a fixed order."""
    fields = sorted({field for member in members for field, value in member.values.items() if value.strip()})
    units: dict[str, list[str]] = {}
    for field in fields:
        units.setdefault(groups.get(field) or field, []).append(field)
    return dict(sorted(units.items()))


def _present(member: MemberValues, fields: Sequence[str]) -> list[str]:
    return [field for field in fields if member.values.get(field, "").strip()]


def _chosen_fields(
    by_id: Mapping[str, MemberValues], unit: str, fields: Sequence[str], choices: Mapping[str, str]
) -> dict[str, SurvivingValue]:
    chosen: dict[str, SurvivingValue] = {}
    for field in fields:
        member = by_id.get(choices.get(field, "")) if field != unit else None
        if member is not None and _present(member, [field]):
            chosen[field] = SurvivingValue(member.values[field], member.member_id, CHOICE)
    return chosen


_TIE_BREAKERS = (Rule.MOST_TRUSTED, Rule.MOST_RECENT, Rule.MOST_COMPLETE, Rule.MOST_FREQUENT)


def _best(members: Sequence[MemberValues], fields: Sequence[str], rule: Rule) -> MemberValues:
    """The member that the rule puts first; `members` are in the order of their ids, so `max` keeps the
    smallest.
    """
    holders = [member for member in members if _present(member, fields)]
    counts = Counter(_spelling(member, fields) for member in holders)
    order = (rule, *(other for other in _TIE_BREAKERS if other is not rule))

    def rank(member: MemberValues) -> tuple[float, ...]:
        return tuple(_measure(member, fields, each, counts) for each in order)

    return max(holders, key=rank)


def _measure(
    member: MemberValues, fields: Sequence[str], rule: Rule, counts: Mapping[tuple[str, ...], int]
) -> float:
    if rule is Rule.MOST_TRUSTED:
        return member.trust
    if rule is Rule.MOST_RECENT:
        return member.update_time.timestamp()
    if rule is Rule.MOST_FREQUENT:
        return counts[_spelling(member, fields)]
    present = _present(member, fields)
    # More fields first; between equally many, the longer text, which is the less abbreviated one.
    return len(present) * 100_000 + sum(len(member.values[field].strip()) for field in present)


def _spelling(member: MemberValues, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(member.values.get(field, "").casefold().split()) for field in fields)
