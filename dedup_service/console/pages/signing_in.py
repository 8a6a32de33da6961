"""Signing in to the demo: pick who you are. Whoever reaches this page can be anybody."""

from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from dedup_service.console.pages import problems
from dedup_service.console.security.sessions import SESSION_COOKIE, SESSION_SECONDS, Sessions
from dedup_service.console.views.addresses import is_local
from dedup_service.console.visit import Visit


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """The pages of the demo sign-in."""

    sessions: Sessions

    def choose(self, visit: Visit) -> Response:
        """The people to choose from, by the first of their functions."""
        people = sorted(visit.parts.people, key=lambda one: one.functions[:1])
        groups = [
            (functions[0] if functions else "", list(members))
            for functions, members in groupby(people, key=lambda one: one.functions[:1])
        ]
        to = visit.query.get("to", "")
        return visit.render("sign_in.html.jinja", groups=groups, to=to if is_local(to) else "")

    def sign_in(self, visit: Visit) -> Response:
        """Begin a session as one of them."""
        name = visit.text("principal", 300)
        if name not in {person.name for person in visit.parts.people}:
            why = visit.language("There is nobody of that name. Pick one of the list.")
            return problems.refused(visit, why)
        to = visit.text("to")
        answer = visit.redirect(to if is_local(to) else "/inbox")
        visit.parts.cookies.keep(answer, SESSION_COOKIE, self.sessions.begin(name), SESSION_SECONDS)
        return answer

    def sign_out(self, visit: Visit) -> Response:
        """End the session in this browser."""
        answer = visit.redirect("/sign-in")
        visit.parts.cookies.end(answer, SESSION_COOKIE)
        return answer
