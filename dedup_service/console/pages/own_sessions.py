"""One's own sessions in all browsers, and the end of those that one is not in.

Whoever finds an open console could end the sessions of its person elsewhere, so that asks for a sign-in of a
moment ago.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from dedup_service.console.said import Said
from dedup_service.console.security.provider import Provider, ProviderError
from dedup_service.console.security.token_sessions import TokenSession
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.browsers import browser_name
from dedup_service.console.visit import Visit
from dedup_service.console.visitors import TokenVisitors

LOG = logging.getLogger(__name__)
_HERE = "/sessions"
# What the form says instead of the name of one.
_ALL_OTHERS = "all-others"


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session as the page shows it."""

    name: str
    browser: str
    began: datetime
    used: datetime


@dataclass(frozen=True, slots=True)
class OwnSessions:
    """The page, and its form."""

    provider: Provider
    visitors: TokenVisitors

    def show(self, visit: Visit) -> Response:
        """All sessions of the visitor; others can be ended for a while after a sign-in."""
        here = self.visitors.found(visit.request)
        if here is None:
            return visit.redirect("/sign-in")
        may_end = self.visitors.sessions.is_proven(here)
        return visit.render(
            "own_sessions.html.jinja",
            current=_shown(here),
            others=[_shown(each) for each in self.visitors.sessions.others(here)],
            may_end=may_end,
            # They have been there, and it said nothing of when they proved who they are.
            is_unproven="again" in visit.query and not may_end,
            again=addresses.with_query("/sign-in/start", {"to": f"{_HERE}?again=1", "again": "1"}),
            all_others=_ALL_OTHERS,
        )

    def end(self, visit: Visit) -> Response:
        """End one session of the visitor, or all but this one; done twice it is done once."""
        here = self.visitors.found(visit.request)
        if here is None:
            return visit.redirect("/sign-in")
        if not self.visitors.sessions.is_proven(here):
            late = visit.language(_("Nothing was ended: sign in again first."))
            return visit.redirect(_HERE, Said(late, is_good=False))
        name = visit.text("session", 64)
        wanted = [each for each in self.visitors.sessions.others(here) if name in (each.name, _ALL_OTHERS)]
        for each in wanted:
            self._end(each)
        if not wanted:
            gone = visit.language(_("That session had ended already. Nothing more was done."))
            return visit.redirect(_HERE, Said(gone, is_good=False))
        count = len(wanted)
        words = visit.language.count("{count} session is ended.", "{count} sessions are ended.", count)
        return visit.redirect(_HERE, Said(words.format(count=visit.formats.number(count))))

    def _end(self, session: TokenSession) -> None:
        self.visitors.sessions.end(session)
        LOG.info("a session was ended from another one", extra={"principal": session.principal})
        with suppress(ProviderError):
            self.provider.revoke(session.tokens)


def _shown(session: TokenSession) -> ShownSession:
    return ShownSession(
        session.name,
        browser_name(session.browser),
        datetime.fromtimestamp(session.begin_seconds, UTC),
        datetime.fromtimestamp(session.used_seconds, UTC),
    )
