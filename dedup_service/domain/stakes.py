"""Which functions have a stake in a record, and why (domain 5)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.leads import lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.records import ChildKind, Fact, LeadClass, Owner, Record, RecordKey, RecordKind


@dataclass(frozen=True, slots=True, order=True)
class Stake:
    """A function's stake in one record, with the reason a steward reads."""

    function: str
    record: RecordKey
    reason: str


# What a fact of this name means, in the words of a reason; others are called by their names.
_FACT_WORDS = {"partner_of_record": "a partner of record"}


def states_something(fact: Fact) -> bool:
    """Whether a fact says that there is something, rather than nothing (a count of 0, a false flag)."""
    if fact.amount is not None:
        return fact.amount.units > 0
    return bool(fact.count or fact.flag or fact.text or fact.time)


def record_stakes(
    record: Record, policy: Policy, now: datetime, principals: Principals | None = None
) -> list[Stake]:
    """The stakes in one active record: its owner, its source, its lead class, its facts and its children.

    An owner of whom the source names no function gives those that `principals` knows of them.
    """
    found = [
        *_belonging(record, policy, now, principals),
        *_stated(record, policy),
        *_hanging_below(record, policy),
    ]
    return [Stake(function, record.key, reason) for function, reason in found]


def stakes(
    goldens: Iterable[GoldenRecord], policy: Policy, now: datetime, principals: Principals | None = None
) -> tuple[Stake, ...]:
    """The union of the stakes in all members, sorted and without repeats (domain 5.2)."""
    found = {
        stake
        for golden in goldens
        for record in golden.active_members
        for stake in record_stakes(record, policy, now, principals)
    }
    return tuple(sorted(found))


def _belonging(
    record: Record, policy: Policy, now: datetime, principals: Principals | None
) -> list[tuple[str, str]]:
    """Whose the record is: by owner and source, and by class where it is a lead (domain 2.2, 2.3)."""
    draft = record.draft
    found: list[tuple[str, str]] = []
    if record.kind is RecordKind.LEAD:
        of_class, _ = lead_class(draft, policy, now)
        by_class = policy.stakes.lead_classes.get(of_class)
        if by_class is not None:
            found += [
                (function, f"{_a(of_class)} lead belongs to {function}") for function in by_class.functions
            ]
            if by_class.alone:
                return found
    if draft.owner is not None:
        whose = draft.owner.principal or draft.owner.queue or draft.owner.function
        found += [(function, f"owned by {whose}") for function in _functions_of(draft.owner, principals)]
    found.append((policy.source(record.key.source).function, f"held by source {record.key.source}"))
    return found


def _functions_of(owner: Owner, principals: Principals | None) -> list[str]:
    if owner.function or principals is None:
        return [owner.function] if owner.function else []
    person = principals.find(owner.principal)
    return sorted(person.functions) if person is not None else []


def _a(of_class: LeadClass) -> str:
    return f"a {of_class}"


def _stated(record: Record, policy: Policy) -> list[tuple[str, str]]:
    functions = policy.stakes.facts
    found = [
        (functions[fact.name], _FACT_WORDS.get(fact.name, fact.name.replace("_", " ")))
        for fact in record.draft.facts
        if fact.name in functions and states_something(fact)
    ]
    if record.draft.values.get("customer_number", "").strip():
        found.append((policy.master_function, "a customer number"))
    return found


def _plural(kind: ChildKind, count: int) -> str:
    word = kind.lower()
    return word if count == 1 else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _hanging_below(record: Record, policy: Policy) -> list[tuple[str, str]]:
    counts = Counter((child.kind, child.open) for child in record.draft.children)
    found = []
    for (kind, is_open), count in sorted(counts.items()):
        by_kind = policy.stakes.open_children if is_open else policy.stakes.closed_children
        state = "open" if is_open else "closed"
        found += [(function, f"{count} {state} {_plural(kind, count)}") for function in by_kind.get(kind, ())]
    return found
