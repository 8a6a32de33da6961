"""RevisionTokens: a place in the order of all commits as opaque text, marked with the store it belongs to.

The text is base64url of: form (1 byte), store tag (6), revision (8), ordinal (4), checksum (4).
"""

import base64
import binascii
import hashlib
import struct

from dedup_service.domain.errors import InvalidInput
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.workflows.following import LAST_ORDINAL, Position

_FORM = 1
_BODY = struct.Struct(">B6sQI")
_CHECKSUM = struct.Struct(">I")
_MAX_REVISION = 2**63 - 1


class ForeignTokenError(Exception):
    """The token is well formed and was made by another store."""


class RevisionTokens:
    """Makes and reads the tokens of one store."""

    def __init__(self, store_id: str) -> None:
        self._tag = hashlib.sha256(store_id.encode()).digest()[:6]

    def message(self, revision: int) -> RevisionToken:
        """The token of a whole write: what comes after it has not been seen yet."""
        return self.at(Position(revision))

    def at(self, position: Position) -> RevisionToken:
        """The token of a place, which may lie within a write."""
        body = _BODY.pack(_FORM, self._tag, position.revision, position.ordinal)
        whole = body + _CHECKSUM.pack(binascii.crc32(body))
        return RevisionToken(token=base64.urlsafe_b64encode(whole).decode().rstrip("="))

    def revision(self, message: RevisionToken, at: str) -> int:
        """The revision that a read must see; 0 without a token.

        Raises:
            InvalidInput: the text is no token of this store.
        """
        try:
            position = self.position(message, at)
        except ForeignTokenError:
            raise InvalidInput.at(at, "is a token of another store") from None
        return position.revision if position is not None else 0

    def position(self, message: RevisionToken, at: str) -> Position | None:
        """The place that the token marks; None without a token.

        Raises:
            InvalidInput: the text is no token.
            ForeignTokenError: it is one of another store.
        """
        if not message.token:
            return None
        body = _decoded(message.token)
        if body is None:
            raise InvalidInput.at(at, "is not a token of this service; send one as it was received")
        form, tag, revision, ordinal = _BODY.unpack(body)
        if form != _FORM or revision > _MAX_REVISION or ordinal > LAST_ORDINAL:
            raise InvalidInput.at(at, "is not a token of this service; send one as it was received")
        if tag != self._tag:
            raise ForeignTokenError
        return Position(revision, ordinal)


def _decoded(text: str) -> bytes | None:
    """The body of a token that is well formed to the last bit."""
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    if len(whole) != _BODY.size + _CHECKSUM.size:
        return None
    if base64.urlsafe_b64encode(whole).decode().rstrip("=") != text:
        return None
    body = whole[: _BODY.size]
    return body if _CHECKSUM.unpack(whole[_BODY.size :])[0] == binascii.crc32(body) else None
