"""The way of every request from the browser to a page function, and of its answer back.

A page function is synchronous and runs in a thread: the client of the service is, and templates take their
time. Nothing is changed by anything but a POST from a page of ours.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dedup_service.client import ServiceError
from dedup_service.console.pages import problems
from dedup_service.console.preferences import LANGUAGE_COOKIE, ZONE_COOKIE
from dedup_service.console.security.origins import is_same_origin
from dedup_service.console.security.provider import ProviderUnreachableError
from dedup_service.console.texts.formats import Formats, zone_of
from dedup_service.console.texts.languages import accepted_tag
from dedup_service.console.texts.languages import later as _
from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.console.visit import SEE_OTHER, Parts, Visit
from dedup_service.console.visitors import Visitor, Visitors

LOG = logging.getLogger(__name__)
PageFunction = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

# A bulk decision carries two fields for each of 500 proposals.
MAX_FORM_FIELDS = 2_000
MAX_FORM_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """Makes visits of requests; `visitors` tells whose they are."""

    parts: Parts
    visitors: Visitors

    def to(self, show: PageFunction) -> Endpoint:
        """The endpoint of a page for people who are signed in."""
        return self._endpoint(show, for_everybody=False)

    def to_everybody(self, show: PageFunction) -> Endpoint:
        """The endpoint of a page that needs no sign-in, such as the sign-in itself."""
        return self._endpoint(show, for_everybody=True)

    def _endpoint(self, show: PageFunction, *, for_everybody: bool) -> Endpoint:
        async def answer(request: Request) -> Response:
            form = await _form(request)
            return await run_in_threadpool(self._answer, show, request, form, for_everybody=for_everybody)

        return answer

    def _answer(
        self, show: PageFunction, request: Request, form: FormData, *, for_everybody: bool
    ) -> Response:
        try:
            visitor = self.visitors.visitor(request)
        except (ServiceError, ProviderUnreachableError) as error:
            # Nobody can say who it is: for the pages of everybody that is as good as nobody.
            if not for_everybody:
                return _unknown_visitor(self._visit(request, form, None), error)
            visitor = None
        visit = self._visit(request, form, visitor)
        if not for_everybody and visitor is None:
            return _to_sign_in(request)
        refusal = _refusal(visit)
        if refusal:
            who = visitor.session.principal if visitor is not None else ""
            LOG.warning(
                "a form was refused: of another page, or of another session", extra={"principal": who}
            )
            return problems.refused(visit, refusal)
        return _shown(show, visit)

    def _visit(self, request: Request, form: FormData, visitor: Visitor | None) -> Visit:
        cookies = self.parts.cookies
        tag = cookies.read(request, LANGUAGE_COOKIE)
        if tag not in self.parts.languages:
            tag = accepted_tag(request.headers.get("accept-language", ""), self.parts.languages)
        language = self.parts.languages[tag]
        return Visit(
            request=request,
            parts=self.parts,
            session=visitor.session if visitor is not None else None,
            person=visitor.person if visitor is not None else None,
            client=visitor.client if visitor is not None else None,
            form=form,
            language=language,
            formats=Formats(language.locale, zone_of(cookies.read(request, ZONE_COOKIE))),
            names=Names(language, {one.name: one.display_name for one in self.parts.people}),
        )

    async def problem(self, request: Request, error: Exception) -> Response:
        """The page of an error that starlette raises: no such address, no such method."""
        assert isinstance(error, HTTPException), "it is registered for these"
        return await run_in_threadpool(self._http_problem, request, error.status_code)

    def _http_problem(self, request: Request, status: int) -> Response:
        try:
            visitor = self.visitors.visitor(request)
        except (ServiceError, ProviderUnreachableError):
            visitor = None
        return problems.http_problem(self._visit(request, FormData(), visitor), status)


async def _form(request: Request) -> FormData:
    if request.method != "POST":
        return FormData()
    length = request.headers.get("content-length", "")
    # What comes in chunks is as long as it likes, whatever length is said beside them.
    is_bounded = length.isdecimal() and "transfer-encoding" not in request.headers
    if not is_bounded or int(length) > MAX_FORM_BYTES:
        raise HTTPException(413)
    # No form of ours is one, and a charset of its parts can be any codec of Python.
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise HTTPException(400)
    try:
        return await request.form(max_fields=MAX_FORM_FIELDS, max_files=0)
    except MultiPartException as error:
        raise HTTPException(400) from error


def _unknown_visitor(visit: Visit, error: ServiceError | ProviderUnreachableError) -> Response:
    if isinstance(error, ServiceError):
        return problems.service_problem(visit, error)
    return problems.provider_unreachable(visit, error)


def _refusal(visit: Visit) -> str:
    """Why a form is not taken; empty when it is."""
    if visit.request.method != "POST":
        return ""
    if not is_same_origin(visit.request, visit.parts.origin):
        return _("This form did not come from a page of the console, so nothing was done.")
    token = visit.form.get("token", "")
    if visit.session is not None and not (isinstance(token, str) and visit.session.allows(token)):
        return _(
            "This page is from another session, so nothing was done. Open it again, and decide once more."
        )
    return ""


def _shown(show: PageFunction, visit: Visit) -> Response:
    try:
        return show(visit)
    except ServiceError as error:
        return problems.service_problem(visit, error)
    except HTTPException as error:
        return problems.http_problem(visit, error.status_code)
    except ProviderUnreachableError as error:
        return problems.provider_unreachable(visit, error)
    except Exception as error:  # noqa: BLE001  a traceback may hold personal values, and the visitor needs a page
        LOG.error("%s failed with %s", visit.request.scope["route"].path, type(error).__name__)  # noqa: TRY400  the same
        return problems.unexpected(visit)


def _to_sign_in(request: Request) -> Response:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = asked if request.method == "GET" else ""
    url = addresses.with_query("/sign-in", {"to": back})
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
    return RedirectResponse(url, SEE_OTHER)
