"""The front door, and whether anybody is behind it."""

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from dedup_service.console.visit import SEE_OTHER, Visit


def home(visit: Visit) -> Response:  # noqa: ARG001  every page function gets one
    """To what waits."""
    return RedirectResponse("/inbox", SEE_OTHER)


def healthy(visit: Visit) -> Response:  # noqa: ARG001  every page function gets one
    """Says that the console itself answers."""
    return PlainTextResponse("ok\n")
