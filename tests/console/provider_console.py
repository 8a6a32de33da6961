"""A console where people sign in at a real provider, and a browser without scripts that does so."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import trustme

from dedup_service.console.app import console_app
from dedup_service.console.options import SIGNED_IN_PATH, ConsoleOptions, ProviderOptions
from tests.console.served_console import PEOPLE, SECRET, served_app
from tests.identity.asking import token_desk
from tests.oidc_provider import PASSWORD, Person, Provider, running_provider
from tests.oidc_provider.provider import CONSOLE, shipped_people
from tests.served_desk import ServedDesk

# Can sign in at the provider, and is in no file of the service.
STRANGER = Person("stranger", "Sam Stranger")
FORM_HEADERS = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True)
class ProviderConsole:
    """A console at `url`, the provider that it signs in at, and the desk behind it, which takes tokens."""

    url: str
    provider: Provider
    desk: ServedDesk

    def browser(self) -> "Browser":
        """A browser that nobody has used yet."""
        return Browser(self.url, self.provider)


@dataclass(slots=True)
class Browser:
    """Keeps the cookies of the console and of the provider, and follows no redirect by itself."""

    url: str
    provider: Provider
    console: httpx.Client = field(init=False)
    elsewhere: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.console = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        self.elsewhere = httpx.Client(trust_env=False, timeout=30, verify=self.provider.trust)

    def get(self, path: str) -> httpx.Response:
        """A page of the console."""
        return self.console.get(path)

    def begin(self, to: str = "") -> str:
        """Ask to sign in; the address at the provider that the console leads to."""
        answer = self.console.get("/sign-in/start", params={"to": to} if to else {})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def agree(self, address: str, name: str = "ann") -> str:
        """Sign in at the provider; the address of the console that it leads back to."""
        known = str(self.elsewhere.get(address).headers.get("location", ""))
        if known.startswith(f"{self.url}/"):
            return known
        page = self.elsewhere.get(address, follow_redirects=True)
        form = {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)), "username": name}
        form["next"] = f"{page.url.params['next']}"
        origin = self.provider.origin
        told = {**form, "password": PASSWORD}
        answer = self.elsewhere.post(f"{origin}/login/", data=told, headers={"Referer": f"{page.url}"})
        assert answer.status_code == 302, answer.text
        back = self.elsewhere.get(f"{origin}{answer.headers['location']}")
        return str(back.headers["location"])

    def come_back(self, address: str) -> httpx.Response:
        """Follow the provider's address back to the console."""
        assert address.startswith(f"{self.url}{SIGNED_IN_PATH}?"), address
        return self.console.get(address)

    def sign_in(self, name: str = "ann", to: str = "") -> httpx.Response:
        """The whole way; the console's answer to the one who comes back."""
        return self.come_back(self.agree(self.begin(to), name))

    def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form with the token of this browser's session, which a page of it shows."""
        page = self.console.get("/inbox")
        found = re.search(r'name="token" value="([^"]+)"', page.text)
        form = {"token": found[1] if found else "", **fields}
        return self.console.post(path, data=form, headers={**FORM_HEADERS, "Origin": self.url})

    @property
    def cookie(self) -> str:
        """The cookie of the session; empty where there is none."""
        return self.console.cookies.get("dedup_session") or ""

    def plant(self, cookie: str) -> None:
        """Put a session cookie there that the console did not give to this browser."""
        self.console.cookies.set("dedup_session", cookie, domain="127.0.0.1", path="/")

    def close(self) -> None:
        self.console.close()
        self.elsewhere.close()


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@contextmanager
def provider_console(
    directory: Path,
    database_url: str,
    redis_url: str,
    authority: trustme.CA | None = None,
    trusting: Path | None = None,
    /,
    **settings: str,
) -> Iterator[ProviderConsole]:
    """The console, with a provider and a desk of its own; the desk has these settings besides.

    With an `authority` the provider speaks TLS; the console believes the authorities of the file `trusting`.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    redirect_uri = f"{url}{SIGNED_IN_PATH}"
    people = (*shipped_people(), STRANGER)
    with (
        running_provider(
            directory, people=people, redirect_uris=(redirect_uri,), authority=authority
        ) as provider,
        token_desk(provider, database_url, redis_url, **settings) as desk,
    ):
        options = ProviderOptions(provider.issuer, CONSOLE, provider.secret, "openid profile", url, trusting)
        app = console_app(ConsoleOptions(desk.address, SECRET, PEOPLE, provider=options))
        with served_app(app, listening):
            yield ProviderConsole(url, provider, desk)
