"""The bearer token that a client sends, and over what it is not sent.

Whoever reads a token off the wire is its principal until it expires, so plain text carries one to this
machine alone.
"""

from collections.abc import Callable
from ipaddress import ip_address

TokenSource = str | Callable[[], str]

_SCHEMES = ("dns:///", "dns:", "ipv4:", "ipv6:")
_SOCKETS = ("unix:", "unix-abstract:")


def is_loopback(address: str) -> bool:
    """Whether a gRPC address, HOST:PORT or with a scheme, cannot leave this machine."""
    if address.startswith(_SOCKETS):
        return True
    scheme = next((each for each in _SCHEMES if address.startswith(each)), "")
    host = address.removeprefix(scheme).rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_may_carry_token(address: str, *, encrypted: bool) -> None:
    """Refuse to send a token where others may read it.

    Raises:
        ValueError: the connection is plain text, and not to this machine.
    """
    if not encrypted and not is_loopback(address):
        raise ValueError(
            f"a token is not sent to {address} in plain text: give the credentials of a TLS channel"
        )


def current_token(token: TokenSource) -> str:
    """The token to send now; empty for none."""
    return (token() if callable(token) else token).strip()
