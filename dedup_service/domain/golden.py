"""Golden records: what all members say together.

Values are never stored: they are a pure function of (members, choices, policy version), so that the same
members give the same bytes on every run (B-6), and moving members back restores them exactly (B-4).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import scoring
from dedup_service.domain.fields import group_of
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import Child, Record, RecordKey, RecordKind, RecordState


class GoldenState(StrEnum):
    """Where a golden record stands; every id ever issued keeps one of these."""

    LIVE = "LIVE"
    MERGED = "MERGED"
    DELETED = "DELETED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class Choice:
    """A steward's choice: this member's value survives for the field or field group; made by a merge."""

    field: str
    record: RecordKey
    merge_id: str


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """What the store keeps about a golden record beside its members."""

    golden_id: str
    kind: RecordKind
    state: GoldenState
    version: int
    revision: int
    create_time: datetime
    successor_id: str = ""
    merge_id: str = ""
    choices: tuple[Choice, ...] = ()

    @property
    def name(self) -> str:
        return golden_name(self.golden_id)

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class MemberChild:
    """A child reference with the record that holds it."""

    record: RecordKey
    child: Child


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """A golden record with its members; everything else is computed from them."""

    row: GoldenRow
    members: tuple[Record, ...]

    @property
    def golden_id(self) -> str:
        return self.row.golden_id

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def kind(self) -> RecordKind:
        return self.row.kind

    @property
    def active_members(self) -> tuple[Record, ...]:
        return tuple(r for r in self.members if r.active)

    @property
    def person_account(self) -> bool:
        """Whether this is a consumer's account: every account among the active members is one."""
        accounts = [r for r in self.active_members if r.kind is RecordKind.ACCOUNT]
        return bool(accounts) and all(r.draft.person_account for r in accounts)

    @property
    def children(self) -> tuple[MemberChild, ...]:
        """Child references of every active member, by record then id: none is ever lost (B-1)."""
        return tuple(
            MemberChild(record.key, child)
            for record in sorted(self.active_members, key=lambda r: r.key)
            for child in sorted(record.draft.children, key=lambda c: (c.kind, c.child_id))
        )


def singleton(record: Record) -> GoldenRecord:
    """The golden record that a new record starts as the only member of."""
    row = GoldenRow(
        golden_id=record.golden_id,
        kind=record.kind,
        state=GoldenState.LIVE,
        version=1,
        revision=record.revision,
        create_time=record.create_time,
    )
    return GoldenRecord(row, (record,))


@dataclass(frozen=True, slots=True)
class GoldenImage:
    """A golden record as a change shows it: all that a downstream system needs to follow."""

    name: str
    kind: RecordKind
    state: GoldenState
    successor: str
    values: dict[str, str]
    members: tuple[str, ...]
    children: tuple[MemberChild, ...]


def golden_name(golden_id: str) -> str:
    """The resource name of a golden record."""
    return f"goldenRecords/{golden_id}"


def golden_state(members: Iterable[Record]) -> GoldenState:
    """The state of a golden record that has these members and was not merged away."""
    states = {record.state for record in members}
    if RecordState.ACTIVE in states:
        return GoldenState.LIVE
    return GoldenState.DELETED if RecordState.DELETED in states else GoldenState.ERASED


_KIND_RANK = {RecordKind.LEAD: 0, RecordKind.CONTACT: 1, RecordKind.ACCOUNT: 2}


def golden_kind(members: Iterable[Record], otherwise: RecordKind) -> RecordKind:
    """What the active members make of a golden record: a lead's is a contact's once it was converted.

    Without an active member it stays what it was.
    """
    kinds = [record.kind for record in members if record.active]
    return max(kinds, key=_KIND_RANK.__getitem__, default=otherwise)


def survivorship(
    members: Sequence[Record], choices: Iterable[Choice], policy: Policy
) -> dict[str, scoring.SurvivingValue]:
    """The surviving values of these members, field by field with provenance (record names).

    Later choices win over earlier ones; a choice of a record that is no active member lies dormant.
    """
    active = [r for r in members if r.active]
    names = {r.name for r in active}
    chosen = {choice.field: choice.record.name for choice in choices if choice.record.name in names}
    values = [
        scoring.MemberValues(
            member_id=record.name,
            values=record.draft.values,
            trust=policy.source(record.key.source).trust,
            update_time=record.draft.source_update_time or record.create_time,
        )
        for record in active
    ]
    present = {field for record in active for field in record.draft.values}
    groups = {field: group_of(field) for field in present if group_of(field) != field}
    return scoring.survive(
        values, _rules(present, policy.survivorship), groups, chosen, policy.default_survivorship
    )


def _rules(fields: set[str], rules: Mapping[str, scoring.Rule]) -> dict[str, scoring.Rule]:
    return {name: rules[name] for name in (*fields, *map(group_of, fields)) if name in rules}


def image_of(golden: GoldenRecord, policy: Policy) -> GoldenImage:
    """The image of a golden record for a change.

    One that was merged away, deleted or erased has no members and no values of its own.
    """
    row = golden.row
    live = row.state is GoldenState.LIVE
    return GoldenImage(
        name=row.name,
        kind=row.kind,
        state=row.state,
        successor=golden_name(row.successor_id) if row.successor_id else "",
        values=golden_values(golden, policy) if live else {},
        members=tuple(sorted(r.name for r in golden.active_members)) if live else (),
        children=golden.children if live else (),
    )


def golden_values(golden: GoldenRecord, policy: Policy) -> dict[str, str]:
    """The values that a live golden record shows, by field name."""
    active = golden.active_members
    if len(active) == 1:
        # What `survivorship` gives for a single member, without weighing: most golden records have one.
        return {name: value for name, value in sorted(active[0].draft.values.items()) if value.strip()}
    return {name: value.value for name, value in survivorship(active, golden.row.choices, policy).items()}
