"""How much a merge would touch: LOW, MEDIUM or HIGH, with every reason (domain 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.leads import mastered
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import ChildKind, Record, RecordKind
from dedup_service.domain.stakes import Stake


class Impact(StrEnum):
    """The weight of a merge; it decides how many must approve."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class ImpactReason:
    """One reason, with the impact that it alone would give."""

    impact: Impact
    reason: str


_RANK = {Impact.LOW: 0, Impact.MEDIUM: 1, Impact.HIGH: 2}


def impact_of(
    goldens: Sequence[GoldenRecord], stakes: Sequence[Stake], policy: Policy
) -> tuple[Impact, tuple[ImpactReason, ...]]:
    """The impact of merging these golden records, and why; the weightiest reason comes first."""
    records = [record for golden in goldens for record in golden.active_members]
    reasons = [*_always_high(goldens, records, policy), *_measured(goldens, records, stakes, policy)]
    reasons.sort(key=lambda r: (-_RANK[r.impact], r.reason))
    highest = reasons[0].impact if reasons else Impact.LOW
    if not reasons:
        reasons.append(ImpactReason(Impact.LOW, "nothing of weight hangs on these records"))
    return highest, tuple(reasons)


def _always_high(
    goldens: Sequence[GoldenRecord], records: Sequence[Record], policy: Policy
) -> list[ImpactReason]:
    """Rule 6.2: these are HIGH whatever the thresholds say."""
    said = []
    held_count = master_held_count(goldens, policy)
    if held_count >= 2:
        said.append(f"{held_count} accounts held by the customer master")
    owners = _open_opportunity_owners(records)
    if len(owners) > 1:
        said.append("open opportunities of different owners: " + ", ".join(sorted(owners)))
    if any(fact.name == "legal_hold" and fact.flag for r in records for fact in r.draft.facts):
        said.append("a legal hold")
    entities = {
        fact.text for r in records for fact in r.draft.facts if fact.name == "legal_entity" and fact.text
    }
    if len(entities) > 1:
        said.append("members of more than one legal entity")
    return [ImpactReason(Impact.HIGH, reason) for reason in said]


def master_held_count(goldens: Sequence[GoldenRecord], policy: Policy) -> int:
    """How many of the golden records hold an account of a customer-master source, whatever it says now.

    A number taken away or a record deleted for a moment must not spare a merge finance's decision (C-2).
    """
    return sum(
        any(
            record.kind is RecordKind.ACCOUNT and policy.source(record.key.source).customer_master
            for record in golden.members
        )
        for golden in goldens
    )


def mastered_golden_count(goldens: Sequence[GoldenRecord], policy: Policy) -> int:
    """How many of the golden records hold an account that finance knows."""
    return sum(any(mastered(record, policy) for record in golden.members) for golden in goldens)


def _open_opportunity_owners(records: Sequence[Record]) -> set[str]:
    owners = {
        child.owner
        for record in records
        for child in record.draft.children
        if child.kind is ChildKind.OPPORTUNITY and child.open and child.owner
    }
    for record in records:
        has_open = any(f.name == "open_opportunities" and f.count for f in record.draft.facts)
        if has_open and record.draft.owner is not None and record.draft.owner.principal:
            owners.add(record.draft.owner.principal)
    return owners


def _sum(records: Sequence[Record], fact_name: str) -> Decimal:
    return sum(
        (
            f.amount.units
            for r in records
            for f in r.draft.facts
            if f.name == fact_name and f.amount is not None
        ),
        Decimal(0),
    )


def _measured(
    goldens: Sequence[GoldenRecord], records: Sequence[Record], stakes: Sequence[Stake], policy: Policy
) -> list[ImpactReason]:
    limits = policy.impact
    pipeline = _sum(records, "open_pipeline")
    revenue = _sum(records, "yearly_revenue")
    children = sum(len(golden.children) for golden in goldens)
    functions = sorted({stake.function for stake in stakes})
    measures = (
        (pipeline, limits.medium_pipeline, limits.high_pipeline, f"open pipeline of {pipeline}"),
        (revenue, limits.medium_revenue, limits.high_revenue, f"yearly revenue of {revenue}"),
        (children, limits.medium_children, limits.high_children, f"{children} children"),
        (
            len(functions),
            limits.medium_functions,
            limits.high_functions,
            f"{len(functions)} functions with a stake: {', '.join(functions)}",
        ),
    )
    reasons = []
    for value, medium, high, text in measures:
        if value >= high:
            reasons.append(ImpactReason(Impact.HIGH, text))
        elif value >= medium:
            reasons.append(ImpactReason(Impact.MEDIUM, text))
    if mastered_golden_count(goldens, policy) == 1:
        reasons.append(ImpactReason(Impact.MEDIUM, "a mastered account"))
    return reasons
