"""The one place where refusals become statuses: code, ErrorInfo and the detail that docs/api.md promises.

A status travels in trailers of 8 KB, so each list in it is cut to a budget and says how much it left out.
"""

import logging
import traceback
import uuid
from collections.abc import Iterable, Mapping, Sequence

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status

from dedup_service.domain.errors import (
    ApprovalsMissing,
    DedupError,
    EtagMismatch,
    InvalidInput,
    JobRunning,
    NotFound,
    PermissionRefused,
    Reason,
    RequestIdReused,
    ResumeTokenExpired,
    StateNotAllowed,
    Unauthenticated,
    Unavailable,
    Vetoed,
)
from dedup_service.domain.records import Violation
from dedup_service.rpc.revision_tokens import RevisionTokens

DOMAIN = "dedup-service"
STATUS_METADATA_KEY = "grpc-status-details-bin"
RETRY_SECONDS = 1
_MESSAGE_BYTES = 400
_METADATA_BYTES = 300
_LINE_BYTES = 300
_LIST_BYTES = 2400

_log = logging.getLogger(__name__)

_CODES: Mapping[Reason, int] = {
    Reason.INVALID_FIELD: code_pb2.INVALID_ARGUMENT,
    Reason.UNAUTHENTICATED_PRINCIPAL: code_pb2.UNAUTHENTICATED,
    Reason.TOKEN_EXPIRED: code_pb2.UNAUTHENTICATED,
    Reason.NOT_AN_APPROVER: code_pb2.PERMISSION_DENIED,
    Reason.SELF_APPROVAL: code_pb2.PERMISSION_DENIED,
    Reason.MISSING_ROLE: code_pb2.PERMISSION_DENIED,
    Reason.RESOURCE_NOT_FOUND: code_pb2.NOT_FOUND,
    Reason.ETAG_MISMATCH: code_pb2.ABORTED,
    Reason.JOB_RUNNING: code_pb2.ABORTED,
    Reason.STATE_NOT_ALLOWED: code_pb2.FAILED_PRECONDITION,
    Reason.VETOED: code_pb2.FAILED_PRECONDITION,
    Reason.APPROVALS_MISSING: code_pb2.FAILED_PRECONDITION,
    Reason.REQUEST_ID_REUSED: code_pb2.ALREADY_EXISTS,
    Reason.RESUME_TOKEN_EXPIRED: code_pb2.OUT_OF_RANGE,
    Reason.LIMIT_EXCEEDED: code_pb2.RESOURCE_EXHAUSTED,
    Reason.DEADLINE_PASSED: code_pb2.DEADLINE_EXCEEDED,
    Reason.STORE_UNAVAILABLE: code_pb2.UNAVAILABLE,
    Reason.INDEX_UNAVAILABLE: code_pb2.UNAVAILABLE,
    Reason.PROVIDER_UNAVAILABLE: code_pb2.UNAVAILABLE,
    Reason.SERVICE_STOPPING: code_pb2.UNAVAILABLE,
}


class OverloadedError(Exception):
    """The service, or one caller, has more under way than it may; nothing was done.

    `str()` is the sentence for the caller, `retry_seconds` how long to wait before the next attempt.
    """

    def __init__(self, why: str, retry_seconds: float = RETRY_SECONDS) -> None:
        self.retry_seconds = retry_seconds
        super().__init__(why)


def status_of(error: Exception, method: str, tokens: RevisionTokens) -> Status:
    """The status that a caller gets for what went wrong in a method."""
    if isinstance(error, DedupError):
        metadata, details = _described(error, tokens)
        return _status(_CODES[error.reason], str(error.reason), str(error), metadata, details)
    if isinstance(error, OverloadedError):
        details = [_retry_info(error.retry_seconds)]
        return _status(code_pb2.RESOURCE_EXHAUSTED, "OVERLOADED", str(error), {}, details)
    incident_id = uuid.uuid4().hex
    _log.error("incident %s in %s: %s", incident_id, method, _trace(error))
    text = f"a fault of the service; its log has more under {incident_id}"
    return _status(code_pb2.INTERNAL, "INTERNAL_ERROR", text, {"incident_id": incident_id}, [])


def _trace(error: BaseException) -> str:
    """Types and frames of an exception and its causes, without their messages: those may hold values."""
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        frames = "".join(traceback.format_tb(seen.__traceback__))
        parts.append(f"{type(seen).__module__}.{type(seen).__qualname__}\n{frames}")
        seen = seen.__cause__ or seen.__context__
    return "caused by ".join(parts)


