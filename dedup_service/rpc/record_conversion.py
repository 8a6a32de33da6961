"""Records between their messages and the domain."""

from collections.abc import Iterable

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.leads import account_state, lead_class
from dedup_service.domain.records import (
    Child,
    ChildKind,
    Fact,
    Owner,
    Record,
    RecordDraft,
    RecordKey,
    RecordKind,
    Violation,
)
from dedup_service.domain.validation import MAX_CHILDREN, MAX_FACTS, draft_violations
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import money, read_money, read_time, timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import core_pb2, record_service_pb2
from dedup_service.workflows.desk import Desk

# Stands in for a name that cannot be read while the rest of the record is checked.
_UNREADABLE_KEY = RecordKey("unreadable", "unreadable")
# The key of a record that is not stored.
_UNSAVED_KEY = RecordKey("candidate", "candidate")


def read_record(
    message: record_service_pb2.Record, at: str, functions: frozenset[str], *, needs_kind: bool = True
) -> RecordDraft:
    """The draft of a record; one whose kind may be missing is read as a lead.

    Raises:
        InvalidInput: with every violation, those of the domain too.
    """
    violations: list[Violation] = []
    key = RecordKey.parse(message.name)
    if key is None:
        violations.append(Violation(f"{at}.name", "must be a name such as sources/erp/records/17"))
    kind = enum_numbers.RECORD_KIND_OF.get(message.kind)
    if kind is None and (needs_kind or message.kind):
        violations.append(Violation(f"{at}.kind", "must be LEAD, CONTACT or ACCOUNT"))
    time = None
    if message.HasField("source_update_time"):
        time = read_time(message.source_update_time, f"{at}.source_update_time", violations)
    draft = RecordDraft(
        key=key or _UNREADABLE_KEY,
        kind=kind or RecordKind.LEAD,
        values=dict(message.values),
        person_account=message.person_account,
        owner=_read_owner(message) if message.HasField("owner") else None,
        facts=_read_facts(message.facts, at, violations),
        children=_read_children(message.children, at, violations),
        account=_read_reference(message.account, f"{at}.account", violations),
        parent=_read_reference(message.parent, f"{at}.parent", violations),
        source_update_time=time,
    )
    if violations:
        # The domain is asked here only to name everything at once; what passes it asks for itself.
        raise InvalidInput(violations + (draft_violations(draft, functions, at) if kind else []))
    return draft


def read_query(message: core_pb2.Candidate, at: str, functions: frozenset[str]) -> RecordDraft:
    """The draft of what is to be matched; the workflow checks the rest of it."""
    draft, has_kind = _candidate_draft(message)
    return draft if has_kind else read_candidate(message, at, functions)


def read_candidate(message: core_pb2.Candidate, at: str, functions: frozenset[str]) -> RecordDraft:
    """The draft of a record that is not stored, checked whole."""
    draft, has_kind = _candidate_draft(message)
    violations = draft_violations(draft, functions, at)
    if not has_kind:
        violations.append(Violation(f"{at}.kind", "must be LEAD, CONTACT or ACCOUNT"))
    if violations:
        raise InvalidInput(violations)
    return draft


def _candidate_draft(message: core_pb2.Candidate) -> tuple[RecordDraft, bool]:
    """The draft, and whether its kind is one."""
    kind = enum_numbers.RECORD_KIND_OF.get(message.kind)
    draft = RecordDraft(
        key=_UNSAVED_KEY,
        kind=kind or RecordKind.LEAD,
        values=dict(message.values),
        person_account=message.person_account and kind is not None,
    )
    return draft, kind is not None


def _read_owner(message: record_service_pb2.Record) -> Owner:
    return Owner(message.owner.principal, message.owner.function, message.owner.queue)


def _read_reference(name: str, at: str, violations: list[Violation]) -> RecordKey | None:
    if not name:
        return None
    key = RecordKey.parse(name)
    if key is None:
        violations.append(Violation(at, "must be a name such as sources/erp/records/17"))
    return key


def _read_facts(
    messages: "RepeatedCompositeFieldContainer[core_pb2.Fact]", at: str, violations: list[Violation]
) -> tuple[Fact, ...]:
    if len(messages) > MAX_FACTS:
        violations.append(Violation(f"{at}.facts", f"has {len(messages)}, at most {MAX_FACTS} are taken"))
        return ()
    return tuple(
        _read_fact(message, f"{at}.facts[{number}]", violations) for number, message in enumerate(messages)
    )


