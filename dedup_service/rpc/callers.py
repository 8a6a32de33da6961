"""Who calls, and the request that a write is remembered by."""

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from grpc.aio import ServicerContext

from dedup_service.domain.errors import InvalidInput, Reason, ServiceStopping, Unauthenticated
from dedup_service.domain.principals import Principal, Principals
from dedup_service.workflows.authentication import Credentials, Proven
from dedup_service.workflows.ports import Request

METADATA_KEY = "dedup-principal"
AUTHORIZATION_KEY = "authorization"
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_ADVICE = f"send the metadata {METADATA_KEY}: users/NAME or services/NAME"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a call, the method that they call, and until when the proof of who they are counts.

    `end_seconds` are since 1970; None where it has no end.
    """

    principal: Principal
    method: str
    end_seconds: float | None = None

    def request(self, message: Message, request_id: str, at: str = "request_id") -> Request:
        """The identity of a write: repeated with the same id and content it is answered again.

        Raises:
            InvalidInput: the request id is not 1 to 64 printable ASCII characters.
        """
        if not request_id:
            return Request(self.principal.name, self.method)
        if not _REQUEST_ID.fullmatch(request_id):
            raise InvalidInput.at(at, "must be 1 to 64 printable ASCII characters without space; a UUID is")
        digest = hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
        return Request(self.principal.name, self.method, request_id, digest)


def check_still(caller: Caller, principals: Principals) -> None:
    """End a stream that would outlive what its caller was let in by.

    Raises:
        Unauthenticated: the proof has expired, or the principal is known no more.
        ServiceStopping: they hold other functions now, or answer for other sources: they may call again.
    """
    if caller.end_seconds is not None and time.time() > caller.end_seconds:
        raise Unauthenticated(
            "what proved the caller of this stream has expired: call again", Reason.TOKEN_EXPIRED
        )
    was, now = caller.principal, principals.find(caller.principal.name)
    if now is None:
        raise Unauthenticated("the principal is no longer one that the service knows")
    if (now.functions, now.sources) != (was.functions, was.sources):
        raise ServiceStopping("what the caller of this stream may see has changed: call again")


class BelievedCallers:
    """Implements `workflows.authentication.Authentication` by believing what callers say: for a demo, on an
    address that nobody else reaches.
    """

    believes = True

    def __init__(self, principals: Principals) -> None:
        self._principals = principals

    def knows(self, given: Credentials) -> bool:
        return self._found(given) is not None

    def _found(self, given: Credentials) -> Principal | None:
        found = [self._principals.find(name) for name in given.names if isinstance(name, str)]
        return found[0] if len(given.names) == len(found) == 1 else None

    async def proven(self, given: Credentials) -> Proven:
        if len(given.names) != 1:
            raise Unauthenticated(f"the call names no single principal: {_ADVICE}")
        principal = self._found(given)
        if principal is None:
            raise Unauthenticated(f"the principal is not one that the service knows: {_ADVICE}")
        return Proven(principal)


def credentials_of(context: "ServicerContext[Any, Any]") -> Credentials:
    """What came with a call."""
    metadata = context.invocation_metadata() or ()
    return Credentials(
        names=tuple(value for key, value in metadata if key == METADATA_KEY),
        authorizations=tuple(value for key, value in metadata if key == AUTHORIZATION_KEY),
        certificate=next(iter(context.auth_context().get("x509_pem_cert", ())), b""),
    )
