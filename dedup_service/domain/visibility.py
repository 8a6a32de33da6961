"""Who may read and write what: fields, and records by source and kind (section `visibility` of the policy).

Everybody may look a person up (domain 1.5) unless a policy says otherwise, so rules only take away: what no
rule names is read by all, and written by those whom `principals.may_write` lets.
Nobody writes what they may not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from dedup_service.domain.fields import FIELDS, group_of
from dedup_service.domain.records import RecordKind

EVERY_KIND = frozenset(RecordKind)


class Reader(Protocol):
    """Whoever reads or writes, as far as rules ask; a `Principal` is one."""

    @property
    def name(self) -> str: ...

    @property
    def functions(self) -> frozenset[str]: ...

    @property
    def human(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Audience:
    """Those whom a rule lets: people by the functions of their own roles, service accounts by name."""

    functions: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def includes(self, reader: Reader) -> bool:
        return bool(self.functions & reader.functions) if reader.human else reader.name in self.services


@dataclass(frozen=True, slots=True)
class SourceRule:
    """Who alone may read, or write, the records of these kinds of one source; None takes nothing away."""

    source: str
    kinds: frozenset[RecordKind] = EVERY_KIND
    readers: Audience | None = None
    writers: Audience | None = None


@dataclass(frozen=True)
class VisibilityPolicy:
    """The rules of one version: fields by name with those who alone may read them, and sources."""

    fields: Mapping[str, Audience] = field(default_factory=dict)
    sources: tuple[SourceRule, ...] = ()

    def may_write(self, writer: Reader, source: str, kind: RecordKind | None = None) -> bool:
        """Whether the rules let this principal write records of a source; without a kind, of any kind."""
        kinds = EVERY_KIND if kind is None else {kind}
        refused = {
            each
            for rule in self.sources
            if rule.source == source
            for each in rule.kinds
            if any(who is not None and not who.includes(writer) for who in (rule.readers, rule.writers))
        }
        return not kinds <= refused


@dataclass(frozen=True)
class Sight:
    """What one principal may read under one policy."""

    masked_fields: frozenset[str] = frozenset()
    hidden: Mapping[str, frozenset[RecordKind]] = field(default_factory=dict)
    blind: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is kept from this principal."""
        return not (self.blind or self.masked_fields or self.hidden)

    @property
    def hides_records(self) -> bool:
        return self.blind or bool(self.hidden)

    def may_read(self, source: str, kind: RecordKind) -> bool:
        """Whether records of this kind of a source may be read."""
        return not self.blind and kind not in self.hidden.get(source, ())

    def hides_kinds_of(self, source: str) -> bool:
        """Whether some kinds of a source may be read and others not."""
        return not self.blind and bool(self.hidden.get(source)) and self.hidden[source] != EVERY_KIND

    def masks(self, name: str) -> bool:
        """Whether the values of a field, or of any field of a group, are masked."""
        return self.blind or name in self.masked_fields or name in self.masked_groups

    def masks_any(self, names: frozenset[str]) -> bool:
        return self.blind or not self.masked_fields.isdisjoint(names)

    @property
    def masked_groups(self) -> frozenset[str]:
        """The groups of fields that survive together with a masked one among them."""
        return frozenset(group_of(name) for name in self.masked_fields if name in FIELDS)


# What a missing or unknown principal sees.
BLIND = Sight(blind=True)
WHOLE = Sight()


def sight_of(reader: Reader | None, rules: VisibilityPolicy) -> Sight:
    """What a principal sees; nobody, or nobody who is known, sees nothing."""
    if reader is None:
        return BLIND
    if not rules.fields and not rules.sources:
        return WHOLE
    return _sight(_Rules(rules), reader.name, reader.functions, reader.human)


@dataclass(frozen=True)
class _Rules:
    """Rules as a key of the cache: a version of the policy is one object for as long as it is in force."""

    rules: VisibilityPolicy

    def __hash__(self) -> int:
        return id(self.rules)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self.rules is other.rules


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    functions: frozenset[str]
    human: bool


@lru_cache(maxsize=4096)
def _sight(known: _Rules, name: str, functions: frozenset[str], human: bool) -> Sight:
    reader = _Reader(name, functions, human)
    hidden: dict[str, frozenset[RecordKind]] = {}
    for rule in known.rules.sources:
        if rule.readers is not None and not rule.readers.includes(reader):
            hidden[rule.source] = hidden.get(rule.source, frozenset()) | rule.kinds
    masked = (each for each, who in known.rules.fields.items() if not who.includes(reader))
    return Sight(frozenset(masked), hidden)
