"""Drafts of records as the messages that the service takes."""

from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.domain.records import Amount, Child, Fact, RecordDraft
from dedup_service.v1 import core_pb2
from dedup_service.v1.record_service_pb2 import Record

_NANOS = Decimal(10**9)


def record_message(draft: RecordDraft) -> Record:
    """The message of a draft."""
    record = Record(
        name=draft.key.name,
        kind=core_pb2.RecordKind.Value(f"RECORD_KIND_{draft.kind}"),
        values=draft.values,
        facts=[_fact(fact) for fact in draft.facts],
        children=[_child(child) for child in draft.children],
        person_account=draft.person_account,
        account=draft.account.name if draft.account else "",
        parent=draft.parent.name if draft.parent else "",
    )
    if draft.owner is not None:
        owner = draft.owner
        record.owner.CopyFrom(
            core_pb2.Owner(principal=owner.principal, function=owner.function, queue=owner.queue)
        )
    if draft.source_update_time is not None:
        record.source_update_time.FromDatetime(draft.source_update_time)
    return record


def _fact(fact: Fact) -> core_pb2.Fact:
    if fact.count is not None:
        return core_pb2.Fact(name=fact.name, count=fact.count)
    if fact.amount is not None:
        return core_pb2.Fact(name=fact.name, amount=_money(fact.amount))
    if fact.flag is not None:
        return core_pb2.Fact(name=fact.name, flag=fact.flag)
    if fact.time is not None:
        stamp = Timestamp()
        stamp.FromDatetime(fact.time)
        return core_pb2.Fact(name=fact.name, time=stamp)
    return core_pb2.Fact(name=fact.name, text=fact.text or "")


def _child(child: Child) -> core_pb2.Child:
    return core_pb2.Child(
        kind=core_pb2.ChildKind.Value(f"CHILD_KIND_{child.kind}"),
        child_id=child.child_id,
        owner=child.owner,
        open=child.open,
        amount=_money(child.amount) if child.amount else None,
    )


def _money(amount: Amount) -> Money:
    units = int(amount.units)
    return Money(currency_code=amount.currency, units=units, nanos=int((amount.units - units) * _NANOS))
