"""How a record enters matching: as a person or as a company."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import scoring
from dedup_service.domain.records import RecordDraft, RecordKind

_PERSON_FIELDS = ("given_name", "family_name", "full_name", "middle_name")


def entity_of(kind: RecordKind, values: Mapping[str, str], person_account: bool = False) -> scoring.Entity:
    """Whether the record stands for a person or a company.

    Contacts and person accounts are people, other accounts companies; a lead is a person as soon as it
    names one, since the company it works for is not who it is.
    """
    if kind is RecordKind.CONTACT or (kind is RecordKind.ACCOUNT and person_account):
        return scoring.Entity.PERSON
    if kind is RecordKind.ACCOUNT:
        return scoring.Entity.COMPANY
    if any(values.get(name, "").strip() for name in _PERSON_FIELDS):
        return scoring.Entity.PERSON
    return scoring.Entity.COMPANY if values.get("company_name", "").strip() else scoring.Entity.PERSON


def comparable_of(draft: RecordDraft) -> scoring.Comparable:
    """The normalised form of a record that scoring compares."""
    return scoring.prepare(draft.values, entity_of(draft.kind, draft.values, draft.person_account))


@cache
def way_of_preparing() -> bytes:
    """Eight bytes that change with what `comparable_of` makes of a draft, and at times without need."""
    here = (resources.files("dedup_service.domain") / "matching.py").read_bytes()
    return hashlib.blake2b(scoring.preparation_fingerprint() + here, digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A draft to be stored, what matching compares of it, and the golden record that it joins."""

    draft: RecordDraft
    comparable: scoring.Comparable
    golden_id: str
