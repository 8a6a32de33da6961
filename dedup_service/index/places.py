"""Where the index server is, as its URL says.

    redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]      one server; rediss:// with TLS
    redis://HOST:PORT,HOST:PORT                         some nodes of a cluster, any of which knows the others
    unix://[USER:PASSWORD@]/PATH[?db=DATABASE]          a socket of this machine
    redis+sentinel://HOST:PORT,HOST:PORT/SERVICE[/DATABASE]    whichever server the sentinels name

What stands behind a ? is as the client library takes it: ssl_ca_certs=/path and so on.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio.connection import SSLConnection, parse_url

DEFAULT_PORT = 6379
SENTINEL_PORT = 26379
_SENTINEL = "+sentinel"


@dataclass(frozen=True, slots=True)
class Place:
    """A path, or a host and a port."""

    host: str = ""
    port: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class ServerPlaces:
    """The places to try, in order, and how to greet whoever answers there.

    With a `service` they are of sentinels, which know where the server is.
    """

    seeds: tuple[Place, ...]
    service: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    tls: ssl.SSLContext | None = None


def read_places(url: str) -> ServerPlaces:
    """The places that a URL names; raises ValueError where it is none of those above."""
    parts = urlsplit(url)
    is_sentinel = parts.scheme.endswith(_SENTINEL)
    scheme = parts.scheme.removesuffix(_SENTINEL)
    credentials, at, hosts = parts.netloc.rpartition("@")
    first, _, _ = hosts.partition(",")
    service, _, database = parts.path.strip("/").partition("/") if is_sentinel else ("", "", "")
    path = f"/{database}" if is_sentinel else parts.path
    plain = urlunsplit((scheme, f"{credentials}{at}{first}", path, parts.query, ""))
    options: Mapping[str, Any] = parse_url(plain)
    if is_sentinel and not service:
        raise ValueError(
            "a URL of sentinels ends in the name of their service: redis+sentinel://HOST/SERVICE"
        )
    if socket_path := options.get("path"):
        seeds: tuple[Place, ...] = (Place(path=socket_path),)
    else:
        default = SENTINEL_PORT if is_sentinel else DEFAULT_PORT
        seeds = tuple(_place(one, default) for one in hosts.split(","))
    return ServerPlaces(
        seeds,
        service,
        options.get("username") or "",
        options.get("password") or "",
        int(options.get("db") or 0),
        _tls(options) if options.get("connection_class") is SSLConnection else None,
    )


def place_of(text: str) -> Place:
    """The place of HOST:PORT, as a server of a cluster names another."""
    return _place(text, DEFAULT_PORT)


def _place(text: str, default_port: int) -> Place:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text, str(default_port)
    return Place(host.strip("[]") or "localhost", int(port))


def _tls(options: Mapping[str, Any]) -> ssl.SSLContext:
    """What the client library makes of the same URL."""
    given = {name: value for name, value in options.items() if name != "connection_class"}
    return SSLConnection(**given).ssl_context.get()
