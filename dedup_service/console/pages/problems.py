"""What went wrong, where, and what to do: as a page, or as a part of one."""

import logging
from dataclasses import dataclass, field

import grpc
from starlette.responses import Response

from dedup_service.client import ServiceError, Violation
from dedup_service.console.security.provider import ProviderUnreachableError
from dedup_service.console.texts.languages import later as _
from dedup_service.console.visit import Visit

LOG = logging.getLogger(__name__)

_STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.OUT_OF_RANGE: 410,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_TITLES = {
    400: _("That cannot be read"),
    401: _("You are not signed in"),
    403: _("You may not do that"),
    404: _("There is nothing here"),
    405: _("That cannot be opened as a page"),
    409: _("That is not possible now"),
    410: _("That is too long ago"),
    413: _("The form is too large"),
    429: _("Too much at once"),
    503: _("The service cannot be reached"),
    504: _("The service takes too long"),
}
_ADVICE = {
    401: _("Sign in, and try again."),
    404: _("The address may be mistyped, or what it was about is gone. Nothing was changed."),
    405: _("Go back, and use the button of the page."),
    409: _("Look at it again: it may have changed since you opened it."),
    429: _("Wait a moment, and try again."),
    503: _("Nothing was lost. Try again in a moment; if it stays so, tell whoever runs the service."),
    504: _("It may or may not have been done: look before you repeat it."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`title` says what, `detail` where and why, `advice` what to do."""

    status: int
    title: str
    detail: str
    advice: str
    reason: str = ""
    violations: tuple[Violation, ...] = field(default=())


def service_problem(visit: Visit, error: ServiceError) -> Response:
    """The page of a refusal of the service."""
    status = _STATUSES.get(error.code, 500)
    detail = "" if error.unreachable else error.message
    return _page(visit, _problem(visit, status, detail, error.reason, error.violations))


def refused(visit: Visit, why: str) -> Response:
    """The page of a form that the console itself does not take."""
    return _page(visit, _problem(visit, 403, visit.language(why)))


def provider_unreachable(visit: Visit, error: ProviderUnreachableError) -> Response:
    """The page where the OpenID provider is needed and does not answer; the log has what happened."""
    LOG.warning("nobody can sign in at the provider: %s", error)
    detail = visit.language("The sign-in of your company does not answer.")
    return _page(visit, _problem(visit, 503, detail))


def http_problem(visit: Visit, status: int) -> Response:
    """The page of an address or a request that the console does not know."""
    return _page(visit, _problem(visit, status, ""))


def unexpected(visit: Visit) -> Response:
    """The page of a fault of our own. It says nothing of the fault, whose text may hold personal values."""
    return _page(visit, _problem(visit, 500, ""))


def _problem(
    visit: Visit, status: int, detail: str, reason: str = "", violations: tuple[Violation, ...] = ()
) -> Problem:
    say = visit.language
    title = say(_TITLES.get(status, _("Something went wrong")))
    advice = say(_ADVICE.get(status, _("Look whether it was done before you repeat it.")))
    if status in {400, 403}:
        advice = ""
    return Problem(status, title, detail, advice, reason, violations)


def _page(visit: Visit, problem: Problem) -> Response:
    template = "parts/problem.html.jinja" if visit.is_partial else "problem.html.jinja"
    return visit.render(template, status=problem.status, problem=problem)
