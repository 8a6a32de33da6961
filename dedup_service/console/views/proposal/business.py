"""What hangs on each member beside its values: owners, facts and business documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.type.money_pb2 import Money

from dedup_service.console.views.proposal.columns import Column
from dedup_service.v1.core_pb2 import ChildKind, Fact
from dedup_service.v1.record_service_pb2 import Record

# Facts that count what the documents of a kind say already, where a source sends both.
_COUNTED = {
    "open_opportunities": ChildKind.CHILD_KIND_OPPORTUNITY,
    "open_cases": ChildKind.CHILD_KIND_CASE,
    "open_invoices": ChildKind.CHILD_KIND_INVOICE,
    "orders_in_fulfilment": ChildKind.CHILD_KIND_ORDER,
    "active_campaigns": ChildKind.CHILD_KIND_CAMPAIGN,
    "contracts": ChildKind.CHILD_KIND_CONTRACT,
}


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents of one kind that hang on one member. `amounts` are their sums, by currency."""

    count: int
    open_count: int
    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Business:
    """For each member in the order of the columns: its owners, and rows of documents and of facts."""

    owners: tuple[tuple[str, ...], ...]
    documents: tuple[tuple["ChildKind.ValueType", tuple[Documents, ...]], ...]
    facts: tuple[tuple[str, tuple[tuple[Fact, ...], ...]], ...]


def business_of(columns: Sequence[Column], records: Mapping[str, Record]) -> Business:
    """Gather it from the records of the columns."""
    held = [[records[each.name] for each in column.records if each.is_active] for column in columns]
    kinds = sorted({child.kind for each in held for record in each for child in record.children})
    names = sorted(
        {
            fact.name
            for each in held
            for record in each
            for fact in record.facts
            if _COUNTED.get(fact.name) not in kinds
        }
    )
    return Business(
        owners=tuple(_owners(each) for each in held),
        documents=tuple((kind, tuple(_documents(each, kind) for each in held)) for kind in kinds),
        facts=tuple((name, tuple(_facts(each, name) for each in held)) for name in names),
    )


def sums(amounts: Sequence[Money]) -> tuple[Money, ...]:
    """The sums by currency, in order of currency."""
    nanos: dict[str, int] = {}
    for each in amounts:
        nanos[each.currency_code] = nanos.get(each.currency_code, 0) + each.units * 10**9 + each.nanos
    return tuple(
        Money(currency_code=currency, units=total // 10**9, nanos=total % 10**9)
        for currency, total in sorted(nanos.items())
    )


def _owners(records: Sequence[Record]) -> tuple[str, ...]:
    owners = (record.owner.principal or record.owner.queue for record in records)
    return tuple(dict.fromkeys(owner for owner in owners if owner))


def _documents(records: Sequence[Record], kind: "ChildKind.ValueType") -> Documents:
    children = [child for record in records for child in record.children if child.kind == kind]
    return Documents(
        count=len(children),
        open_count=sum(child.open for child in children),
        amounts=sums([child.amount for child in children if child.HasField("amount")]),
    )


def _facts(records: Sequence[Record], name: str) -> tuple[Fact, ...]:
    return tuple(fact for record in records for fact in record.facts if fact.name == name)
