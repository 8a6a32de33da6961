"""How commands prove to the service who calls, and how they know that it is the service."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from dedup_service.cli.problems import CommandError
from dedup_service.client.bearer import TokenSource
from dedup_service.identity_settings import IDENTITY_SETTINGS
from dedup_service.setting_values import SYSTEM

_BY_NAME = {setting.name: setting for setting in IDENTITY_SETTINGS}


@dataclass(frozen=True, slots=True)
class Proof:
    """A token that is read anew for each call, and credentials of a TLS channel; both may be absent.

    `server_name` is the name in the service's certificate where it is not that of its address.
    `names_caller` says whether the service knows by it who calls, whatever name the command is given.
    """

    token: TokenSource = field(default="", repr=False)
    credentials: grpc.ChannelCredentials | None = None
    server_name: str = ""
    names_caller: bool = False


def proof_of(environ: Mapping[str, str]) -> Proof:
    """What the variables of a command say.

    Raises:
        CommandError: a file is missing, or a variable is wrong.
    """
    token_file = _value(environ, "DEDUP_TOKEN_FILE")
    authority = _value(environ, "DEDUP_TLS_CA")
    certificate = _value(environ, "DEDUP_TLS_CLIENT_CERTIFICATE")
    key = _value(environ, "DEDUP_TLS_CLIENT_KEY")
    if certificate is not None and (key is None or authority is None):
        missing = "DEDUP_TLS_CLIENT_KEY" if key is None else "DEDUP_TLS_CA"
        raise CommandError(f"{missing} is not set: DEDUP_TLS_CLIENT_CERTIFICATE needs it")
    credentials = None
    if authority is not None:
        credentials = grpc.ssl_channel_credentials(_roots(authority), _bytes(key), _bytes(certificate))
    return Proof(
        token=(lambda: _token(token_file)) if token_file is not None else "",
        credentials=credentials,
        server_name=str(_value(environ, "DEDUP_TLS_SERVER_NAME")),
        names_caller=token_file is not None or certificate is not None,
    )


def _value(environ: Mapping[str, str], name: str) -> Any:
    text = environ.get(name, "").strip()
    try:
        return _BY_NAME[name].parse(text)
    except ValueError as error:
        raise CommandError(f"{name} is {text!r}: {error}") from error


def _token(path: Path) -> str:
    """The token as it is now, so that one that was renewed is sent."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"DEDUP_TOKEN_FILE is {str(path)!r}, which cannot be read as a token") from error


def _roots(authority: Path | str) -> bytes | None:
    """The authorities to trust; None for those that gRPC brings along."""
    if authority == SYSTEM:
        found = ssl.get_default_verify_paths().cafile
        return Path(found).read_bytes() if found is not None else None
    return _bytes(Path(authority))


def _bytes(path: Path | None) -> bytes | None:
    return path.read_bytes() if path is not None else None
