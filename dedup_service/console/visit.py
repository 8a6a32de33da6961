"""What a page function gets: who asks, for what, in which language, and the means to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dedup_service.client import DedupClient
from dedup_service.console.options import Person
from dedup_service.console.preferences import THEME_COOKIE, theme_of
from dedup_service.console.rendering import Renderer
from dedup_service.console.said import Said, SaidCookies
from dedup_service.console.security.cookies import Cookies
from dedup_service.console.security.sessions import Session
from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.languages import Language
from dedup_service.console.texts.names import Names

SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Parts:
    """What all visits share.

    `origin` is where forms come from; empty where it is that of the request. `is_demo` says that whoever
    reaches the console can be anybody.
    """

    renderer: Renderer
    languages: Mapping[str, Language]
    people: tuple[Person, ...]
    cookies: Cookies
    said_cookies: SaidCookies
    origin: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `desk` calls the service as the visitor; nobody but they have their rights.

    `form` is empty unless the request is a POST, whose origin and token were checked before.
    """

    request: Request
    parts: Parts
    session: Session | None
    person: Person | None
    client: DedupClient | None
    form: FormData
    language: Language
    formats: Formats
    names: Names

    @property
    def desk(self) -> DedupClient:
        assert self.client is not None, "a page for everybody asks the service nothing"
        return self.client

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def is_partial(self) -> bool:
        """Whether a part of a page is asked for, by a script, and not a whole one."""
        return self.request.headers.get("hx-request") == "true"

    def text(self, name: str, most: int = 2000) -> str:
        """A field of the form as text, without spaces around it; empty where there is none. Longer is cut."""
        value = self.form.get(name, "")
        return value.strip()[:most] if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Every field of the form with that name."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page or part of one. Templates also get `visit`, `_`, `formats` (as `f`) and `names` (as `n`)."""
        said = None if self.is_partial else self.parts.said_cookies.read(self.request)
        context = {
            "visit": self,
            "f": self.formats,
            "n": self.names,
            "person": self.person,
            "session": self.session,
            "said": said,
            "theme": theme_of(self.parts.cookies.read(self.request, THEME_COOKIE)),
            "now": datetime.now(UTC),
            **values,
        }
        answer = HTMLResponse(self.parts.renderer.render(template, self.language, context), status)
        if said is not None:
            self.parts.said_cookies.forget(answer)
        return answer

    def redirect(self, url: str, said: Said | None = None) -> Response:
        """To another page of ours after a form; what was said is shown there once."""
        answer = RedirectResponse(url, SEE_OTHER)
        if said is not None:
            self.parts.said_cookies.keep(answer, said)
        return answer
