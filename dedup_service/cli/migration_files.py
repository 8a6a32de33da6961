"""The files that the new system takes in: a row for each golden record that old records went into.

Held back are golden records that wait for a decision, as they may become one, and dead leads, which stay in
the service as evidence.
"""

import csv
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dedup_service.cli.migration_report import Migration, OldRecord
from dedup_service.cli.session import Session
from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.records import Fact, RecordKind
from dedup_service.source_profiles import SourceProfile
from dedup_service.source_profiles.loading import Links, LoadFile, load_file
from dedup_service.v1 import core_pb2
from dedup_service.v1.core_pb2 import GoldenRecordState, LeadClass
from dedup_service.v1.golden_record_service_pb2 import BatchGetGoldenRecordsRequest, GoldenRecord
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest

_BATCH = 200
_WAITS = "waits for a decision on a merge proposal"
_ACCOUNT_WAITS = "belongs to an account that waits for a decision on a merge proposal"
_DEAD = "is a dead lead, which stays here as evidence"


@dataclass(slots=True)
class _Rows:
    """The rows of one file, and its columns in the order in which they came up."""

    name: str
    rows: list[Mapping[str, str]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Holding:
    """Which golden records are held back, and why: each by itself, or for the account that it belongs to."""

    golden_records: Mapping[str, GoldenRecord]
    by_golden: Mapping[str, list[OldRecord]]
    golden_of_record: Mapping[str, str]
    waiting: set[str]

    def why(self, name: str) -> str:
        """Why a golden record is in no file; empty where it is."""
        golden = self.golden_records[name]
        if golden.state != GoldenRecordState.GOLDEN_RECORD_STATE_LIVE:
            return "is deleted or erased"
        if name in self.waiting:
            return _WAITS
        if golden.lead_class == LeadClass.LEAD_CLASS_DEAD:
            return _DEAD
        return _ACCOUNT_WAITS if self._account_waits(name) else ""

    def _account_waits(self, name: str) -> bool:
        """Whether an account above it waits, to whose row its own would refer in vain."""
        seen = {name}
        above = self._above(name)
        while above:
            if above & self.waiting:
                return True
            seen |= above
            above = {other for each in above for other in self._above(each)} - seen
        return False

    def _above(self, name: str) -> set[str]:
        references = [(each.record.account, each.record.parent) for each in self.by_golden.get(name, [])]
        known = (self.golden_of_record.get(each, "") for both in references for each in both)
        return {each for each in known if each}


def write_load_files(session: Session, target: SourceProfile, folder: Path, migration: Migration) -> None:
    """Write a file for each object of the new system, and note in the migration what went into them."""
    routed = [each for each in migration.records if each.golden_record]
    golden_records = _golden_records(session, {each.golden_record for each in routed})
    by_golden: dict[str, list[OldRecord]] = {}
    for each in routed:
        each.golden_record = golden_records[each.golden_record].name
        by_golden.setdefault(each.golden_record, []).append(each)
    golden_of_record = {member: name for name in by_golden for member in golden_records[name].members} | {
        each.name: each.golden_record for each in routed
    }
    holding = _Holding(golden_records, by_golden, golden_of_record, _waiting(session))
    files: dict[str, _Rows] = {}
    for name, old in by_golden.items():
        why = holding.why(name)
        if not why:
            why = _add_row(files, target, golden_records[name], old, by_golden, golden_of_record, migration)
        for each in old:
            each.left_out = why
    folder.mkdir(parents=True, exist_ok=True)
    for each_file in files.values():
        path = folder / f"{each_file.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, list(each_file.columns), restval="")
            writer.writeheader()
            writer.writerows(each_file.rows)
        migration.loaded[path] = len(each_file.rows)


def _golden_records(session: Session, names: set[str]) -> dict[str, GoldenRecord]:
    """What each name stands for now, through every merge since."""
    found: dict[str, GoldenRecord] = {}
    ordered = iter(sorted(names))
    while batch := list(itertools.islice(ordered, _BATCH)):
        answer = session.client.golden_records.BatchGetGoldenRecords(
            BatchGetGoldenRecordsRequest(names=batch)
        )
        found |= dict(zip(batch, answer.golden_records, strict=True))
    merged = {
        name: golden.successor
        for name, golden in found.items()
        if golden.state == GoldenRecordState.GOLDEN_RECORD_STATE_MERGED
    }
    if merged:
        after = _golden_records(session, set(merged.values()))
        found |= {name: after[successor] for name, successor in merged.items()}
        found |= after
    return found


def _waiting(session: Session) -> set[str]:
    """The golden records of all open proposals."""
    found: set[str] = set()
    request = ListMergeProposalsRequest(filter="open = true", page_size=_BATCH)
    while True:
        answer = session.client.merge_proposals.ListMergeProposals(request)
        for proposal in answer.merge_proposals:
            found.update(proposal.golden_records)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _add_row(
    files: dict[str, _Rows],
    target: SourceProfile,
    golden: GoldenRecord,
    old: list[OldRecord],
    by_golden: Mapping[str, list[OldRecord]],
    golden_of_record: Mapping[str, str],
    migration: Migration,
) -> str:
    """Add the row of a golden record; why there is none, or an empty string."""
    kind = RecordKind(core_pb2.RecordKind.Name(golden.kind).removeprefix("RECORD_KIND_"))
    values = {name: value.value for name, value in sorted(golden.values.items())}
    person = any(each.record.person_account for each in old) or (
        kind is RecordKind.ACCOUNT and not values.get("company_name")
    )
    file = load_file(target, kind, person_account=person)
    if file is None:
        return f"{target.title} has no {'person account' if person else kind.lower()}"

    def id_of(reference: str) -> str:
        others = by_golden.get(golden_of_record.get(reference, ""), [])
        return _old_id(others[0]) if others else ""

    account = next((each.record.account for each in old if each.record.account), "")
    parent = next((each.record.parent for each in old if each.record.parent), "")
    links = Links(_old_id(old[0]), id_of(account), id_of(parent))
    row = file.row(values, dict(_facts(old)), links)
    if row.missing:
        return f"{target.title} does not take it without {' and '.join(row.missing)}"
    migration.lost.update(row.lost)
    _append(files, file, row.cells)
    for each in old:
        each.loaded_as = f"{file.rules.name}, {file.load.id} {links.id}"
    return ""


def _append(files: dict[str, _Rows], file: LoadFile, cells: Mapping[str, str]) -> None:
    # People and companies of one object need columns of their own, and Salesforce another record type.
    name = f"person-{file.rules.name}" if file.kind.person_account else file.rules.name
    rows = files.setdefault(name, _Rows(name))
    rows.rows.append(cells)
    rows.columns |= dict.fromkeys(cells)


def _old_id(old: OldRecord) -> str:
    return old.name.rpartition("/")[2]


def _facts(old: list[OldRecord]) -> Iterator[tuple[str, Fact]]:
    """Flags and counts that the old records state; a no goes before a yes, as consent taken back counts."""
    flags: dict[str, bool] = {}
    counts: dict[str, int] = {}
    for each in old:
        for fact in each.record.facts:
            if FACTS[fact.name] is FactType.FLAG:
                flags[fact.name] = fact.flag and flags.get(fact.name, True)
            elif FACTS[fact.name] is FactType.COUNT:
                counts.setdefault(fact.name, fact.count)
    yield from ((name, Fact(name, flag=flag)) for name, flag in flags.items())
    yield from ((name, Fact(name, count=count)) for name, count in counts.items())
