"""Sign-ins that a browser has begun at the provider and not come back from.

The cookie of the browser says which they are; what proves them, the nonce and the PKCE verifier, is made of
the state with the console's secret and never leaves the console. So nothing is kept here that a flood of
beginnings could fill.
"""

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from dedup_service.console.security.sealed import BrokenSealError, Seal

BEGINNINGS_COOKIE = "dedup_signing_in"
BEGINNING_SECONDS = 10 * 60
# Of one browser, as in several tabs; the oldest are left out.
_MAX_BEGINNINGS = 5
_MAX_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class Beginning:
    """One sign-in: its `state`, `nonce` and `verifier`, and the address that it leads on `to`."""

    state: str
    nonce: str
    verifier: str
    to: str


class Beginnings:
    """Makes, finds and drops the beginnings of a browser."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._seal = Seal(secret, "signing-in")
        self._clock = clock

    def begun(self, cookie: str, to: str) -> tuple[Beginning, str]:
        """One more of the browser with this cookie, and the cookie with it. A long address is dropped."""
        state = secrets.token_urlsafe(32)
        to = to if len(to) <= _MAX_ADDRESS else ""
        kept = [*self._read(cookie), (state, to, int(self._clock()))][-_MAX_BEGINNINGS:]
        return self._beginning(state, to), self._seal.close(kept)

    def ended(self, cookie: str, state: str) -> tuple[Beginning | None, str]:
        """The beginning with that state, and the cookie without it; None where there is none."""
        kept, found = [], None
        for each in self._read(cookie):
            if compare_digest(each[0].encode(), state.encode()):
                found = self._beginning(each[0], each[1])
            else:
                kept.append(each)
        return found, self._seal.close(kept)

    def _read(self, cookie: str) -> list[tuple[str, str, int]]:
        try:
            found = self._seal.open(cookie)
        except BrokenSealError:
            return []
        now = self._clock()
        return [(state, to, begun) for state, to, begun in found if now - begun <= BEGINNING_SECONDS]

    def _beginning(self, state: str, to: str) -> Beginning:
        return Beginning(state, self._derived("nonce", state), self._derived("verifier", state), to)

    def _derived(self, what: str, state: str) -> str:
        """43 characters that only the holder of the secret can know."""
        made = hmac.digest(self._secret, f"dedup-console {what} {state}".encode(), "sha256")
        return urlsafe_b64encode(made).rstrip(b"=").decode()
