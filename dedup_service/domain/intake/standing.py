"""Whether an account is named (a target list has it) or current (a customer), by what its owners say.

Both are facts that sources state about their own records; whose word counts is the policy's to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.leads import mastered
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import Record, RecordKind


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """The target lists that name an account, and why it is current; empty when none do, or it is not."""

    target_lists: tuple[str, ...]
    current_reason: str


def standing_of(members: Sequence[Record], policy: Policy) -> AccountStanding:
    """The standing of a golden record with these members, active or not.

    The customer master's word that an account is current, or is no longer, goes before anything else.
    """
    accounts = [r for r in members if r.active and r.kind is RecordKind.ACCOUNT]
    return AccountStanding(_target_lists(accounts, policy), _current_reason(accounts, policy))


def _target_lists(accounts: Sequence[Record], policy: Policy) -> tuple[str, ...]:
    names = {
        (fact.text or "").strip()
        for record in accounts
        if _counts(record, policy.intake.named_by, policy)
        for fact in record.draft.facts
        if fact.name == "named_account"
    }
    return tuple(sorted(names - {""}))


def _current_reason(accounts: Sequence[Record], policy: Policy) -> str:
    said = [
        (policy.source(record.key.source).customer_master, bool(fact.flag), record.name)
        for record in accounts
        if _counts(record, policy.intake.current_by, policy)
        for fact in record.draft.facts
        if fact.name == "current_account"
    ]
    of_master = [(current, name) for in_master, current, name in said if in_master]
    if of_master and not any(current for current, _ in of_master):
        return ""
    for record in accounts:
        if mastered(record, policy):
            return f"{record.name} is in the customer master"
    for _, current, name in said:
        if current:
            return f"{name} says that it is a customer"
    for record in accounts:
        if _counts(record, policy.intake.current_by, policy):
            for fact in record.draft.facts:
                if fact.name == "contracts" and fact.count:
                    return (
                        f"{record.name} has {fact.count} open {'contracts' if fact.count > 1 else 'contract'}"
                    )
    return ""


def _counts(record: Record, functions: frozenset[str], policy: Policy) -> bool:
    """Whether the source of a record may say so."""
    return not functions or policy.source(record.key.source).function in functions


def is_acted_on(confidence: float, rules: IntakePolicy) -> bool:
    """Whether an account is recognised surely enough."""
    return confidence >= rules.recognise_from
