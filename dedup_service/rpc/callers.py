"""Who calls, and the request that a write is remembered by."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.message import Message

from dedup_service.domain.errors import InvalidInput, Unauthenticated
from dedup_service.domain.principals import Principal, Principals
from dedup_service.workflows.ports import Request

METADATA_KEY = "dedup-principal"
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_ADVICE = f"send the metadata {METADATA_KEY}: users/NAME or services/NAME"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a call, and the method that they call."""

    principal: Principal
    method: str

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


def find_principal(metadata: Iterable[tuple[str, str | bytes]], principals: Principals) -> Principal:
    """The principal that the metadata of a call names.

    Raises:
        Unauthenticated: none is named, more than one, or one that is not known.
    """
    named = [value for key, value in metadata if key == METADATA_KEY]
    if len(named) != 1:
        raise Unauthenticated(f"the call names no single principal: {_ADVICE}")
    principal = principals.find(named[0]) if isinstance(named[0], str) else None
    if principal is None:
        raise Unauthenticated(f"the principal is not one that the service knows: {_ADVICE}")
    return principal
