"""Every way the service refuses, as one tree; `rpc/errors.py` alone maps it to status codes.

DedupError
  InvalidInput             INVALID_FIELD        every violation at once
  Unauthenticated          UNAUTHENTICATED_PRINCIPAL, TOKEN_EXPIRED
  PermissionRefused        NOT_AN_APPROVER, SELF_APPROVAL, MISSING_ROLE
  NotFound                 RESOURCE_NOT_FOUND
  EtagMismatch             ETAG_MISMATCH        says what changed
  JobRunning               JOB_RUNNING          names the run that is active
  StateNotAllowed          STATE_NOT_ALLOWED
  Vetoed                   VETOED               one line a veto rule
  ApprovalsMissing         APPROVALS_MISSING    one line a missing approval
  RequestIdReused          REQUEST_ID_REUSED
  ResumeTokenExpired       RESUME_TOKEN_EXPIRED
  LimitExceeded            LIMIT_EXCEEDED
  DeadlinePassed           DEADLINE_PASSED
  Unavailable
    StoreUnavailable       STORE_UNAVAILABLE
    IndexUnavailable       INDEX_UNAVAILABLE
    ProviderUnavailable    PROVIDER_UNAVAILABLE
    ServiceStopping        SERVICE_STOPPING
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from dedup_service.domain.records import Violation


class Reason(StrEnum):
    """Machine-readable reasons; the same names as the proto enum `ErrorReason`."""

    INVALID_FIELD = "INVALID_FIELD"
    UNAUTHENTICATED_PRINCIPAL = "UNAUTHENTICATED_PRINCIPAL"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - a reason, not a password
    NOT_AN_APPROVER = "NOT_AN_APPROVER"
    SELF_APPROVAL = "SELF_APPROVAL"
    MISSING_ROLE = "MISSING_ROLE"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    ETAG_MISMATCH = "ETAG_MISMATCH"
    JOB_RUNNING = "JOB_RUNNING"
    STATE_NOT_ALLOWED = "STATE_NOT_ALLOWED"
    VETOED = "VETOED"
    APPROVALS_MISSING = "APPROVALS_MISSING"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    RESUME_TOKEN_EXPIRED = "RESUME_TOKEN_EXPIRED"  # noqa: S105 - a reason, not a password
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    INDEX_UNAVAILABLE = "INDEX_UNAVAILABLE"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    SERVICE_STOPPING = "SERVICE_STOPPING"


class DedupError(Exception):
    """Root of the tree; `str()` is the sentence for the caller and holds no personal value (F-3)."""

    reason: Reason


class InvalidInput(DedupError):
    """The request cannot be carried out as written; all violations are named."""

    reason = Reason.INVALID_FIELD

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations: tuple[Violation, ...] = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in self.violations))

    @classmethod
    def at(cls, field: str, description: str) -> "InvalidInput":
        """An error with one violation."""
        return cls([Violation(field, description)])


class Unauthenticated(DedupError):
    """Nobody, or nobody we know, is calling; `challenge` asks for proof as WWW-Authenticate does."""

    def __init__(
        self, message: str, reason: Reason = Reason.UNAUTHENTICATED_PRINCIPAL, challenge: str = ""
    ) -> None:
        self.reason = reason
        self.challenge = challenge
        super().__init__(message)


class PermissionRefused(DedupError):
    """The principal may not do this; says which function could."""

    def __init__(self, reason: Reason, message: str, functions: Iterable[str] = ()) -> None:
        self.reason = reason
        self.functions = tuple(functions)
        super().__init__(message)


class NotFound(DedupError):
    """No resource of that name was ever made."""

    reason = Reason.RESOURCE_NOT_FOUND

    def __init__(self, resource_type: str, name: str) -> None:
        self.resource_type = resource_type
        self.resource_name = name
        super().__init__(f"{resource_type} {name} does not exist")


class EtagMismatch(DedupError):
    """What the caller saw is no longer so; `changes` says what changed since."""

    reason = Reason.ETAG_MISMATCH

    def __init__(self, name: str, current_etag: str, changes: Sequence[str] = ()) -> None:
        self.resource_name = name
        self.current_etag = current_etag
        self.changes = tuple(changes)
        what = "; ".join(self.changes) or "it was written since"
        super().__init__(f"{name} is not as you saw it: {what}. Read it again and decide on what it is now")


class JobRunning(DedupError):
    """A run of the cleanup job is active already; a job has one at a time."""

    reason = Reason.JOB_RUNNING

    def __init__(self, name: str, run_name: str) -> None:
        self.resource_name = name
        self.run_name = run_name
        super().__init__(f"{run_name} has not ended: wait for it, or cancel it")


class StateNotAllowed(DedupError):
    """The resource is in a state that does not allow the call."""

    reason = Reason.STATE_NOT_ALLOWED

    def __init__(self, name: str, state: str, message: str) -> None:
        self.resource_name = name
        self.state = state
        super().__init__(message)


class Vetoed(DedupError):
    """A veto rule stops the merge whatever the votes (domain 7.6)."""

    reason = Reason.VETOED

    def __init__(self, name: str, vetoes: Sequence[tuple[str, str]]) -> None:
        self.resource_name = name
        self.vetoes = tuple(vetoes)
        super().__init__("vetoed: " + "; ".join(text for _, text in self.vetoes))


class ApprovalsMissing(DedupError):
    """The vote is not complete; one entry a missing approval: (function, sentence)."""

    reason = Reason.APPROVALS_MISSING

    def __init__(self, name: str, missing: Sequence[tuple[str, str]]) -> None:
        self.resource_name = name
        self.missing = tuple(missing)
        # One sentence may be said for several functions.
        said = "; ".join(dict.fromkeys(text for _, text in self.missing))
        super().__init__(f"approvals are missing: {said}")


class RequestIdReused(DedupError):
    """The request id was used before with other content."""

    reason = Reason.REQUEST_ID_REUSED

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        super().__init__(
            f"request_id {request_id} was used before for another request; make a new id for a new request"
        )


class ResumeTokenExpired(DedupError):
    """The token is older than the oldest change kept, or not of this store."""

    reason = Reason.RESUME_TOKEN_EXPIRED

    def __init__(self, oldest_revision: int, message: str) -> None:
        self.oldest_revision = oldest_revision
        super().__init__(message)


class LimitExceeded(DedupError):
    """A limit that acts before work (F-2)."""

    reason = Reason.LIMIT_EXCEEDED


class DeadlinePassed(DedupError):
    """The time that the answer may take is over; what was under way is rolled back, unless it was just being
    committed: a write may be repeated with its request_id.
    """

    reason = Reason.DEADLINE_PASSED


class Unavailable(DedupError):
    """A server we depend on is away; the call may be repeated with its request_id."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class StoreUnavailable(Unavailable):
    """PostgreSQL does not answer or refuses writes."""

    reason = Reason.STORE_UNAVAILABLE


class IndexUnavailable(Unavailable):
    """Redis or Valkey does not answer."""

    reason = Reason.INDEX_UNAVAILABLE


class ProviderUnavailable(Unavailable):
    """What proves who is calling cannot be had: the provider of tokens does not answer."""

    reason = Reason.PROVIDER_UNAVAILABLE


class ServiceStopping(Unavailable):
    """The service is being stopped: streams end, and may be taken up again elsewhere or later."""

    reason = Reason.SERVICE_STOPPING
