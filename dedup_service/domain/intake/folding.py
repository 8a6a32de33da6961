"""An update by intake: the stored record, with what the offered one adds (domain 9).

Gaps are filled and children added; nothing that a record says is taken from it, but for the fields in which
the policy lets the newest win. Every value that differs is told, whether it was taken or not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.fields import group_of
from dedup_service.domain.records import Child, Fact, RecordDraft, RecordKind

# Where the second address of a person goes when the first is taken.
_SECOND_PLACE = {"email": "secondary_email"}
# Two of these are two customers, or two companies, until finance says otherwise.
_NUMBERS = ("tax_id", "customer_number")
# What counts by whose record says it (domain 4.2, 9.1, 9.2): another source's word stays its own.
_OF_THE_SOURCE = frozenset({"customer_number"})
_FACTS_OF_THE_SOURCE = frozenset({"named_account", "current_account", "contracts"})


@dataclass(frozen=True, slots=True)
class FoldedValue:
    """A field, or ``fact.NAME``, in which an offered value differs from what the updated record held."""

    field: str
    stored: str
    offered: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """The record as it is after the update, and every value in which the two differed."""

    draft: RecordDraft
    differences: tuple[FoldedValue, ...]


def contradiction(stored: RecordDraft, offered: RecordDraft) -> str:
    """Why the offered record is no update of the stored one, however alike they are; empty when it may be.

    What vetoes a merge (domain 7.6), a hierarchy (4.5) and what a source keeps them as: people decide then.
    """
    if offered.parent == stored.key or stored.parent == offered.key:
        return "is its parent or subsidiary, which is no duplicate"
    for name in _NUMBERS:
        one, other = stored.values.get(name, "").strip(), offered.values.get(name, "").strip()
        of_one_ledger = name != "customer_number" or stored.key.source == offered.key.source
        if one and other and of_one_ledger and one.casefold() != other.casefold():
            return f"has another {name}"
    held, said = _flags(stored), _flags(offered)
    if held.get("legal_hold") or said.get("legal_hold"):
        return "would change under a legal hold"
    if {held.get("marketing_consent"), said.get("marketing_consent")} == {True, False}:
        return "says otherwise about marketing consent"
    return ""


def _flags(draft: RecordDraft) -> dict[str, bool | None]:
    return {fact.name: fact.flag for fact in draft.facts if fact.flag is not None}


def fold(stored: RecordDraft, offered: RecordDraft, newest_wins: frozenset[str], own_word: bool) -> Fold:
    """What `stored` becomes; `own_word` when the offer is the same record again, whose values then win.

    Fields of a group (a name, an address) are filled only where the whole group is empty, so that no half
    of one address stands beside half of another.
    """
    values, differences = dict(stored.values), []
    filled_groups = {group_of(name) for name, value in stored.values.items() if value.strip()}
    for name, value in sorted(offered.values.items()):
        held = stored.values.get(name, "")
        if not value.strip() or _same(held, value):
            continue
        if name in _OF_THE_SOURCE and stored.key.source != offered.key.source:
            differences.append(FoldedValue(name, held, value, taken=False))
            continue
        if not held.strip() and (group_of(name) not in filled_groups or own_word):
            values[name] = value
            continue
        taken = own_word or name in newest_wins or group_of(name) in newest_wins
        second = _SECOND_PLACE.get(name, "")
        if not taken and second and not values.get(second, "").strip():
            values[second], taken = value, True
        elif taken:
            values[name] = value
        differences.append(FoldedValue(name, held, value, taken))
    same_source = stored.key.source == offered.key.source
    facts, of_facts = _facts(stored.facts, offered.facts, own_word, same_source)
    draft = replace(
        stored,
        values=values,
        facts=facts,
        children=_children(stored.children, offered.children),
        owner=stored.owner or offered.owner,
        account=stored.account or (offered.account if stored.kind is RecordKind.CONTACT else None),
        parent=stored.parent or (offered.parent if stored.kind is RecordKind.ACCOUNT else None),
        source_update_time=_latest(stored.source_update_time, offered.source_update_time),
    )
    return Fold(draft, (*differences, *of_facts))


def _same(held: str, offered: str) -> bool:
    return held.strip().casefold() == offered.strip().casefold()


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((time for time in (one, other) if time is not None), default=None)


def _facts(
    stored: Iterable[Fact], offered: Iterable[Fact], own_word: bool, same_source: bool
) -> tuple[tuple[Fact, ...], list[FoldedValue]]:
    """Times move on to the latest: a request or a touch has happened, whoever tells. Else as for values."""
    held = {fact.name: fact for fact in stored}
    differences = []
    for fact in offered:
        known = held.get(fact.name)
        if fact.name in _FACTS_OF_THE_SOURCE and not same_source:
            differences.append(
                FoldedValue(f"fact.{fact.name}", _text(known) if known else "", _text(fact), taken=False)
            )
            continue
        if known is None or known == fact:
            held[fact.name] = fact
            continue
        if FACTS.get(fact.name) is FactType.TIME:
            taken = known.time is None or (fact.time is not None and fact.time > known.time)
        else:
            taken = own_word
        if taken:
            held[fact.name] = fact
        differences.append(FoldedValue(f"fact.{fact.name}", _text(known), _text(fact), taken))
    return tuple(held.values()), differences


def _text(fact: Fact) -> str:
    if fact.amount is not None:
        return f"{fact.amount.units} {fact.amount.currency}"
    if fact.time is not None:
        return fact.time.isoformat()
    value = next(v for v in (fact.count, fact.flag, fact.text, "") if v is not None)
    return str(value)


def _children(stored: Iterable[Child], offered: Iterable[Child]) -> tuple[Child, ...]:
    """Both; what is said anew of a child replaces what was said before."""
    found = {(child.kind, child.child_id): child for child in stored}
    found |= {(child.kind, child.child_id): child for child in offered}
    return tuple(found.values())
