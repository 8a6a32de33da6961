"""Sessions in a signed cookie: who is signed in, and the token that each of their forms carries.

The cookie is signed and not secret: it holds a name and a random token. A session ends twelve hours after
sign-in, whatever is done in it.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from itsdangerous import BadSignature, URLSafeSerializer

SESSION_COOKIE = "dedup_session"
SESSION_SECONDS = 12 * 60 * 60


@dataclass(frozen=True, slots=True)
class Session:
    """`principal` as in `users/ann`; `token` goes with every form."""

    principal: str
    token: str

    def allows(self, token: str) -> bool:
        """Whether a form carries the token of this session."""
        return compare_digest(self.token.encode(), token.encode())


class Sessions:
    """Makes and reads the cookie."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._signer = URLSafeSerializer(
            secret, salt="dedup-console-session", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._clock = clock

    def begin(self, principal: str) -> str:
        """The cookie of a new session; never one that was there before somebody signed in."""
        return self._signer.dumps([principal, secrets.token_urlsafe(24), int(self._clock())])

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None where there is none, it is not ours, or it has ended."""
        try:
            principal, token, begin_seconds = self._signer.loads(cookie)
        except BadSignature:
            return None
        if self._clock() - begin_seconds > SESSION_SECONDS:
            return None
        return Session(principal, token)
