"""The console on a real socket, in front of a served desk, and what asks it without a browser."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlencode

import uvicorn
from playwright.sync_api import BrowserContext, Page
from starlette.applications import Starlette

from dedup_service.client import DedupClient
from dedup_service.console.app import console_app
from dedup_service.console.options import ConsoleOptions, Person
from dedup_service.console.security.sessions import SESSION_COOKIE, Session, Sessions
from tests.merge_desk import DIRECTORY
from tests.served_desk import ServedDesk

SECRET = "the secret of the console in these tests"
PEOPLE = tuple(
    Person(one.name, one.display_name or one.name, tuple(sorted(one.functions)))
    for one in DIRECTORY.principals.values()
    if one.human
)
START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the console; `text` is its body."""

    status: int
    headers: HTTPMessage
    text: str

    @property
    def location(self) -> str:
        return self.headers["location"] or ""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it sets."""
        set_here = (line.partition(";")[0].partition("=") for line in self.headers.get_all("set-cookie", []))
        return {name: value for name, _, value in set_here}


@dataclass(slots=True)
class WebClient:
    """Asks the console as a browser would that runs no script. Each principal has one session."""

    host: str
    port: int
    _cookies: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def cookie_of(self, principal: str) -> str:
        """The session cookie of a principal, as a sign-in would set it."""
        if principal not in self._cookies:
            self._cookies[principal] = Sessions(SECRET).begin(principal)
        return self._cookies[principal]

    def token_of(self, principal: str) -> str:
        """The token that goes with the forms of that session."""
        session = Sessions(SECRET).read(self.cookie_of(principal))
        assert isinstance(session, Session)
        return session.token

    def get(self, path: str, as_: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """The page at `path`; redirects are not followed."""
        return self._ask("GET", path, as_, dict(headers or {}), None)

    def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]],
        as_: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        with_token: bool = True,
    ) -> Answer:
        """Send a form of a page of the console; `headers` with an empty value are left out."""
        form = {"token": self.token_of(as_), **fields} if as_ and with_token else dict(fields)
        told = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            **(headers or {}),
        }
        return self._ask("POST", path, as_, told, urlencode(form, doseq=True).encode())

    def _ask(self, method: str, path: str, as_: str, headers: dict[str, str], body: bytes | None) -> Answer:
        cookies = [headers.pop("Cookie", "")] + ([f"{SESSION_COOKIE}={self.cookie_of(as_)}"] if as_ else [])
        told = {name: value for name, value in headers.items() if value}
        if any(cookies):
            told["Cookie"] = "; ".join(filter(None, cookies))
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Console:
    """A console at `url`, the desk behind it, and a client of the desk to prepare and to look behind it."""

    desk: ServedDesk
    web: WebClient
    importer: DedupClient

    @property
    def url(self) -> str:
        return self.web.origin

    def acting_as(self, principal: str) -> DedupClient:
        """A client of the desk, as somebody."""
        return self.importer.acting_as(principal)

    def sign_in(self, where: Page | BrowserContext, principal: str) -> None:
        """Give a browser the session of a principal, without the page for it."""
        context = where.context if isinstance(where, Page) else where
        context.add_cookies(
            [
                {
                    "name": SESSION_COOKIE,
                    "value": self.web.cookie_of(principal),
                    "url": self.url,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )


@contextmanager
def served_pages(address: str) -> Iterator[WebClient]:
    """Serve the console for the service at `address`, at a free port of this machine, from a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    with served_app(console_app(ConsoleOptions(address, SECRET, PEOPLE)), listening):
        yield WebClient("127.0.0.1", listening.getsockname()[1])


@contextmanager
def served_app(app: Starlette, listening: socket.socket) -> Iterator[None]:
    """Serve a console at a socket that listens, from a thread; the socket is closed at the end."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", server_header=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="served-console")
    thread.start()
    try:
        end = time.monotonic() + START_SECONDS
        while not server.started:
            assert thread.is_alive(), "the console did not start"
            assert time.monotonic() < end, "the console takes too long to start"
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def served_console(desk: ServedDesk) -> Iterator[Console]:
    """Serve the console for a desk, with a client to prepare the desk."""
    with (
        served_pages(desk.address) as web,
        DedupClient(desk.address, principal="services/importer", deadline_seconds=10) as importer,
    ):
        yield Console(desk, web, importer)
