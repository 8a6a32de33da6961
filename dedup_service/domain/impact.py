"""How much a merge would touch: LOW, MEDIUM or HIGH, with every reason (domain 6)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.leads import mastered
from dedup_service.domain.policy import AlwaysHigh, Impact, ImpactPolicy, Measure, Policy, Threshold
from dedup_service.domain.records import Amount, ChildKind, Record, RecordKey, RecordKind
from dedup_service.domain.stakes import Stake


@dataclass(frozen=True, slots=True)
class ImpactReason:
    """One reason, with the impact that it alone would give."""

    impact: Impact
    reason: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What a merge would touch; `accounts` gives the golden record of each account that a contact names."""

    goldens: tuple[GoldenRecord, ...]
    survivor_id: str
    stakes: tuple[Stake, ...]
    accounts: Mapping[RecordKey, str]

    @property
    def records(self) -> list[Record]:
        return [record for golden in self.goldens for record in golden.active_members]


def impact_of(touched: Touched, policy: Policy) -> tuple[Impact, tuple[ImpactReason, ...]]:
    """The impact of a merge, and why; the weightiest reason comes first."""
    reasons = [*_always_high(touched, policy), *_measured(touched, policy)]
    reasons.sort(key=lambda r: (-r.impact.rank, r.reason))
    highest = reasons[0].impact if reasons else Impact.LOW
    accounts = _named_accounts(touched)
    if len(accounts) > 1 and policy.impact.contacts_of_different_accounts_raise:
        highest = Impact.HIGH if highest is not Impact.LOW else Impact.MEDIUM
        names = ", ".join(f"goldenRecords/{golden_id}" for golden_id in sorted(accounts))
        reasons.insert(0, ImpactReason(highest, f"the contacts belong to different accounts: {names}"))
    if not reasons:
        reasons.append(ImpactReason(Impact.LOW, "nothing of weight hangs on these records"))
    return highest, tuple(reasons)


def master_held_count(goldens: Iterable[GoldenRecord], policy: Policy) -> int:
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


def mastered_golden_count(goldens: Iterable[GoldenRecord], policy: Policy) -> int:
    """How many of the golden records hold an account that finance knows."""
    return sum(any(mastered(record, policy) for record in golden.members) for golden in goldens)


def converted(amount: Amount, impact: ImpactPolicy) -> Decimal | None:
    """An amount in the policy's currency; None when the policy has no rate for it."""
    if amount.currency == impact.currency:
        return amount.units
    rate = impact.exchange_rates.get(amount.currency)
    return None if rate is None else amount.units * rate


def redirecting_systems(goldens: Iterable[GoldenRecord], survivor_id: str) -> set[str]:
    """The sources that hold a record of a golden record whose id would redirect."""
    return {
        record.key.source
        for golden in goldens
        if golden.golden_id != survivor_id
        for record in golden.active_members
    }


def owners_of(records: Sequence[Record]) -> set[str]:
    """The people and queues who own a record or a child reference of it."""
    return (record_owners(records) | {c.owner for record in records for c in record.draft.children}) - {""}


def record_owners(records: Iterable[Record]) -> set[str]:
    """The people and queues who own one of these records."""
    owners = {record.draft.owner for record in records if record.draft.owner is not None}
    return {owner.principal or owner.queue for owner in owners} - {""}


def _named_accounts(touched: Touched) -> set[str]:
    """The golden records of the accounts that the contacts belong to, those that merge being one."""
    members = {golden.golden_id for golden in touched.goldens}
    named = {
        touched.accounts.get(record.draft.account, record.draft.account.name)
        for record in touched.records
        if record.kind is RecordKind.CONTACT and record.draft.account is not None
    }
    return {touched.survivor_id if golden_id in members else golden_id for golden_id in named}


def _always_high(touched: Touched, policy: Policy) -> list[ImpactReason]:
    """Rule 6.2: these are HIGH whatever the thresholds say."""
    said = []
    held_count = master_held_count(touched.goldens, policy)
    if held_count > 1:
        said.append(f"{held_count} accounts held by the customer master")
    rules = policy.impact.always_high
    owners = _open_opportunity_owners(touched.records)
    if AlwaysHigh.DIFFERENT_OPPORTUNITY_OWNERS in rules and len(owners) > 1:
        said.append("open opportunities of different owners: " + ", ".join(sorted(owners)))
    if AlwaysHigh.LEGAL_HOLD in rules and on_legal_hold(touched.records):
        said.append("a legal hold")
    entities = {
        fact.text
        for r in touched.records
        for fact in r.draft.facts
        if fact.name == "legal_entity" and fact.text
    }
    if AlwaysHigh.SEVERAL_LEGAL_ENTITIES in rules and len(entities) > 1:
        said.append(f"members of {len(entities)} legal entities")
    return [ImpactReason(Impact.HIGH, text) for text in said]


def on_legal_hold(records: Iterable[Record]) -> list[Record]:
    """The records that a source has put on legal hold."""
    return [r for r in records if any(f.name == "legal_hold" and f.flag for f in r.draft.facts)]


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


