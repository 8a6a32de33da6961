"""Every address of the console, as its one list of routes has them."""

from starlette.routing import Route

from dedup_service.console.app import console_app
from dedup_service.console.options import ConsoleOptions
from tests.console.served_console import PEOPLE, SECRET


def addresses_of(method: str, text: str = "x") -> list[str]:
    """Every address that answers a method, with `text` for what varies in it."""
    app = console_app(ConsoleOptions("127.0.0.1:1", SECRET, PEOPLE))
    routes = (route for route in app.routes if isinstance(route, Route))
    return sorted(_filled(route, text) for route in routes if method in (route.methods or ()))


def _filled(route: Route, text: str) -> str:
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", text).replace(f"{{{name}:path}}", text)
    assert "{" not in path, f"no text for all that varies in {route.path}"
    return path
