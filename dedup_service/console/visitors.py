"""Who a request comes from: somebody of the demo, or somebody who signed in at the provider."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import grpc
from starlette.requests import Request

from dedup_service.client import DedupClient, ServiceError
from dedup_service.console.options import Person
from dedup_service.console.security.cookies import Cookies
from dedup_service.console.security.provider import Provider, ProviderError, SignInRefusedError, Tokens
from dedup_service.console.security.sessions import SESSION_COOKIE, Session, Sessions
from dedup_service.console.security.token_sessions import TokenSession, TokenSessions
from dedup_service.v1.identity_service_pb2 import Caller, GetCallerRequest

# A token that ends so soon is renewed first: the call that carries it takes its time.
RENEWAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, and the client that calls as them and as nobody else."""

    session: Session
    person: Person
    client: DedupClient


class Visitors(Protocol):
    """Tells who a request comes from. It may ask the provider and the service, so it blocks."""

    def visitor(self, request: Request) -> Visitor | None:
        """Who is signed in; None where nobody is.

        Raises:
            ProviderUnreachableError: the session needs the provider, which does not answer.
            ServiceError: the service does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class DemoVisitors:
    """Those who picked who they are; whoever is no longer among the people is signed out."""

    people: Mapping[str, Person]
    sessions: Sessions
    cookies: Cookies
    connection: DedupClient

    def visitor(self, request: Request) -> Visitor | None:
        """Who picked to be whom in this browser."""
        session = self.sessions.read(self.cookies.read(request, SESSION_COOKIE))
        person = self.people.get(session.principal) if session is not None else None
        if session is None or person is None:
            return None
        return Visitor(session, person, self.connection.acting_as(person.name))


@dataclass(frozen=True, slots=True)
class TokenVisitors:
    """Those who signed in at the provider; what they may do is what the service says at this moment."""

    sessions: TokenSessions
    provider: Provider
    cookies: Cookies
    connection: DedupClient
    clock: Callable[[], float] = time.time

    def found(self, request: Request) -> TokenSession | None:
        """The session of this browser, whatever its tokens are worth."""
        return self.sessions.find(self.cookies.read(request, SESSION_COOKIE))

    def visitor(self, request: Request) -> Visitor | None:
        """Who signed in in this browser, with a token that has not ended."""
        session = self.found(request)
        if session is None or not self._renewed(session):
            return None
        tokens = session.tokens
        try:
            caller = self._caller(tokens)
            # Some providers say that a token lasts longer than it does.
            if caller is None and self._renewed(session, instead_of=tokens):
                tokens = session.tokens
                caller = self._caller(tokens)
        except ServiceError as error:
            if error.code is not grpc.StatusCode.PERMISSION_DENIED:
                raise
            caller = None
        if caller is None or caller.name != session.principal:
            # A session is of one person for good, whatever becomes of their token.
            self.sessions.end(session)
            return None
        client = self.connection.bearing(tokens.access)
        return Visitor(session.session, person_of(caller, session.display_name), client)

    def _caller(self, tokens: Tokens) -> Caller | None:
        """As whom the service knows the bearer of these; None where it takes them no longer."""
        try:
            return self.connection.bearing(tokens.access).identity.GetCaller(GetCallerRequest())
        except ServiceError as error:
            if error.code is grpc.StatusCode.UNAUTHENTICATED:
                return None
            raise

    def _renewed(self, session: TokenSession, instead_of: Tokens | None = None) -> bool:
        """Whether its tokens can be used: other ones than those that were refused, if any were.

        Two tabs renew them once, for a refresh token often counts once.
        """
        with session.lock:
            if self.sessions.is_over(session):
                return False
            if instead_of is not None and session.tokens is not instead_of:
                return True
            is_lasting = session.tokens.end_seconds - self.clock() > RENEWAL_SECONDS
            if is_lasting and instead_of is None:
                return True
            try:
                if not session.tokens.refresh:
                    raise SignInRefusedError("no_refresh_token")
                session.tokens = self.provider.refreshed(session.tokens, session.subject)
            except ProviderError as error:
                if instead_of is None and session.tokens.end_seconds > self.clock():
                    return True
                if not isinstance(error, SignInRefusedError):
                    raise
                self.sessions.end(session)
                return False
            return True


def person_of(caller: Caller, display_name: str = "") -> Person:
    """A principal of the service as a page shows them."""
    return Person(caller.name, display_name or caller.display_name or caller.name, tuple(caller.functions))
