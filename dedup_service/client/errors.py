"""What the service refuses, as one typed error.

Calls on the stubs of `DedupClient`, their futures and streams too, raise `ServiceError`, with the
`grpc.RpcError` as its cause. Callers with a channel of their own give their error to `explain`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "dedup-service"
_DETAILS_KEY = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that stands in the way: the field, rule or approval it is about, and what to do."""

    subject: str
    description: str


class ServiceError(Exception):
    """The service did not carry a call out; `str()` is a sentence to show.

    `reason` is a name of the proto enum `ErrorReason` without its prefix, or empty where the call never
    reached the service. `metadata` is that of the error, as `error_reason.proto` lists it. `violations` are
    those of `BadRequest` and `PreconditionFailure`. `resource` is the name of what was not found.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        metadata: Mapping[str, str] | None = None,
        violations: tuple[Violation, ...] = (),
        resource: str = "",
        retry_seconds: float | None = None,
    ) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata: Mapping[str, str] = metadata or {}
        self.violations = violations
        self.resource = resource
        self.retry_seconds = retry_seconds
        super().__init__(message)

    @property
    def unreachable(self) -> bool:
        """Whether nothing that answers as this service was reached."""
        return self.code is grpc.StatusCode.UNAVAILABLE and not self.reason


def explain(error: grpc.RpcError) -> ServiceError:
    """The typed error of any failed call; a call that never reached a service gives one without a reason."""
    # Every RpcError that a call raises is a Call too; the type of the error does not say so.
    call: Any = error
    is_call = isinstance(call, grpc.Call)
    code: grpc.StatusCode = call.code() if is_call else grpc.StatusCode.UNKNOWN
    text: str = call.details() if is_call else str(error)
    status = _status(call.trailing_metadata() if is_call else None)
    reason, metadata, resource = "", dict[str, str](), ""
    retry_seconds: float | None = None
    violations: list[Violation] = []
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        bad = error_details_pb2.BadRequest()
        failure = error_details_pb2.PreconditionFailure()
        what = error_details_pb2.ResourceInfo()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            violations += [Violation(each.field, each.description) for each in bad.field_violations]
        elif detail.Unpack(failure):
            violations += [
                Violation(each.subject or each.type, each.description) for each in failure.violations
            ]
        elif detail.Unpack(what):
            resource = what.resource_name
        elif detail.Unpack(retry):
            retry_seconds = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    message = status.message or text or code.name
    return ServiceError(code, reason, message, metadata, tuple(violations), resource, retry_seconds)


def _status(trailing: Iterable[tuple[str, str | bytes]] | None) -> status_pb2.Status:
    """The `google.rpc.Status` in the trailing metadata, or an empty one."""
    for key, value in trailing or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status()
