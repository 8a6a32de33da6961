"""Several rows about one customer as one record: an order feed has a row for each line of each order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from dedup_service.domain.fields import group_of
from dedup_service.domain.records import Child, ChildKind, Fact, RecordDraft

_NO_TIME = datetime.min.replace(tzinfo=UTC)


def fold(drafts: Sequence[RecordDraft]) -> RecordDraft:
    """One draft of all drafts of one key, in the order of the file.

    The newest decides and the others fill what it leaves open; fields of a group, such as an address, are
    of one row. A row without a time continues the row before it. Children are united, a fact is the newest.
    """
    newest_first = _newest_first(drafts)
    first = newest_first[0]
    return replace(
        first,
        values=_values(newest_first),
        owner=next((each.owner for each in newest_first if each.owner), None),
        facts=_facts(newest_first),
        children=_children(newest_first),
        account=next((each.account for each in newest_first if each.account), None),
        parent=next((each.parent for each in newest_first if each.parent), None),
        source_update_time=first.source_update_time,
    )


def count_open(draft: RecordDraft, counted: Mapping[str, ChildKind]) -> RecordDraft:
    """The draft with facts that count its open children, by the name of the fact."""
    facts = tuple(
        Fact(name, count=sum(child.open for child in draft.children if child.kind is kind))
        for name, kind in counted.items()
    )
    return replace(draft, facts=(*draft.facts, *facts)) if facts else draft


def _newest_first(drafts: Sequence[RecordDraft]) -> list[RecordDraft]:
    moments = []
    moment = _NO_TIME
    for draft in drafts:
        moment = draft.source_update_time or moment
        moments.append(moment)
    order = sorted(range(len(drafts)), key=moments.__getitem__, reverse=True)
    return [drafts[place] for place in order]


def _values(drafts: Iterable[RecordDraft]) -> dict[str, str]:
    values: dict[str, str] = {}
    said: set[str] = set()
    for draft in drafts:
        values |= {name: text for name, text in draft.values.items() if group_of(name) not in said}
        said |= {group_of(name) for name in draft.values}
    return values


def _facts(drafts: Iterable[RecordDraft]) -> tuple[Fact, ...]:
    found: dict[str, Fact] = {}
    for draft in drafts:
        for fact in draft.facts:
            found.setdefault(fact.name, fact)
    return tuple(found.values())


def _children(drafts: Iterable[RecordDraft]) -> tuple[Child, ...]:
    found: dict[tuple[ChildKind, str], Child] = {}
    for draft in drafts:
        for child in draft.children:
            known = found.setdefault((child.kind, child.child_id), child)
            found[child.kind, child.child_id] = replace(
                known, amount=known.amount or child.amount, owner=known.owner or child.owner
            )
    return tuple(found.values())
