"""The plan of a merge, and the hash that binds votes to it (domain 7.3).

The hash covers members and their versions, every record and its version (so its values, facts and
children), survivor, field choices and policy version: whatever changes, the hash changes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.fields import FIELDS, is_known_field
from dedup_service.domain.golden import GoldenRecord, GoldenState
from dedup_service.domain.leads import account_state, golden_lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import AccountState, LeadClass, RecordKey, RecordKind, Violation

MIN_MEMBERS = 2
MAX_MEMBERS = 50


class ProposalType(StrEnum):
    """MERGE joins records of one kind; CONVERSION lets a lead join a contact or account as its history."""

    MERGE = "MERGE"
    CONVERSION = "CONVERSION"


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """The steward's choice of whose value survives for a field or field group."""

    field: str
    record: RecordKey


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A record of a plan, at the version that was seen."""

    key: RecordKey
    version: int


@dataclass(frozen=True, slots=True)
class PlanMember:
    """A golden record of a plan, at the version that was seen."""

    golden_id: str
    kind: RecordKind
    version: int
    records: tuple[PlanRecord, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what a merge would do; members are in id order."""

    type: ProposalType
    members: tuple[PlanMember, ...]
    survivor_id: str
    field_choices: tuple[FieldChoice, ...]
    policy_version: str

    @property
    def golden_ids(self) -> tuple[str, ...]:
        return tuple(member.golden_id for member in self.members)

    @property
    def hash(self) -> str:
        """SHA-256 over the plan's canonical JSON, as 64 hex digits."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def differences(self, newer: "Plan") -> list[str]:
        """What changed from this plan to the newer one, in sentences for stewards."""
        said = []
        before = {m.golden_id: m for m in self.members}
        after = {m.golden_id: m for m in newer.members}
        said += [f"goldenRecords/{i} left the plan" for i in before if i not in after]
        said += [f"goldenRecords/{i} joined the plan" for i in after if i not in before]
        for golden_id in before.keys() & after.keys():
            said += _record_differences(before[golden_id], after[golden_id])
        if self.survivor_id != newer.survivor_id:
            said.append(f"the survivor is now goldenRecords/{newer.survivor_id}")
        if self.field_choices != newer.field_choices:
            said.append("the field choices changed")
        if self.policy_version != newer.policy_version:
            said.append(f"the policy is now version {newer.policy_version}")
        return sorted(said)


def _record_differences(before: PlanMember, after: PlanMember) -> list[str]:
    old = {r.key: r.version for r in before.records}
    new = {r.key: r.version for r in after.records}
    said = [f"{key.name} left goldenRecords/{before.golden_id}" for key in old.keys() - new.keys()]
    said += [f"{key.name} joined goldenRecords/{before.golden_id}" for key in new.keys() - old.keys()]
    said += [f"{key.name} was written" for key in old.keys() & new.keys() if old[key] != new[key]]
    if not said and before.version != after.version:
        said.append(f"goldenRecords/{before.golden_id} was written")
    return said


def proposal_type(goldens: Sequence[GoldenRecord]) -> ProposalType:
    """Which type of proposal joins these golden records; refuses kinds that do not go together (8.5)."""
    kinds = {golden.kind for golden in goldens}
    accounts = [g for g in goldens if g.kind is RecordKind.ACCOUNT]
    personal = {g.person_account for g in accounts}
    if len(personal) > 1:
        raise InvalidInput.at("golden_records", "a company's account and a person account do not merge")
    if {RecordKind.CONTACT, RecordKind.ACCOUNT} <= kinds and personal != {True}:
        raise InvalidInput.at(
            "golden_records",
            "a contact merges into a person account only; it belongs to a company's account, it is not one",
        )
    if RecordKind.LEAD in kinds and len(kinds) > 1:
        return ProposalType.CONVERSION
    return ProposalType.MERGE


def default_survivor(goldens: Sequence[GoldenRecord], policy: Policy, now: datetime) -> GoldenRecord:
    """The golden record that survives unless somebody chooses: account over contact over lead, mastered
    over provisional, live over name over dead, then the most members, then the oldest.
    """
    return min(goldens, key=lambda golden: _survivor_rank(golden, policy, now))


_KIND_RANK = {RecordKind.ACCOUNT: 0, RecordKind.CONTACT: 1, RecordKind.LEAD: 2}
_CLASS_RANK = {LeadClass.LIVE: 0, LeadClass.NAME: 1, LeadClass.DEAD: 2}


def _survivor_rank(golden: GoldenRecord, policy: Policy, now: datetime) -> tuple[object, ...]:
    lead = golden_lead_class(golden.members, policy, now)
    return (
        _KIND_RANK[golden.kind],
        account_state(golden.members, policy) is not AccountState.MASTERED,
        _CLASS_RANK[lead[0]] if lead else 0,
        -len(golden.active_members),
        golden.row.create_time,
        golden.golden_id,
    )


def make_plan(
    goldens: Sequence[GoldenRecord], survivor_id: str, field_choices: Sequence[FieldChoice], policy: Policy
) -> Plan:
    """The plan that merges these live golden records, checked whole; every violation is named."""
    violations = _plan_violations(goldens, survivor_id, field_choices)
    if violations:
        raise InvalidInput(violations)
    return Plan(
        type=proposal_type(goldens),
        members=tuple(
            PlanMember(
                golden_id=golden.golden_id,
                kind=golden.kind,
                version=golden.row.version,
                records=tuple(
                    PlanRecord(r.key, r.version) for r in sorted(golden.members, key=lambda r: r.key)
                ),
            )
            for golden in sorted(goldens, key=lambda g: g.golden_id)
        ),
        survivor_id=survivor_id,
        field_choices=tuple(sorted(field_choices, key=lambda c: c.field)),
        policy_version=policy.version,
    )


def _plan_violations(
    goldens: Sequence[GoldenRecord], survivor_id: str, field_choices: Sequence[FieldChoice]
) -> list[Violation]:
    violations = []
    if not MIN_MEMBERS <= len(goldens) <= MAX_MEMBERS:
        violations.append(
            Violation(
                "golden_records",
                f"a merge joins {MIN_MEMBERS} to {MAX_MEMBERS} different golden records, not {len(goldens)}",
            )
        )
    for golden in goldens:
        if golden.row.state is not GoldenState.LIVE:
            where = (
                f"; it lives on in goldenRecords/{golden.row.successor_id}" if golden.row.successor_id else ""
            )
            violations.append(Violation("golden_records", f"{golden.name} is {golden.row.state}{where}"))
    survivor = next((g for g in goldens if g.golden_id == survivor_id), None)
    if survivor is None:
        violations.append(Violation("survivor", "must be one of golden_records"))
    elif min(_KIND_RANK[g.kind] for g in goldens) < _KIND_RANK[survivor.kind]:
        violations.append(
            Violation("survivor", f"a {survivor.kind} does not survive over a contact or account (rule 8.5)")
        )
    return violations + _choice_violations(goldens, field_choices)


def _choice_violations(
    goldens: Sequence[GoldenRecord], field_choices: Sequence[FieldChoice]
) -> list[Violation]:
    groups = {spec.group for spec in FIELDS.values() if spec.group}
    records = {r.key: r for golden in goldens for r in golden.active_members}
    violations = []
    seen: set[str] = set()
    for choice in field_choices:
        where = f"field_choices[{choice.field}]"
        if choice.field in seen:
            violations.append(Violation(where, "stands twice; choose one record"))
        seen.add(choice.field)
        if not is_known_field(choice.field) and choice.field not in groups:
            violations.append(Violation(where, "no such field or field group"))
        elif choice.record not in records:
            violations.append(Violation(where, f"{choice.record.name} is no active member of this plan"))
    return violations