def _described(error: DedupError, tokens: RevisionTokens) -> tuple[dict[str, str], list[Message]]:
    """The metadata of the ErrorInfo, and the standard detail of the reason."""
    metadata: dict[str, str] = {}
    details: list[Message] = []
    match error:
        case InvalidInput():
            details = [bad_request(error.violations)]
        case Unauthenticated() | PermissionRefused():
            metadata = _who_may(error)
        case NotFound():
            kind = f"{DOMAIN}/{error.resource_type}"
            details = [error_details_pb2.ResourceInfo(resource_type=kind, resource_name=error.resource_name)]
            metadata = {"resource": error.resource_name}
        case EtagMismatch():
            metadata = {
                "resource": error.resource_name,
                "current_etag": error.current_etag,
                "changes": "; ".join(error.changes),
            }
        case JobRunning():
            metadata = {"resource": error.resource_name, "run": error.run_name}
        case RequestIdReused():
            metadata = {"request_id": error.request_id}
        case ResumeTokenExpired():
            # The token after which everything that is kept comes.
            metadata = {"oldest_token": tokens.message(max(error.oldest_revision - 1, 0)).token}
        case Unavailable():
            details = [_retry_info()]
        case StateNotAllowed() | Vetoed() | ApprovalsMissing():
            metadata, failure = _precondition(error)
            details = [failure]
    return metadata, details


def _who_may(error: Unauthenticated | PermissionRefused) -> dict[str, str]:
    """Who may call, or how they prove that they are."""
    if isinstance(error, PermissionRefused):
        return {"functions": ",".join(error.functions)}
    return {"www_authenticate": error.challenge} if error.challenge else {}


def _precondition(
    error: StateNotAllowed | Vetoed | ApprovalsMissing,
) -> tuple[dict[str, str], error_details_pb2.PreconditionFailure]:
    """What stands in the way of a call that may be right at another time."""
    name = error.resource_name
    match error:
        case StateNotAllowed():
            failure = _precondition_failure("STATE", name, [(error.state, str(error))])
            return {"resource": name, "state": error.state}, failure
        case Vetoed():
            rules = ",".join(dict.fromkeys(rule for rule, _ in error.vetoes))
            return {"resource": name, "rules": rules}, _precondition_failure("VETO", name, error.vetoes)
        case ApprovalsMissing():
            functions = {function for function, _ in error.missing if function}
            failure = _precondition_failure("APPROVAL", name, _by_sentence(error.missing))
            return {"resource": name, "functions": ",".join(sorted(functions))}, failure


def _by_sentence(missing: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each sentence once, with all functions that could give what it asks for."""
    functions: dict[str, list[str]] = {}
    for function, sentence in missing:
        functions.setdefault(sentence, []).append(function)
    return [(",".join(sorted(found)), sentence) for sentence, found in functions.items()]


def bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    """Every violation with its field path, as far as a status has room for them."""
    found = error_details_pb2.BadRequest()
    for number, violation in enumerate(violations):
        if found.ByteSize() > _LIST_BYTES:
            left = len(violations) - number
            found.field_violations.add(field="", description=f"and {left} more violations")
            break
        found.field_violations.add(
            field=_cut(violation.field, _LINE_BYTES), description=_cut(violation.description, _LINE_BYTES)
        )
    return found


def _precondition_failure(
    kind: str, resource: str, violations: Iterable[tuple[str, str]]
) -> error_details_pb2.PreconditionFailure:
    """One violation for each rule or missing approval; `type` says which sort, then which one."""
    failure = error_details_pb2.PreconditionFailure()
    for name, sentence in violations:
        if failure.ByteSize() > _LIST_BYTES:
            failure.violations.add(type=kind, subject=resource, description="and more")
            break
        failure.violations.add(
            type=f"{kind}/{name}",
            subject=_cut(resource, _LINE_BYTES),
            description=_cut(sentence, _LINE_BYTES),
        )
    return failure


def _retry_info(seconds: float = RETRY_SECONDS) -> error_details_pb2.RetryInfo:
    delay = Duration()
    delay.FromNanoseconds(round(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _status(
    code: int, reason: str, text: str, metadata: Mapping[str, str], details: Iterable[Message]
) -> Status:
    info = error_details_pb2.ErrorInfo(
        reason=reason,
        domain=DOMAIN,
        metadata={key: _cut(value, _METADATA_BYTES) for key, value in metadata.items()},
    )
    status = Status(code=code, message=_cut(text, _MESSAGE_BYTES))
    for detail in (info, *details):
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _cut(text: str, most_bytes: int) -> str:
    """The text, cut at a character so that it takes at most so many bytes."""
    data = text.encode()
    if len(data) <= most_bytes:
        return text
    return data[: most_bytes - 3].decode(errors="ignore") + "..."
