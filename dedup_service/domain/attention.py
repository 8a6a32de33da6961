"""Attention: what is told of leads whose class changes by itself, and of those nobody touches (2.1, 2.2).

A lead is unattended while it is LIVE and its last touch is longer ago than the policy's service level. A
touch is the later of what its facts say of the last request and of the last time that somebody dealt with it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dedup_service.domain.leads import latest_time
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import LeadClass, Owner, Record, RecordDraft


@dataclass(frozen=True, slots=True)
class LeadClassChange:
    """That a lead is of another class though nobody wrote it: time passed, or the policy is another."""

    before: LeadClass
    before_reason: str
    after: LeadClass
    after_reason: str


@dataclass(frozen=True, slots=True)
class Unattended:
    """That a LIVE lead was not touched within its service level, which ended at `due_time`."""

    last_touch_time: datetime
    due_time: datetime
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class UnattendedLead:
    """A LIVE lead past its service level; `told` once the change about this breach is out."""

    record: Record
    class_reason: str
    unattended: Unattended
    told: bool


@dataclass(frozen=True, slots=True)
class AttentionTimes:
    """The two times by which a policy tells at `now` who is LIVE and who is unattended.

    A lead that may be LIVE is so when it asked at `asked_since` or later; it is unattended when its last
    touch is before `touched_before`.
    """

    now: datetime
    asked_since: datetime
    touched_before: datetime
    service_level: timedelta

    @classmethod
    def of(cls, policy: Policy, now: datetime) -> "AttentionTimes":
        """The times of this policy at this moment."""
        level = policy.lead_service_level
        return cls(now, now - policy.lead_dormant_after, now - level, level)

    def unattended(self, touch_time: datetime, owner: Owner | None) -> Unattended:
        """What is told of a lead that was last touched then."""
        return Unattended(touch_time, touch_time + self.service_level, owner)


def last_touch(draft: RecordDraft, write_time: datetime) -> datetime | None:
    """When somebody last dealt with a lead, or when it last asked, whichever is later; None if nothing says
    so.

    Some systems give the date of the next appointment as that of the last activity: one that was still to
    come when the record was written counts as the time of that write, or the lead would not be missed for
    years.
    """
    touched, requested = latest_time(draft, "last_touched"), latest_time(draft, "requested")
    if touched is not None:
        touched = min(touched, write_time)
    return max((time for time in (touched, requested) if time is not None), default=None)
