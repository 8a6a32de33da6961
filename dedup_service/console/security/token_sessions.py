"""Sessions of people who signed in at the provider: kept in this process, with their tokens.

A browser holds nothing but the signed id of its session. The console that is started again knows no session:
everybody signs in anew, which the provider mostly answers without asking.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from itsdangerous import BadSignature, URLSafeSerializer

from dedup_service.console.security.provider import SignedIn, Tokens
from dedup_service.console.security.sessions import SESSION_SECONDS, Session

IDLE_SECONDS = 60 * 60
# Of all people together; who has not been seen longest is signed out first.
MAX_SESSIONS = 10_000


@dataclass(slots=True)
class TokenSession:
    """The session of one person, for good; its tokens are renewed under `lock` alone."""

    id: str = field(repr=False)
    principal: str
    display_name: str
    subject: str
    form_token: str = field(repr=False)
    tokens: Tokens
    begin_seconds: float
    used_seconds: float
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def session(self) -> Session:
        return Session(self.principal, self.form_token)


class TokenSessions:
    """Begins, finds and ends them; they end an hour after they were last used, and after twelve anyway."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._signer = URLSafeSerializer(
            secret, salt="dedup-console-token-session", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._clock = clock
        self._lock = Lock()
        # In order of their last use.
        self._sessions: OrderedDict[str, TokenSession] = OrderedDict()

    def begin(self, who: SignedIn, principal: str, display_name: str) -> str:
        """The cookie of a new session; never one that was there before somebody signed in."""
        now = self._clock()
        made = TokenSession(
            id=secrets.token_urlsafe(32),
            principal=principal,
            display_name=display_name,
            subject=who.subject,
            form_token=secrets.token_urlsafe(24),
            tokens=who.tokens,
            begin_seconds=now,
            used_seconds=now,
        )
        with self._lock:
            self._sessions[made.id] = made
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return self._signer.dumps(made.id)

    def find(self, cookie: str) -> TokenSession | None:
        """The session of a cookie; None where there is none, it is not ours, or it has ended."""
        try:
            session_id = self._signer.loads(cookie)
        except BadSignature:
            return None
        now = self._clock()
        with self._lock:
            found = self._sessions.get(session_id)
            if found is None:
                return None
            if now - found.begin_seconds > SESSION_SECONDS or now - found.used_seconds > IDLE_SECONDS:
                del self._sessions[found.id]
                return None
            found.used_seconds = now
            self._sessions.move_to_end(found.id)
            return found

    def end(self, session: TokenSession) -> None:
        """No cookie opens it from now on."""
        with self._lock:
            self._sessions.pop(session.id, None)

    def is_over(self, session: TokenSession) -> bool:
        """Whether it was ended meanwhile, as by another tab."""
        with self._lock:
            return session.id not in self._sessions
