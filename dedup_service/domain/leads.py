"""Lead class and account state, computed with the reason and never typed in (domain 2.1, 4.3)."""

from collections.abc import Iterable
from datetime import datetime

from dedup_service.domain.policy import Policy
from dedup_service.domain.records import AccountState, LeadClass, Record, RecordDraft, RecordKind


def latest_time(draft: RecordDraft, fact_name: str) -> datetime | None:
    """The latest time that a record states as this fact; None when it states none."""
    times = [fact.time for fact in draft.facts if fact.name == fact_name and fact.time is not None]
    return max(times, default=None)


def fact_text(draft: RecordDraft, fact_name: str) -> str:
    """The text that a record states as this fact; empty when it states none."""
    return next((fact.text or "" for fact in draft.facts if fact.name == fact_name), "")


def reachable(draft: RecordDraft) -> bool:
    """Whether anybody could be reached: an e-mail with an @, a phone with digits, or a street and a place."""
    values = draft.values
    if any("@" in values.get(name, "") for name in ("email", "secondary_email")):
        return True
    if any(sum(c.isdigit() for c in values.get(name, "")) >= 6 for name in ("phone", "mobile_phone")):
        return True
    has_place = any(values.get(name, "").strip() for name in ("city", "postal_code"))
    return bool(values.get("street", "").strip()) and has_place


def lead_class(draft: RecordDraft, policy: Policy, now: datetime) -> tuple[LeadClass, str]:
    """The class of one lead record at `now`, and why.

    A request after a disqualification makes the lead LIVE again; the disqualification stays a fact.
    """
    requested = latest_time(draft, "requested")
    disqualified = latest_time(draft, "disqualified")
    if disqualified is not None and (requested is None or requested <= disqualified):
        why = fact_text(draft, "disqualified_reason") or "no reason given"
        return LeadClass.DEAD, f"disqualified on {disqualified:%Y-%m-%d}: {why}"
    if not reachable(draft):
        return LeadClass.DEAD, "nobody can be reached: no usable e-mail, phone or postal address"
    if requested is None:
        return LeadClass.NAME, "has never asked for anything"
    found = LeadClass.NAME if now - requested > policy.lead_dormant_after else LeadClass.LIVE
    return found, asking_reason(found, requested)


def asking_reason(lead_class: LeadClass, requested: datetime) -> str:
    """Why a lead that asked at this time, and is not dead, is LIVE or NAME."""
    if lead_class is LeadClass.LIVE:
        return f"asked on {requested:%Y-%m-%d}"
    return f"last asked on {requested:%Y-%m-%d}: dormant"


_WARMTH = {LeadClass.DEAD: 0, LeadClass.NAME: 1, LeadClass.LIVE: 2}


def golden_lead_class(
    members: Iterable[Record], policy: Policy, now: datetime
) -> tuple[LeadClass, str] | None:
    """The warmest class among the active members, with its record named; None when one is no lead."""
    classes = []
    for record in members:
        if not record.active:
            continue
        if record.kind is not RecordKind.LEAD:
            return None
        found, why = lead_class(record.draft, policy, now)
        classes.append((_WARMTH[found], record.name, found, why))
    if not classes:
        return None
    _, name, found, why = max(classes)
    return found, f"{name} {why}"


def account_state(members: Iterable[Record], policy: Policy) -> AccountState | None:
    """MASTERED when a customer-master source gives a customer number; None when no member is an account.

    A customer number from any other source does not count: only finance's books can say it (C-2).
    """
    accounts = [r for r in members if r.active and r.kind is RecordKind.ACCOUNT]
    if not accounts:
        return None
    if any(mastered(record, policy) for record in accounts):
        return AccountState.MASTERED
    return AccountState.PROVISIONAL


def mastered(record: Record, policy: Policy) -> bool:
    """Whether this record is an account with a customer number of the customer master."""
    in_master = policy.source(record.key.source).customer_master
    return (
        record.active
        and record.kind is RecordKind.ACCOUNT
        and in_master
        and bool(record.draft.values.get("customer_number", "").strip())
    )
