"""A policy as the keys of its file, each with its value in words, and what differs between two of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from dedup_service.cli.data_entry_keys import data_entry_keys
from dedup_service.cli.intake_keys import intake_keys
from dedup_service.cli.territory_keys import scoring_keys, territory_keys
from dedup_service.domain.policy import (
    ApprovalPolicy,
    FullVote,
    ImpactPolicy,
    Periods,
    Policy,
    SourcePolicy,
    StakePolicy,
    Threshold,
)

Keys = Iterator[tuple[str, str]]
Word = TypeVar("Word", bound=str)
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key with its value before and after; empty where a policy says nothing there."""

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.key}: {self.before or '(nothing)'} -> {self.after or '(nothing)'}"


def changes(before: Policy, after: Policy) -> list[KeyChange]:
    """Every key that differs, in the order of the file."""
    old, new = keys_of(before), keys_of(after)
    sections = list(dict.fromkeys(_section(key) for key in (*old, *new)))
    keys = sorted(dict.fromkeys((*old, *new)), key=lambda key: sections.index(_section(key)))
    return [
        KeyChange(key, old.get(key, ""), new.get(key, ""))
        for key in keys
        if old.get(key, "") != new.get(key, "")
    ]


def _section(key: str) -> str:
    return key.split(".", 1)[0]


def keys_of(policy: Policy) -> dict[str, str]:
    """What a policy says, by the keys of its file; defaults are written out, empty values left out."""
    return {key: value for key, value in _keys(policy) if value}


def _keys(policy: Policy) -> Keys:
    yield "version", policy.version
    yield "functions", _listed(sorted(policy.functions))
    yield "master_function", policy.master_function
    yield "policy_function", policy.policy_function
    for name, source in policy.sources.items():
        yield from _source(f"sources.{name}", source)
    yield from _source("other_sources", policy.other_sources)
    yield from _stakes(policy.stakes)
    yield from _impact(policy.impact)
    yield from _approval(policy.approval)
    for veto in policy.vetoes:
        yield f"vetoes.{veto.rule}", f"in force, lifted by {veto.lifted_by}" if veto.lifted_by else "in force"
    yield from _periods(policy.periods)
    yield "leads.dormant_days", str(policy.lead_dormant_after.days)
    yield "leads.service_level_hours", str(policy.lead_service_level // timedelta(hours=1))
    yield "survivorship.default", policy.default_survivorship
    for unit, rule in policy.survivorship.items():
        yield f"survivorship.rules.{unit}", rule
    yield from intake_keys(policy.intake)
    yield from territory_keys(policy.territories)
    yield from scoring_keys(policy.lead_scoring)
    yield from data_entry_keys(policy.data_entry)


def _source(at: str, source: SourcePolicy) -> Keys:
    yield f"{at}.function", source.function
    yield f"{at}.trust", str(source.trust)
    yield f"{at}.customer_master", _flag(source.customer_master)


def _stakes(stakes: StakePolicy) -> Keys:
    for fact, function in stakes.facts.items():
        yield f"stakes.facts.{fact}", function
    for section, children in (
        ("open_children", stakes.open_children),
        ("closed_children", stakes.closed_children),
    ):
        for kind, functions in children.items():
            yield f"stakes.{section}.{kind}", _listed(functions)
    for lead_class, stake in stakes.lead_classes.items():
        yield f"stakes.lead_classes.{lead_class}.functions", _listed(stake.functions)
        yield f"stakes.lead_classes.{lead_class}.alone", _flag(stake.alone)


def _impact(impact: ImpactPolicy) -> Keys:
    yield "impact.currency", impact.currency
    for currency, rate in impact.exchange_rates.items():
        yield f"impact.exchange_rates.{currency}", _number(rate)
    yield from _thresholds("impact.thresholds", impact.thresholds)
    yield from _thresholds("impact.children", impact.children)
    yield "impact.always_high", _listed(sorted(impact.always_high))
    yield (
        "impact.contacts_of_different_accounts_raise",
        _flag(impact.contacts_of_different_accounts_raise),
    )


def _thresholds(at: str, thresholds: Mapping[Word, Threshold]) -> Keys:
    for name, threshold in thresholds.items():
        yield f"{at}.{name}.medium", _number(threshold.medium)
        yield f"{at}.{name}.high", _number(threshold.high)


def _approval(approval: ApprovalPolicy) -> Keys:
    for rule in approval.automatic:
        of_class = f".{rule.lead_class}" if rule.lead_class else ""
        at = f"approval.LOW.automatic.{rule.kind}{of_class}"
        yield f"{at}.minimum_probability", str(rule.minimum_probability)
    yield "approval.LOW.quorum", str(approval.low_quorum)
    yield "approval.MEDIUM.quorum", str(approval.medium_quorum)
    for kind, vote in approval.full_votes.items():
        yield from _full_vote(f"approval.HIGH.{kind}", vote)


def _full_vote(at: str, vote: FullVote) -> Keys:
    yield f"{at}.method", vote.method
    yield f"{at}.majority", _number(vote.majority)
    for function, weight in vote.weights.items():
        yield f"{at}.weights.{function}", str(weight)
    yield f"{at}.final_arbiter", vote.final_arbiter
    yield f"{at}.tie_breaker", vote.tie_breaker
    yield f"{at}.quorum", str(vote.quorum)


def _periods(periods: Periods) -> Keys:
    yield "periods.voting_working_days", str(periods.voting_working_days)
    yield "periods.escalation_working_days", str(periods.escalation_working_days)
    yield "periods.weekend", _listed(_WEEKDAYS[day] for day in sorted(periods.weekend))
    yield "periods.holidays", _listed(day.isoformat() for day in sorted(periods.holidays))
    yield "periods.longest_delegation_days", str(periods.longest_delegation.days)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _flag(flag: bool) -> str:
    return "true" if flag else "false"


def _number(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"
