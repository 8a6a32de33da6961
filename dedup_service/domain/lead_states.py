"""What the facts of a lead record come to, kept beside the record: a million can be asked at once.

Nothing here depends on the moment or on the policy but the class, which is the one last told: it changes with
time, and `workflows.attending` then says so.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.attention import last_touch
from dedup_service.domain.leads import fact_text, latest_time, lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import LeadClass, Owner, Record

MAX_WORDS_CODE_POINTS = 200
_KEY_BYTES = 8


@dataclass(frozen=True, slots=True)
class LeadState:
    """One lead record at one version: its class, whom it waits for since when, and how it died if it did.

    The owner is in three parts, as sources state one. Free texts have `words`, each with a number that is the
    same however the text is cased and spaced, 0 for none. `age_days` are whole days from its request to its
    disqualification, or from when the store first saw it where it never asked before that; None where neither
    is known.
    """

    record_no: int
    version: int
    owner: str
    function: str
    queue: str
    lead_class: LeadClass
    requested_time: datetime | None
    touch_time: datetime | None
    disqualified_time: datetime | None
    age_days: int | None
    reason: str
    reason_key: int
    step: str
    step_key: int
    lead_source: str
    lead_source_key: int


def words(text: str) -> tuple[str, int]:
    """A text without needless space, its first 200 code points, and its number."""
    found = " ".join(text.split())[:MAX_WORDS_CODE_POINTS].rstrip()
    if not found:
        return "", 0
    digest = hashlib.blake2b(found.casefold().encode(), digest_size=_KEY_BYTES).digest()
    return found, int.from_bytes(digest, "big", signed=True)


def lead_state(record: Record, policy: Policy, now: datetime) -> LeadState:
    """The state of a lead record, with its class as it is at `now`."""
    draft = record.draft
    owner = draft.owner or Owner()
    requested = latest_time(draft, "requested")
    disqualified = latest_time(draft, "disqualified")
    reason, reason_key = words(fact_text(draft, "disqualified_reason") if disqualified else "")
    step, step_key = words(fact_text(draft, "disqualified_step") if disqualified else "")
    lead_source, lead_source_key = words(draft.values.get("lead_source", ""))
    return LeadState(
        record_no=record.record_no,
        version=record.version,
        owner=owner.principal,
        function=owner.function,
        queue=owner.queue,
        lead_class=lead_class(draft, policy, now)[0],
        requested_time=requested,
        touch_time=last_touch(draft, record.update_time),
        disqualified_time=disqualified,
        age_days=_age_days(disqualified, requested, record.create_time),
        reason=reason,
        reason_key=reason_key,
        step=step,
        step_key=step_key,
        lead_source=lead_source,
        lead_source_key=lead_source_key,
    )


def _age_days(disqualified: datetime | None, requested: datetime | None, create_time: datetime) -> int | None:
    if disqualified is None:
        return None
    # Of a lead that came back only the new request is known; of one that was imported dead, no first day is.
    began = [time for time in (requested, create_time) if time is not None and time <= disqualified]
    return (disqualified - began[0]).days if began else None
