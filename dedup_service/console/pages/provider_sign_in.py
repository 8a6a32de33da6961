"""Signing in at the provider, and out again, here and there."""

import logging
from contextlib import suppress
from dataclasses import dataclass

import grpc
from starlette.responses import Response

from dedup_service.client import DedupClient, ServiceError
from dedup_service.console.pages import problems
from dedup_service.console.security.beginnings import (
    BEGINNING_SECONDS,
    BEGINNINGS_COOKIE,
    Beginning,
    Beginnings,
)
from dedup_service.console.security.provider import (
    Provider,
    ProviderError,
    ProviderUnreachableError,
    SignedIn,
    SignInRefusedError,
)
from dedup_service.console.security.sessions import SESSION_COOKIE, SESSION_SECONDS
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.addresses import is_local
from dedup_service.console.visit import Visit
from dedup_service.console.visitors import TokenVisitors
from dedup_service.v1.identity_service_pb2 import Caller, GetCallerRequest

LOG = logging.getLogger(__name__)
_MAX_ANSWER = 4096
_NOT_BEGUN = _(
    "This sign-in was not begun in this browser, was used before, or took more than ten minutes. Begin again."
)
_NOT_PROVEN = _("What the sign-in of your company answered does not prove who you are. Begin again.")
_UNKNOWN = _(
    "Your company says who you are, but the merge desk does not know you yet. Ask whoever runs it to add "
    "you, or sign in as somebody else."
)


@dataclass(frozen=True, slots=True)
class ProviderSignIn:
    """The pages of the sign-in; `url` is what browsers know the console by."""

    provider: Provider
    visitors: TokenVisitors
    beginnings: Beginnings
    connection: DedupClient
    url: str

    def show(self, visit: Visit) -> Response:
        """The page that leads to the provider: nobody is sent there without having asked."""
        to = visit.query.get("to", "")
        return self._page(visit, to=to)

    def start(self, visit: Visit) -> Response:
        """To the provider, and remember in this browser that it was asked for."""
        to = visit.query.get("to", "")
        if visit.request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            # A link elsewhere would sign in whoever follows it, where the provider asks nobody again.
            return self._page(visit, to=to)
        cookies = visit.parts.cookies
        beginning, cookie = self.beginnings.begun(
            cookies.read(visit.request, BEGINNINGS_COOKIE), to if is_local(to) else ""
        )
        address = self.provider.sign_in_address(
            beginning.state, beginning.nonce, beginning.verifier, again="again" in visit.query
        )
        answer = visit.redirect(address)
        cookies.keep(answer, BEGINNINGS_COOKIE, cookie, BEGINNING_SECONDS)
        return answer

    def finish(self, visit: Visit) -> Response:
        """Begin a session of whom the provider's answer stands for."""
        cookies = visit.parts.cookies
        state = visit.query.get("state", "")
        beginning, cookie = self.beginnings.ended(cookies.read(visit.request, BEGINNINGS_COOKIE), state)
        if beginning is None:
            return self._page(visit, 400, visit.language(_NOT_BEGUN))
        try:
            answer = self._finished(visit, beginning)
        except ServiceError as error:
            answer = problems.service_problem(visit, error)
        except ProviderUnreachableError as error:
            answer = problems.provider_unreachable(visit, error)
        cookies.keep(answer, BEGINNINGS_COOKIE, cookie, BEGINNING_SECONDS)
        return answer

    def _finished(self, visit: Visit, beginning: Beginning) -> Response:
        query = visit.query
        try:
            self.provider.check_issuer(query.get("iss"))
            if query.get("error"):
                return self._page(visit, 403, *_told(visit))
            code = query.get("code", "")[:_MAX_ANSWER]
            who = self.provider.signed_in(code, beginning.verifier, beginning.nonce)
        except SignInRefusedError as error:
            # Its code is one of ours or of RFC 6749; what came with it may hold anything.
            LOG.warning("a sign-in was refused: %s", "".join(filter(str.isalnum, error.code))[:40])
            return self._page(visit, 403, visit.language(_NOT_PROVEN))
        caller = self._caller(who)
        if caller is None:
            # Not by name: it is the provider's, and in no directory of ours.
            LOG.warning("somebody signed in at the provider whom the service does not know")
            with suppress(ProviderError):
                self.provider.revoke(who.tokens)
            return self._page(visit, 403, visit.language(_UNKNOWN), may_sign_out=True)
        return self._begun(visit, who, caller, beginning.to)

    def _caller(self, who: SignedIn) -> Caller | None:
        """As whom the service knows them; None where it does not."""
        try:
            return self.connection.bearing(who.tokens.access).identity.GetCaller(GetCallerRequest())
        except ServiceError as error:
            if error.code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}:
                return None
            raise

    def _begun(self, visit: Visit, who: SignedIn, caller: Caller, to: str) -> Response:
        sessions = self.visitors.sessions
        before = self.visitors.found(visit.request)
        if before is not None:
            sessions.end(before)
        answer = visit.redirect(to if is_local(to) else "/inbox")
        browser = visit.request.headers.get("user-agent", "")
        cookie = sessions.begin(who, caller.name, who.display_name, browser)
        visit.parts.cookies.keep(answer, SESSION_COOKIE, cookie, SESSION_SECONDS)
        LOG.info("signed in at the provider", extra={"principal": caller.name})
        return answer

    def sign_out(self, visit: Visit) -> Response:
        """End the session here, take its tokens back, and lead to the provider, to end theirs too."""
        session = self.visitors.found(visit.request)
        away = ""
        if session is not None:
            self.visitors.sessions.end(session)
            LOG.info("signed out", extra={"principal": session.principal})
            with suppress(ProviderError):
                self.provider.revoke(session.tokens)
        with suppress(ProviderError):
            away = self.provider.sign_out_address(f"{self.url}/sign-in")
        # A page that leads on, for a form may be redirected to no other site: `form-action` in the headers.
        answer = visit.render("signed_out.html.jinja", away=away)
        visit.parts.cookies.end(answer, SESSION_COOKIE)
        return answer

    def _page(
        self,
        visit: Visit,
        status: int = 200,
        problem: str = "",
        quoted: str = "",
        *,
        to: str = "",
        may_sign_out: bool = False,
    ) -> Response:
        away = ""
        if may_sign_out:
            with suppress(ProviderError):
                away = self.provider.sign_out_address(f"{self.url}/sign-in")
        start = addresses.with_query("/sign-in/start", {"to": to if is_local(to) else ""})
        return visit.render(
            "sign_in_provider.html.jinja",
            status=status,
            start=start,
            problem=problem,
            quoted=quoted,
            away=away,
        )


def _told(visit: Visit) -> tuple[str, str]:
    """What happened, and the words of the provider, whose answer is to this browser's own sign-in."""
    query = visit.query
    words = " ".join(filter(None, (query.get("error", ""), query.get("error_description", ""))))
    return visit.language(_("The sign-in of your company refused. It says:")), words[:500]
