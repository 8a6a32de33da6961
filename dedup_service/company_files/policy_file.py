"""The policy file: its sections, and those that are short enough to be read here."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from dedup_service.company_files.approval_section import read_approval, read_vetoes
from dedup_service.company_files.data_entry_section import read_data_entry
from dedup_service.company_files.impact_section import read_impact
from dedup_service.company_files.intake_section import read_intake
from dedup_service.company_files.lead_scoring_section import read_lead_scoring
from dedup_service.company_files.places import Place, words
from dedup_service.company_files.problems import CompanyFileError
from dedup_service.company_files.stakes_section import read_stakes
from dedup_service.company_files.territories_section import read_territories
from dedup_service.company_files.texts import file_text, place_of
from dedup_service.company_files.visibility_section import read_visibility
from dedup_service.company_files.yaml_places import read_places
from dedup_service.domain.fields import CUSTOM_FIELD, FIELDS, group_of
from dedup_service.domain.policy import Periods, Policy, SourcePolicy
from dedup_service.domain.records import SOURCE_PATTERN
from scoring import Rule

SHIPPED_POLICY = "policy.yaml"
MAX_POLICY_BYTES = 256 * 1024
MAX_FUNCTIONS = 100
MAX_WORKING_DAYS = 250
MAX_DORMANT_DAYS = 3650
SERVICE_LEVEL_HOURS = 24
MAX_SERVICE_LEVEL_HOURS = 8760
MAX_DELEGATION_DAYS = 366

# Part of a resource name, `policyVersions/{version}`.
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_VERSION_RULE = "must be 1 to 63 letters, digits, dots, - and _, beginning with a letter or digit"
_NAME_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def policy_text(path: Path | None) -> str:
    """The text of a policy file, or of the shipped one, as it stands.

    Raises:
        CompanyFileError: it cannot be read.
    """
    return file_text(path, SHIPPED_POLICY, MAX_POLICY_BYTES)


def load_policy(path: Path | None) -> Policy:
    """The policy of a file, or the shipped one.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    return parse_policy(policy_text(path), place_of(path, SHIPPED_POLICY))


def parse_policy(text: str, where: str = SHIPPED_POLICY) -> Policy:
    """The policy of a text; `where` is what problems call it.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    root = read_places(text, where, MAX_POLICY_BYTES)
    policy = _policy(root)
    if root.problems:
        raise CompanyFileError(where, root.problems)
    return policy


def _policy(root: Place) -> Policy:
    top = root.section(
        *("version", "functions", "master_function", "policy_function", "sources", "other_sources", "stakes"),
        *("impact", "approval", "vetoes", "periods", "leads", "survivorship", "territories", "lead_scoring"),
        *("data_entry", "intake", "visibility"),
    )
    functions = _functions(top["functions"])
    survivorship = top["survivorship"].section("default", "rules")
    impact = read_impact(top["impact"])
    leads = top["leads"].section("dormant_days", "service_level_hours")
    days = leads["dormant_days"].whole(1, MAX_DORMANT_DAYS, default=1)
    hours = leads.get("service_level_hours").whole(1, MAX_SERVICE_LEVEL_HOURS, default=SERVICE_LEVEL_HOURS)
    return Policy(
        version=top["version"].text(_VERSION, _VERSION_RULE),
        functions=frozenset(functions),
        master_function=top["master_function"].one_of(functions, "function", ""),
        policy_function=top["policy_function"].one_of(functions, "function", ""),
        sources={
            name: _source(place, functions)
            for name, place in top["sources"].named(SOURCE_PATTERN, _NAME_RULE).items()
        },
        other_sources=_source(top["other_sources"], functions),
        stakes=read_stakes(top["stakes"], functions),
        impact=impact,
        approval=read_approval(top["approval"], functions),
        vetoes=read_vetoes(top["vetoes"], functions),
        periods=_periods(top["periods"]),
        survivorship=_survivorship(survivorship.get("rules")),
        default_survivorship=survivorship["default"].one_of(words(Rule), "rule", Rule.MOST_TRUSTED),
        territories=read_territories(top.get("territories"), functions),
        lead_scoring=read_lead_scoring(top.get("lead_scoring"), impact),
        data_entry=read_data_entry(top.get("data_entry"), top["sources"].names()),
        intake=read_intake(top.get("intake"), functions),
        visibility=read_visibility(top.get("visibility"), functions),
        lead_dormant_after=timedelta(days=days),
        lead_service_level=timedelta(hours=hours),
    )


def _functions(place: Place) -> dict[str, str]:
    """The functions by their names; a name that breaks the rule counts, so that it is a problem once only."""
    found: dict[str, str] = {}
    items = place.items()
    for item in items[:MAX_FUNCTIONS]:
        name = item.text(SOURCE_PATTERN, _NAME_RULE, default=item.written)
        if name in found:
            item.wrong("is named twice: keep one")
        found[name] = name
    if len(items) > MAX_FUNCTIONS:
        place.wrong(f"must name at most {MAX_FUNCTIONS} functions, not {len(items)}")
    if isinstance(place.value, tuple) and not items:
        place.wrong("must name at least one function")
    return found


def _source(place: Place, functions: Mapping[str, str]) -> SourcePolicy:
    source = place.section("function", "trust", "customer_master")
    return SourcePolicy(
        function=source["function"].one_of(functions, "function", ""),
        trust=source["trust"].whole(0, 100, default=0),
        customer_master=source.get("customer_master").flag(default=False),
    )


def _periods(place: Place) -> Periods:
    periods = place.section(
        *("voting_working_days", "escalation_working_days", "weekend", "holidays", "longest_delegation_days")
    )
    weekdays = {name: number for number, name in enumerate(_WEEKDAYS)}
    weekend = periods["weekend"].choices(weekdays, "day of the week")
    if len(weekend) == len(_WEEKDAYS):
        periods["weekend"].wrong("must leave at least one working day: no period would ever end")
    days = periods["longest_delegation_days"].whole(1, MAX_DELEGATION_DAYS, default=1)
    return Periods(
        voting_working_days=periods["voting_working_days"].whole(1, MAX_WORKING_DAYS, default=1),
        escalation_working_days=periods["escalation_working_days"].whole(1, MAX_WORKING_DAYS, default=1),
        weekend=frozenset(weekend),
        holidays=frozenset(
            day for item in periods.get("holidays").items() if (day := item.date()) is not None
        ),
        longest_delegation=timedelta(days=days),
    )


def _survivorship(place: Place) -> dict[str, Rule]:
    groups = {spec.group for spec in FIELDS.values() if spec.group}
    units = {name: name for name in sorted({*FIELDS, *groups})}
    custom = {name: name for name in place.names() if CUSTOM_FIELD.fullmatch(name)}
    found = {}
    for name, rule in place.keyed({**units, **custom}, "field or field group").items():
        if group_of(name) != name:
            rule.wrong(f"survives together with its group: write {group_of(name)}")
        found[name] = rule.one_of(words(Rule), "rule", Rule.MOST_TRUSTED)
    return found
