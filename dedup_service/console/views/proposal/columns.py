"""The members of a proposal as columns: whom each is about, its records, and how fresh they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dedup_service.console.views import addresses
from dedup_service.v1.core_pb2 import AccountState, LeadClass, RecordKind
from dedup_service.v1.merge_plan_pb2 import PlanMember
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.record_service_pb2 import Record, RecordState

# More members stand beside each other only when asked for.
MAX_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Changing:
    """Where the visitor may choose another survivor or value, of the plan with this etag, within a list."""

    url: str
    etag: str
    queue: str = ""

    def survivor_url(self, golden_record: str) -> str:
        """Where to confirm that this member is to survive."""
        return self._url({"survivor": golden_record})

    def value_url(self, unit: str, record: str) -> str:
        """Where to confirm a record's value of a field or group; without a record, that none is chosen."""
        return self._url({"field": unit, "record": record})

    def _url(self, asked: Mapping[str, str]) -> str:
        return addresses.with_query(f"{self.url}/choices", {**asked, "etag": self.etag, "queue": self.queue})


@dataclass(frozen=True, slots=True)
class ColumnRecord:
    """One record of a member. `change_time` is when its source last changed it, where it says so."""

    name: str
    source: str
    record_id: str
    url: str
    change_time: datetime | None
    is_freshest: bool
    is_active: bool
    lead_class: "LeadClass.ValueType"
    lead_class_reason: str
    account_state: "AccountState.ValueType"
    is_person_account: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One golden record. `letter` stands for it in the graph and in the list of links.

    `unread_count` records of it are not compared: too many, gone, or not for the visitor to read.
    """

    letter: str
    golden_record: str
    url: str
    name: str
    detail: str
    kind: "RecordKind.ValueType"
    is_survivor: bool
    records: tuple[ColumnRecord, ...]
    unread_count: int
    survive_url: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of its records, each once."""
        return tuple(dict.fromkeys(record.source for record in self.records))


def letter_of(place: int) -> str:
    """`A` for the first, `Z` for the 26th, then `AA`."""
    return letter_of(place // 26 - 1) + letter_of(place % 26) if place >= 26 else chr(ord("A") + place)


def ordered_members(proposal: MergeProposal) -> list[PlanMember]:
    """The members of the plan, the survivor first: the order of their letters."""
    survivor = proposal.plan.survivor
    return sorted(proposal.plan.members, key=lambda member: member.golden_record != survivor)


def shown_members(proposal: MergeProposal, *, everyone: bool) -> list[tuple[str, PlanMember]]:
    """The members to compare, each with its letter: the first few, and those of the weakest link."""
    lettered = [(letter_of(place), member) for place, member in enumerate(ordered_members(proposal))]
    if everyone or len(lettered) <= MAX_COLUMNS:
        return lettered
    weak = {proposal.weakest_link.left, proposal.weakest_link.right}
    kept = [pair for pair in lettered[1:] if pair[1].golden_record in weak]
    rest = [pair for pair in lettered[1:] if pair[1].golden_record not in weak]
    return [
        lettered[0],
        *sorted([*kept, *rest[: MAX_COLUMNS - 1 - len(kept)]], key=lettered.index),
    ]


def columns_of(
    proposal: MergeProposal,
    members: Sequence[tuple[str, PlanMember]],
    records: Mapping[str, Record],
    changing: Changing | None,
) -> tuple[Column, ...]:
    """A column for each member. Records that could not be read, since they are gone, are left out."""
    times = [
        time for record in records.values() if (time := _changed(record)) is not None and _is_active(record)
    ]
    freshest = max(times) if len(times) > 1 else None
    return tuple(_column(proposal, letter, member, records, freshest, changing) for letter, member in members)


def name_of(member: PlanMember, records: Sequence[Record]) -> str:
    """Whom a member is about: as the service says it, or else as its first record does."""
    if member.display_name:
        return member.display_name
    for record in records:
        values = record.values
        person = values.get("full_name", "") or " ".join(
            values[part] for part in ("given_name", "family_name") if values.get(part, "").strip()
        )
        company = values.get("company_name", "")
        is_company = record.kind == RecordKind.RECORD_KIND_ACCOUNT and not record.person_account
        found = (company or person) if is_company else (person or company)
        if found.strip():
            return found
    return addresses.id_of(member.golden_record)[:8]


def _column(
    proposal: MergeProposal,
    letter: str,
    member: PlanMember,
    records: Mapping[str, Record],
    freshest: datetime | None,
    changing: Changing | None,
) -> Column:
    found = [records[each.record] for each in member.records if each.record in records]
    is_survivor = member.golden_record == proposal.plan.survivor
    # A lead joins the contact or account that it is, and never the other way.
    may_survive = not is_survivor and member.kind == proposal.kind
    return Column(
        letter=letter,
        golden_record=member.golden_record,
        url=addresses.of(member.golden_record),
        name=name_of(member, found),
        detail=member.display_detail,
        kind=member.kind,
        is_survivor=is_survivor,
        records=tuple(_column_record(record, freshest) for record in found),
        unread_count=len(member.records) - len(found) + member.hidden_record_count,
        survive_url=changing.survivor_url(member.golden_record)
        if changing is not None and may_survive
        else "",
    )


def _column_record(record: Record, freshest: datetime | None) -> ColumnRecord:
    time = _changed(record)
    return ColumnRecord(
        name=record.name,
        source=addresses.source_of(record.name),
        record_id=addresses.id_of(record.name),
        url=addresses.of(record.name),
        change_time=time,
        is_freshest=time is not None and time == freshest and _is_active(record),
        is_active=_is_active(record),
        lead_class=record.lead_class,
        lead_class_reason=record.lead_class_reason,
        account_state=record.account_state,
        is_person_account=record.person_account,
    )


def _changed(record: Record) -> datetime | None:
    return record.source_update_time.ToDatetime(UTC) if record.HasField("source_update_time") else None


def _is_active(record: Record) -> bool:
    return record.state == RecordState.RECORD_STATE_ACTIVE
