"""Page tokens: the cursor of a list, enciphered so that it tells nothing and works in its own list only.

A cursor may name a record that the caller may not read. The seal covers the whole request but its page
fields, `min_revision` and `request_id`: nothing of a token reaches a query before the seal has been checked.
"""

import base64
import hashlib
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from google.protobuf.message import Message

from dedup_service.domain.errors import InvalidInput

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
_MAX_TOKEN_CHARACTERS = 4096
_NOT_CONTENT = ("page_size", "page_token", "min_revision", "request_id")
_cursors = msgspec.json.Decoder(tuple[str, ...])


class _Paged(Protocol):
    @property
    def page_size(self) -> int: ...

    @property
    def page_token(self) -> str: ...


def page_size(request: _Paged) -> int:
    """How many items the caller wants: 50 when not said, at most 1,000."""
    if request.page_size < 0:
        raise InvalidInput.at("page_size", "must not be negative")
    return min(request.page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


class PageTokens:
    """Seals and opens the cursors of the lists of one store."""

    def __init__(self, store_id: str) -> None:
        self._cipher = AESSIV(hashlib.sha512(b"page tokens of " + store_id.encode()).digest())

    def cursor(self, request: Message) -> tuple[str, ...] | None:
        """The cursor that the page token of a list request holds; None on the first page."""
        token: str = getattr(request, "page_token")  # noqa: B009  # a list request; Message has no such attribute to a type checker
        if not token:
            return None
        refused = InvalidInput.at(
            "page_token", "is not the next_page_token of this list with all else unchanged"
        )
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise refused
        try:
            whole = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
            content = self._cipher.decrypt(whole, _asked(request))
        except (ValueError, InvalidTag):
            raise refused from None
        return _cursors.decode(content)

    def next(self, request: Message, cursor: tuple[str, ...] | None) -> str:
        """The token of the page after this cursor; empty when there is none."""
        if cursor is None:
            return ""
        sealed = self._cipher.encrypt(msgspec.json.encode(cursor), _asked(request))
        return base64.urlsafe_b64encode(sealed).decode()


def _asked(request: Message) -> list[bytes]:
    """What a token is sealed to: the list, and all of the request that says which."""
    asked = type(request)()
    asked.CopyFrom(request)
    for name in _NOT_CONTENT:
        if name in asked.DESCRIPTOR.fields_by_name:
            asked.ClearField(name)
    return [asked.DESCRIPTOR.full_name.encode(), asked.SerializeToString(deterministic=True)]
