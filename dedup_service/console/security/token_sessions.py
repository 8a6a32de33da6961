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
# Who proved who they are no longer ago may end sessions of other browsers.
PROVEN_SECONDS = 5 * 60
_MAX_BROWSER = 200
# Of all people together; who has not been seen longest is signed out first.
MAX_SESSIONS = 10_000


@dataclass(slots=True)
class TokenSession:
    """The session of one person, for good; its tokens are renewed under `lock` alone.

    `browser` is what theirs called itself; `proven_seconds` as of `SignedIn`.
    """

    id: str = field(repr=False)
    principal: str
    display_name: str
    subject: str
    form_token: str = field(repr=False)
    tokens: Tokens
    begin_seconds: float
    used_seconds: float
    proven_seconds: float
    browser: str
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def name(self) -> str:
        """What a page may call it: it opens nothing."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:16]

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

    def begin(self, who: SignedIn, principal: str, display_name: str, browser: str = "") -> str:
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
            proven_seconds=who.proven_seconds,
            browser=browser[:_MAX_BROWSER],
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
            if self._has_ended(found, now):
                del self._sessions[found.id]
                return None
            found.used_seconds = now
            self._sessions.move_to_end(found.id)
            return found

    def others(self, session: TokenSession) -> list[TokenSession]:
        """The other sessions of the same person that have not ended, the last used first."""
        now = self._clock()
        with self._lock:
            return [
                each
                for each in reversed(self._sessions.values())
                if (each.principal, each.subject) == (session.principal, session.subject)
                and each is not session
                and not self._has_ended(each, now)
            ]

    def is_proven(self, session: TokenSession) -> bool:
        """Whether its person proved a moment ago who they are."""
        return abs(self._clock() - session.proven_seconds) <= PROVEN_SECONDS

    def _has_ended(self, session: TokenSession, now: float) -> bool:
        return now - session.begin_seconds > SESSION_SECONDS or now - session.used_seconds > IDLE_SECONDS

    def end(self, session: TokenSession) -> None:
        """No cookie opens it from now on."""
        with self._lock:
            self._sessions.pop(session.id, None)

    def is_over(self, session: TokenSession) -> bool:
        """Whether it was ended meanwhile, as by another tab."""
        with self._lock:
            return session.id not in self._sessions
