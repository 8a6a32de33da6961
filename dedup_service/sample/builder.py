"""Collects the records of a sample and, beside them, the truth about each."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from dedup_service.domain.records import (
    Amount,
    Child,
    ChildKind,
    Fact,
    Owner,
    RecordDraft,
    RecordKey,
    RecordKind,
)
from dedup_service.sample.dice import Dice
from dedup_service.sample.mess import HABITS
from dedup_service.sample.profile import Typist, Values

MARKETING = Owner("users/mia", "marketing")
SALES = (Owner("users/ann", "sales"), Owner("users/ben", "sales"))
SUPPORT = (Owner("users/carla", "support"), Owner("users/dev", "support"))
FINANCE = (Owner("users/fiona", "finance"), Owner("users/felix", "finance"))
OPERATIONS = Owner("users/omar", "operations")
PARTNERS = Owner("users/paula", "partners")


@dataclass(frozen=True, slots=True)
class Extras:
    """What a record carries beside its values."""

    person_account: bool = False
    owner: Owner | None = None
    facts: tuple[Fact, ...] = ()
    children: tuple[Child, ...] = ()
    account: RecordKey | None = None
    parent: RecordKey | None = None


@dataclass(slots=True)
class SampleBuilder:
    """The five systems while they fill up. `account_keys` tells which accounts a source has of a company."""

    dice: Dice
    now: datetime
    records: list[RecordDraft] = field(default_factory=list)
    truth: dict[RecordKey, str] = field(default_factory=dict)
    typists: dict[str, Typist] = field(default_factory=dict)
    account_keys: dict[tuple[str, str], list[RecordKey]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.typists = {source: Typist(self.dice, habit) for source, habit in HABITS.items()}

    def add(
        self,
        key: RecordKey,
        kind: RecordKind,
        entity: str,
        values: Values,
        time: datetime,
        extras: Extras,
    ) -> RecordKey:
        """Add one record of the entity, last changed in its source at this time."""
        self.records.append(
            RecordDraft(
                key=key,
                kind=kind,
                values={name: value for name, value in values.items() if value},
                person_account=extras.person_account,
                owner=extras.owner,
                facts=extras.facts,
                children=extras.children,
                account=extras.account,
                parent=extras.parent,
                source_update_time=time,
            )
        )
        self.truth[key] = entity
        return key

    def number(self, prefix: str) -> int:
        """The next number of a series."""
        count = self._counts.get(prefix, 0) + 1
        self._counts[prefix] = count
        return count

    def key(self, source: str, prefix: str) -> RecordKey:
        """A new record key in the source's own style."""
        return RecordKey(source, f"{prefix}{self.number(source + prefix):06}")

    def ago(self, low_days: float, high_days: float) -> datetime:
        """A time between so many days ago and so many."""
        return self.now - timedelta(seconds=int(self.dice.span(low_days, high_days) * 86400))

    def at_night(self, low_days: int, high_days: int) -> datetime:
        """An hour between one and five in the morning, so many days ago."""
        day = self.now - timedelta(days=self.dice.between(low_days, high_days))
        return day.replace(hour=self.dice.between(1, 4), minute=self.dice.between(0, 59))

    def children(self, kind: ChildKind, count: int, owner: Owner | None = None) -> tuple[Child, ...]:
        """References to open documents of one kind, without amounts."""
        who = owner.principal if owner else ""
        prefix = kind.value.lower()
        return tuple(Child(kind, f"{prefix}-{self.number(prefix)}", who, True) for _ in range(count))

    def remember_account(self, source: str, entity: str, key: RecordKey) -> None:
        """Note that the source has an account of this company."""
        self.account_keys.setdefault((source, entity), []).append(key)

    def accounts_of(self, source: str, entity: str) -> list[RecordKey]:
        """The accounts that the source has of this company, in the order of their making."""
        return self.account_keys.get((source, entity), [])


def count(name: str, number: int) -> tuple[Fact, ...]:
    """A count as facts: none when there is nothing to count."""
    return (Fact(name, count=number),) if number else ()


def amount(name: str, currency: str, units: int) -> tuple[Fact, ...]:
    """An amount as facts: none when it is nothing."""
    return (Fact(name, amount=Amount(currency, Decimal(units))),) if units else ()