def _measured(touched: Touched, policy: Policy) -> list[ImpactReason]:
    limits = policy.impact
    reasons = []
    for measure, value, text in [*_amounts(touched, policy), *_counts(touched, policy)]:
        reasons += _against(limits.thresholds.get(measure), value, text)
    kinds = Counter(child.kind for record in touched.records for child in record.draft.children)
    for kind, count in sorted(kinds.items()):
        text = f"{count} child references of kind {kind}"
        reasons += _against(limits.children.get(kind), Decimal(count), text)
    return reasons + _unweighable(touched.records, limits)


def _against(threshold: Threshold | None, value: Decimal, text: str) -> list[ImpactReason]:
    if threshold is None or not value:
        return []
    if threshold.high is not None and value >= threshold.high:
        return [ImpactReason(Impact.HIGH, text)]
    if threshold.medium is not None and value >= threshold.medium:
        return [ImpactReason(Impact.MEDIUM, text)]
    return []


_AMOUNT_FACTS = {Measure.PIPELINE: "open_pipeline", Measure.REVENUE: "yearly_revenue"}


def _amounts(touched: Touched, policy: Policy) -> list[tuple[Measure, Decimal, str]]:
    found = []
    for measure, fact_name in _AMOUNT_FACTS.items():
        amounts = amounts_of(touched.records, fact_name)
        total = sum((converted(a, policy.impact) or Decimal(0) for a in amounts), Decimal(0))
        words = fact_name.replace("_", " ")
        found.append((measure, total, f"{words} of {total.normalize():,f} {policy.impact.currency}"))
    return found


# What a record's children say where its facts are silent.
_CHILD_AMOUNTS = {"open_pipeline": ChildKind.OPPORTUNITY}
_CHILD_COUNTS = {"open_invoices": ChildKind.INVOICE, "contracts": ChildKind.CONTRACT}


def amounts_of(records: Iterable[Record], fact_name: str) -> list[Amount]:
    """The amounts that facts of this name state; for a record without one, those of its open children."""
    found: list[Amount] = []
    for record in records:
        stated = [f.amount for f in record.draft.facts if f.name == fact_name and f.amount is not None]
        kind = _CHILD_AMOUNTS.get(fact_name)
        below = [
            c.amount for c in record.draft.children if c.open and c.kind is kind and c.amount is not None
        ]
        found += stated or below
    return found


def _unweighable(records: Sequence[Record], limits: ImpactPolicy) -> list[ImpactReason]:
    """Amounts that no rate converts: what cannot be weighed counts as weighty (C-5)."""
    currencies = {
        amount.currency
        for fact_name in _AMOUNT_FACTS.values()
        for amount in amounts_of(records, fact_name)
        if amount.units and converted(amount, limits) is None
    }
    return [
        ImpactReason(Impact.HIGH, f"amounts in {currency}, for which the policy has no exchange rate")
        for currency in sorted(currencies)
    ]


def _counts(touched: Touched, policy: Policy) -> list[tuple[Measure, Decimal, str]]:
    records = touched.records
    functions = sorted({stake.function for stake in touched.stakes})
    owners = sorted(owners_of(records))
    systems = sorted(redirecting_systems(touched.goldens, touched.survivor_id))
    children = sum(len(record.draft.children) for record in records)
    invoices = count_of(records, "open_invoices")
    contracts = count_of(records, "contracts")
    master_count = mastered_golden_count(touched.goldens, policy)
    consents = sum(any(f.name == "marketing_consent" for f in r.draft.facts) for r in records)
    measured = (
        (Measure.CHILDREN, children, f"{children} child references"),
        (Measure.OPEN_INVOICES, invoices, f"{invoices} open invoices"),
        (Measure.CONTRACTS, contracts, f"{contracts} contracts"),
        (
            Measure.FUNCTIONS,
            len(functions),
            f"{len(functions)} functions with a stake: {', '.join(functions)}",
        ),
        (Measure.OWNERS, len(owners), f"{len(owners)} owners: {', '.join(owners)}"),
        (
            Measure.MASTERED_MEMBERS,
            master_count,
            f"{master_count} mastered {'account' if master_count == 1 else 'accounts'}",
        ),
        (
            Measure.REDIRECTING_SYSTEMS,
            len(systems),
            f"ids redirect in {len(systems)} systems: {', '.join(systems)}",
        ),
        (Measure.CONSENT_FLAGS, consents, f"consent flags on {consents} records"),
    )
    return [(measure, Decimal(value), text) for measure, value, text in measured]


def count_of(records: Iterable[Record], fact_name: str) -> int:
    """The sum of the facts of this name; for a record without one, the number of its open children."""
    total = 0
    for record in records:
        stated = [f.count or 0 for f in record.draft.facts if f.name == fact_name]
        kind = _CHILD_COUNTS[fact_name]
        total += sum(stated) if stated else sum(c.open and c.kind is kind for c in record.draft.children)
    return total
