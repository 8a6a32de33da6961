"""What the console is started with."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import grpc

SIGNED_IN_PATH = "/sign-in/done"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in: `name` as in `users/ann`, and the functions that they hold."""

    name: str
    display_name: str
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProviderOptions:
    """The OpenID provider that people sign in at, and what the console is there.

    `url` is what browsers know the console by, such as `https://desk.example.com`; a public client has no
    secret. `scopes` are separated by spaces and hold `openid`. `authority` is what the provider's certificate
    is of, as in `provider_trust.trusted`.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    url: str
    authority: Path | str | None = None

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends a browser back to; it is registered there, letter for letter."""
        return f"{self.url}{SIGNED_IN_PATH}"


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """`address` is that of the service; `secret` signs cookies; `people` are those that pages can name.

    Without a `provider` they are also those of the demo sign-in, which asks for no password. `credentials`
    are for the connection to the service, by the name `server_name` if it is not that of the address; without
    them it is plain text.
    """

    address: str
    secret: str = field(repr=False)
    people: tuple[Person, ...]
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    provider: ProviderOptions | None = None
    credentials: grpc.ChannelCredentials | None = None
    server_name: str = ""

    @property
    def origin(self) -> str:
        """The origin that forms come from; empty where it is that of the request."""
        return self.provider.url if self.provider is not None else ""

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The names that the console answers to."""
        if self.provider is None:
            return self.hosts
        parts = urlsplit(self.provider.url)
        assert parts.hostname is not None, "the settings take no other URL"
        return (f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,)

    @property
    def over_tls(self) -> bool:
        """Whether browsers reach it by https."""
        return self.origin.startswith("https://")
