"""A source profile: what the exports of one system look like, and what becomes of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.fields import FIELDS, FieldType
from dedup_service.domain.records import ChildKind, RecordKind
from dedup_service.source_profiles.columns import Columns, Header
from dedup_service.source_profiles.rules import Condition, Rules
from dedup_service.source_profiles.times import TimeFormats


def is_date(field_name: str) -> bool:
    """Whether a field holds a day."""
    spec = FIELDS.get(field_name)
    return spec is not None and spec.type is FieldType.DATE


@dataclass(frozen=True, slots=True)
class KindRule:
    """What kind of record a row is, where all of `when` hold.

    `fields` come before those of the object. The ids of a kind begin with `id_prefix`: a system whose
    people change from one kind into another makes two records of them, of which the first stays behind as
    history, since the kind of a record never changes.
    """

    kind: RecordKind
    person_account: bool = False
    when: tuple[Condition, ...] = ()
    id_prefix: str = ""
    fields: Mapping[str, Rules] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The kind as people say it."""
        return "person ACCOUNT" if self.person_account else self.kind.value


@dataclass(frozen=True, slots=True)
class SkipRule:
    """Rows that become no record, and why."""

    when: tuple[Condition, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ChildRule:
    """A business document that a row names: its id, whether it is open, its amount, who answers for it."""

    kind: ChildKind
    id: Rules
    open: Rules = ()
    amount: Rules = ()
    owner: Rules = ()


@dataclass(frozen=True, slots=True)
class OwnerRules:
    """Who answers for a record; the function counts only where somebody or a queue is named."""

    principal: Rules = ()
    queue: Rules = ()
    function: Rules = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """By what the header of a file is known.

    It has all of `columns` and none of `absent`. Where files of several systems look alike, `distinct` are
    columns that only this one writes; they count when no profile was named.
    """

    columns: tuple[Columns, ...]
    absent: tuple[Columns, ...] = ()
    distinct: Columns | None = None

    def missing(self, header: Header) -> list[Columns]:
        """The columns that the header lacks."""
        return [columns for columns in self.columns if not header.has(columns)]

    def foreign(self, header: Header) -> list[str]:
        """The columns that the header has and should not, as they stand in it."""
        return [header.words(columns) for columns in self.absent if header.has(columns)]


@dataclass(frozen=True, slots=True)
class LoadRules:
    """How a file is written that the system itself can take in: the columns of the old `id` and of links to
    `account` and `parent` by it, and those that the system does not do without.
    """

    id: str
    account: str = ""
    parent: str = ""
    required: tuple[Columns, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileObject:
    """One sort of file, such as the leads of a CRM, and what its columns become.

    `id` is the record's id; where it says nothing, one is made of what `id_from` says. With `fold`, rows of
    one id make one record: the newest row decides, and the others fill what it leaves open. `account_named`
    finds the account of a contact by its name among the accounts of the same import. Columns that fit a
    pattern of `keep` become custom fields. A row that says nothing in `continued_by`, or what the row before
    says there, goes on with the record of that row.
    """

    name: str
    export: str
    recognition: Recognition
    kinds: tuple[KindRule, ...]
    id: Rules = ()
    id_from: Columns | None = None
    fold: bool = False
    continued_by: Columns | None = None
    fields: Mapping[str, Rules] = field(default_factory=dict)
    owner: OwnerRules = field(default_factory=OwnerRules)
    account: Rules = ()
    account_named: Columns | None = None
    parent: Rules = ()
    updated: Rules = ()
    facts: Mapping[str, Rules] = field(default_factory=dict)
    children: tuple[ChildRule, ...] = ()
    skip: tuple[SkipRule, ...] = ()
    keep: tuple[str, ...] = ()
    left_out: Mapping[Columns, str] = field(default_factory=dict)
    load: LoadRules | None = None

    @property
    def rank(self) -> int:
        """Accounts first, then contacts, then leads: what others refer to comes before them."""
        return min(list(RecordKind)[::-1].index(rule.kind) for rule in self.kinds)

    def below(self, header: Header) -> "ProfileObject":
        """The same without the rules that no row below this header could make say anything."""
        return replace(
            self,
            kinds=tuple(replace(kind, fields=_below(kind.fields, header)) for kind in self.kinds),
            fields=_below(self.fields, header),
            facts=_below(self.facts, header),
        )

    def rules(self) -> Iterator[tuple[str, Rules]]:
        """Every part of a record that is read, by how it is told, with its rules."""
        yield "source_record_id", self.id
        for kind in self.kinds:
            for name, rules in kind.fields.items():
                yield f"{name} ({kind.words})", rules
        yield from self.fields.items()
        owner = self.owner
        yield from (("owner", owner.principal), ("queue", owner.queue), ("owner_function", owner.function))
        yield from (("account", self.account), ("parent", self.parent), ("source_update_time", self.updated))
        yield from ((f"fact.{name}", rules) for name, rules in self.facts.items())
        for child in self.children:
            name = f"child.{child.kind}"
            yield from ((f"{name}.id", child.id), (f"{name}.open", child.open))
            yield from ((f"{name}.amount", child.amount), (f"{name}.owner", child.owner))

    def time_columns(self) -> Iterator[Columns]:
        """The columns in which times and days stand."""
        times = [self.updated, *(rules for name, rules in self.facts.items() if FACTS[name] is FactType.TIME)]
        for fields in (self.fields, *(kind.fields for kind in self.kinds)):
            times += [rules for name, rules in fields.items() if is_date(name)]
        yield from (rule.columns for rules in times for rule in rules if rule.columns is not None)

    def columns_read(self) -> Iterator[Columns]:
        """Every column that the profile looks at."""
        for _, rules in self.rules():
            for rule in rules:
                yield from rule.columns_read()
        other = (self.id_from, self.account_named, self.continued_by)
        yield from (columns for columns in other if columns is not None)
        for when in (*(kind.when for kind in self.kinds), *(skip.when for skip in self.skip)):
            yield from (condition.columns for condition in when)


def _below(by_name: Mapping[str, Rules], header: Header) -> dict[str, Rules]:
    spoken = {
        name: tuple(rule for rule in rules if rule.can_speak(header)) for name, rules in by_name.items()
    }
    return {name: rules for name, rules in spoken.items() if rules}


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """What the exports of one system look like: `objects` by name, the `source` that they are of unless the
    user says another, how they write times, and the mark between whole numbers and their fractions.
    """

    name: str
    title: str
    about: str
    source: str
    objects: Mapping[str, ProfileObject]
    times: TimeFormats
    decimal_mark: str = "."
