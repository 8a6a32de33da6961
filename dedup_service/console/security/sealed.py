"""Cookies that a browser keeps and nobody reads there: what they hold may be of people."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_NONCE_BYTES = 12


class BrokenSealError(ValueError):
    """The text was not sealed here, or not for this, or was changed since."""


class Seal:
    """Seals for one purpose, by a key of its own made of the secret (AES-256-GCM, HKDF-SHA-256)."""

    def __init__(self, secret: str, purpose: str) -> None:
        derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"dedup-console {purpose}".encode())
        self._cipher = AESGCM(derived.derive(secret.encode()))

    def close(self, content: Any) -> str:
        """What JSON can hold, as text for a cookie."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, json.dumps(content).encode(), None)
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, text: str) -> Any:
        """What was sealed.

        Raises:
            BrokenSealError: it was not sealed by this one.
        """
        try:
            data = urlsafe_b64decode(text.encode("ascii"))
            return json.loads(self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None))
        # Not ASCII and not base64 are a ValueError, and so is a nonce that is too short.
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError from error