def _read_fact(message: core_pb2.Fact, at: str, violations: list[Violation]) -> Fact:
    match message.WhichOneof("value"):
        case "count":
            return Fact(message.name, count=message.count)
        case "amount":
            return Fact(message.name, amount=read_money(message.amount, f"{at}.amount", violations))
        case "flag":
            return Fact(message.name, flag=message.flag)
        case "time":
            return Fact(message.name, time=read_time(message.time, f"{at}.time", violations))
        case "text":
            return Fact(message.name, text=message.text)
        case _:
            return Fact(message.name)


def _read_children(
    messages: "RepeatedCompositeFieldContainer[core_pb2.Child]", at: str, violations: list[Violation]
) -> tuple[Child, ...]:
    if len(messages) > MAX_CHILDREN:
        violations.append(
            Violation(f"{at}.children", f"has {len(messages)}, at most {MAX_CHILDREN:,} are taken")
        )
        return ()
    children = []
    seen: set[tuple[ChildKind, str]] = set()
    for number, message in enumerate(messages):
        where = f"{at}.children[{number}]"
        kind = enum_numbers.CHILD_KIND_OF.get(message.kind)
        if kind is None:
            names = ", ".join(ChildKind)
            violations.append(Violation(f"{where}.kind", f"must be one of {names}"))
            continue
        if (kind, message.child_id) in seen:
            violations.append(
                Violation(f"{where}.child_id", f"stands twice among the children of kind {kind}")
            )
        seen.add((kind, message.child_id))
        amount = None
        if message.HasField("amount"):
            amount = read_money(message.amount, f"{where}.amount", violations)
        children.append(Child(kind, message.child_id, message.owner, message.open, amount))
    return tuple(children)


def child_message(child: Child) -> core_pb2.Child:
    return core_pb2.Child(
        kind=enum_numbers.CHILD_KIND[child.kind],
        child_id=child.child_id,
        owner=child.owner,
        open=child.open,
        amount=money(child.amount) if child.amount is not None else None,
    )


def _fact_message(fact: Fact) -> core_pb2.Fact:
    if fact.count is not None:
        return core_pb2.Fact(name=fact.name, count=fact.count)
    if fact.amount is not None:
        return core_pb2.Fact(name=fact.name, amount=money(fact.amount))
    if fact.flag is not None:
        return core_pb2.Fact(name=fact.name, flag=fact.flag)
    if fact.time is not None:
        return core_pb2.Fact(name=fact.name, time=timestamp(fact.time))
    return core_pb2.Fact(name=fact.name, text=fact.text or "")


def draft_message(draft: RecordDraft) -> record_service_pb2.Record:
    """A record as its source writes it, without anything that the service computes."""
    message = record_service_pb2.Record(
        name=draft.key.name,
        kind=enum_numbers.RECORD_KIND[draft.kind],
        values=draft.values,
        facts=map(_fact_message, draft.facts),
        children=map(child_message, draft.children),
        person_account=draft.person_account,
        account=draft.account.name if draft.account else "",
        parent=draft.parent.name if draft.parent else "",
    )
    if draft.owner is not None:
        message.owner.SetInParent()
        message.owner.principal = draft.owner.principal
        message.owner.function = draft.owner.function
        message.owner.queue = draft.owner.queue
    if draft.source_update_time is not None:
        message.source_update_time.CopyFrom(timestamp(draft.source_update_time))
    return message


class RecordMessages:
    """Makes the messages of stored records, with what the policy computes about them."""

    def __init__(self, desk: Desk, tokens: RevisionTokens) -> None:
        self._rules = desk.rules
        self._now = desk.now
        self._tokens = tokens

    def all(self, records: Iterable[Record]) -> list[record_service_pb2.Record]:
        return [self.one(record) for record in records]

    def one(self, record: Record) -> record_service_pb2.Record:
        message = draft_message(record.draft)
        message.state = enum_numbers.RECORD_STATE[record.state]
        message.golden_record = f"goldenRecords/{record.golden_id}"
        message.etag = record.etag
        message.create_time.CopyFrom(timestamp(record.create_time))
        message.update_time.CopyFrom(timestamp(record.update_time))
        message.revision.CopyFrom(self._tokens.message(record.revision))
        self._add_computed(record, message)
        return message

    def _add_computed(self, record: Record, message: record_service_pb2.Record) -> None:
        if not record.active:
            return
        if record.kind is RecordKind.LEAD:
            found, why = lead_class(record.draft, self._rules.policy, self._now())
            message.lead_class = enum_numbers.LEAD_CLASS[found]
            message.lead_class_reason = why
        state = account_state([record], self._rules.policy)
        if state is not None:
            message.account_state = enum_numbers.ACCOUNT_STATE[state]
