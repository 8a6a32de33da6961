"""Which functions have a stake in a record, and why (domain 5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import ChildKind, Fact, Record, RecordKey


@dataclass(frozen=True, slots=True, order=True)
class Stake:
    """A function's stake in one record, with the reason a steward reads."""

    function: str
    record: RecordKey
    reason: str


_FACT_FUNCTIONS = {
    "open_opportunities": ("sales", "open opportunities"),
    "open_pipeline": ("sales", "open pipeline"),
    "open_cases": ("support", "open cases"),
    "open_invoices": ("finance", "open invoices"),
    "active_campaigns": ("marketing", "active campaigns"),
    "orders_in_fulfilment": ("operations", "orders in fulfilment"),
    "partner_of_record": ("partners", "a partner of record"),
}

_CHILD_FUNCTIONS = {
    ChildKind.OPPORTUNITY: "sales",
    ChildKind.CASE: "support",
    ChildKind.INVOICE: "finance",
    ChildKind.CAMPAIGN: "marketing",
    ChildKind.ORDER: "operations",
}


def states_something(fact: Fact) -> bool:
    """Whether a fact says that there is something, rather than nothing (a count of 0, a false flag)."""
    if fact.amount is not None:
        return fact.amount.units > 0
    return bool(fact.count or fact.flag or fact.text or fact.time)


def record_stakes(record: Record, policy: Policy) -> list[Stake]:
    """The stakes in one active record: its owner, its source, its facts and its open children."""
    draft = record.draft
    reasons: list[tuple[str, str]] = []
    if draft.owner is not None and draft.owner.function:
        whose = draft.owner.principal or draft.owner.queue or draft.owner.function
        reasons.append((draft.owner.function, f"owned by {whose}"))
    reasons.append((policy.source(record.key.source).function, f"held by source {record.key.source}"))
    reasons += [
        _FACT_FUNCTIONS[fact.name]
        for fact in draft.facts
        if fact.name in _FACT_FUNCTIONS and states_something(fact)
    ]
    if draft.values.get("customer_number", "").strip():
        reasons.append((policy.master_function, "a customer number"))
    for kind in sorted(
        {child.kind for child in draft.children if child.open and child.kind in _CHILD_FUNCTIONS}
    ):
        reasons.append((_CHILD_FUNCTIONS[kind], f"open children of kind {kind}"))
    return [Stake(function, record.key, reason) for function, reason in reasons]


def stakes(goldens: Iterable[GoldenRecord], policy: Policy) -> tuple[Stake, ...]:
    """The union of the stakes in all members, sorted and without repeats (domain 5.2)."""
    found = {
        stake
        for golden in goldens
        for record in golden.active_members
        for stake in record_stakes(record, policy)
    }
    return tuple(sorted(found))
