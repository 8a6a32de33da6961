"""Keeping what somebody prefers."""

from starlette.responses import Response

from dedup_service.console.preferences import KEPT_SECONDS, LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from dedup_service.console.views.addresses import is_local
from dedup_service.console.visit import Visit


def keep(visit: Visit) -> Response:
    """Keep what was chosen, and go back to where it was chosen."""
    to = visit.text("to")
    answer = visit.redirect(to if is_local(to) else "/")
    language, theme = visit.text("language", 20), visit.text("theme", 20)
    if language in visit.parts.languages:
        _keep(visit, answer, LANGUAGE_COOKIE, language)
    if theme in THEMES:
        _keep(visit, answer, THEME_COOKIE, theme)
    elif theme:
        visit.parts.cookies.forget(answer, THEME_COOKIE)
    return answer


def _keep(visit: Visit, answer: Response, name: str, value: str) -> None:
    visit.parts.cookies.keep(answer, name, value, KEPT_SECONDS)
