"""Signing in to the demo: pick who you are. Whoever reaches this page can be anybody."""

from itertools import groupby

from starlette.responses import Response

from dedup_service.console.pages import problems
from dedup_service.console.security.sessions import SESSION_COOKIE, SESSION_SECONDS
from dedup_service.console.visit import Visit


def is_local(path: str) -> bool:
    """Whether this is an address of the console itself, to which a sign-in may lead on."""
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
        and "\\" not in path
    )


def choose(visit: Visit) -> Response:
    """The people to choose from, by the first of their functions."""
    people = sorted(visit.parts.people, key=lambda one: one.functions[:1])
    groups = [
        (functions[0] if functions else "", list(members))
        for functions, members in groupby(people, key=lambda one: one.functions[:1])
    ]
    to = visit.query.get("to", "")
    return visit.render("sign_in.html.jinja", groups=groups, to=to if is_local(to) else "")


def sign_in(visit: Visit) -> Response:
    """Begin a session as one of them."""
    name = visit.text("principal", 300)
    if name not in {person.name for person in visit.parts.people}:
        return problems.refused(visit, visit.language("There is nobody of that name. Pick one of the list."))
    to = visit.text("to")
    answer = visit.redirect(to if is_local(to) else "/inbox")
    answer.set_cookie(
        SESSION_COOKIE,
        visit.parts.sessions.begin(name),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=visit.request.url.scheme == "https",
        path="/",
    )
    return answer


def sign_out(visit: Visit) -> Response:
    """End the session in this browser."""
    answer = visit.redirect("/sign-in")
    answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax")
    return answer
