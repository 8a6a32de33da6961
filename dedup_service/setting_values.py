"""How the text of each setting is read: a function gives the value, or says what to write instead."""

import logging
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "DEDUP_"
WORDS_FOR_TRUE = ("true", "1", "yes", "on")
NONE = "none"
WORDS_FOR_FALSE = ("false", "0", "no", "off")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
SYSTEM = "system"
# Whoever listens on every address of the machine is reached by its loopback.
_FROM_HERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}  # noqa: S104  compared, not bound
_LEAST_SECRET = 32
_CLAIM = re.compile(r"[A-Za-z0-9_:/.-]{1,200}")
_ENGINE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: a variable, its default as an operator would write it, and its meaning.

    `parse` turns text into the value, or raises `ValueError` with what to write instead.
    """

    name: str
    default: str
    meaning: str
    parse: Callable[[str], object]

    @property
    def attribute(self) -> str:
        """The name in `Settings`."""
        return self.name.removeprefix(PREFIX).lower()


def address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 65536):
        raise ValueError("write HOST:PORT, such as 127.0.0.1:50051")
    return text


def address_or_unset(text: str) -> str:
    return address(text) if text else ""


def address_or_none(text: str) -> str:
    """An address; empty for the word `none`."""
    return "" if text == NONE else address(text)


def site_url(text: str) -> str:
    """The origin of a web site as browsers say it; plain http of this machine alone."""
    given = text.removesuffix("/")
    parts = urlsplit(given)
    is_plain = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    is_origin = (
        parts.hostname
        and "@" not in parts.netloc
        and parts.port not in (80, 443)
        and given == f"{parts.scheme}://{parts.netloc}".lower()
    )
    if given and not (is_origin and (parts.scheme == "https" or is_plain)):
        raise ValueError(
            "write https://HOST or https://HOST:PORT as browsers show it, in small letters, with nothing "
            "behind it; http is for 127.0.0.1, localhost and [::1] alone"
        )
    return given


def is_loopback(listen: str) -> bool:
    """Whether HOST:PORT is reached from this machine alone."""
    return listen.rpartition(":")[0].strip("[]") in LOOPBACK_HOSTS


def from_here(listen: str) -> str:
    """The address at which a program of this machine reaches what listens at HOST:PORT."""
    host, _, port = listen.rpartition(":")
    return f"{_FROM_HERE.get(host, host)}:{port}"


def words(*known: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(text.replace(",", " ").split()))
        if not found or set(found) - set(known):
            raise ValueError(f"write {' or '.join(known)}, with a space between two")
        return found

    return parse


def provider_url(text: str) -> str:
    """A URL that nobody on the way can change: https, or this machine's."""
    parts = urlsplit(text)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if text and not (parts.hostname and not parts.fragment and (parts.scheme == "https" or plain)):
        raise ValueError("write a URL that begins with https://")
    return text


def claim(text: str) -> str:
    if not _CLAIM.fullmatch(text):
        raise ValueError("write the name of a claim; a dot leads into an object, as in realm_access.roles")
    return text


def claim_or_unset(text: str) -> str:
    return claim(text) if text else ""


def scope_or_unset(text: str) -> str:
    if len(text.split()) > 1:
        raise ValueError("write one scope, without a space")
    return text.strip()


def scopes(text: str) -> str:
    if "openid" not in text.split():
        raise ValueError("write scopes with a space between two, openid among them")
    return " ".join(text.split())


def authority(text: str) -> Path | str | None:
    """A file of authorities, or the word `system`."""
    return text if text == SYSTEM else file(text)


def certificate_authority(text: str) -> Path | str | None:
    """An authority that is read at the start, so that a file which holds none is told then."""
    found = authority(text)
    if isinstance(found, Path):
        try:
            ssl.create_default_context(cafile=found)
        # An error of TLS is one of them too.
        except OSError as error:
            raise ValueError("cannot be read as certificates (PEM)") from error
    return found


def secret(text: str) -> str:
    if text and len(text) < _LEAST_SECRET:
        raise ValueError(f"write {_LEAST_SECRET} characters or more, drawn at random")
    return text


def url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"write a URL that begins with {' or '.join(f'{each}://' for each in schemes)}")
        return text

    return parse


def directory(text: str) -> Path:
    path = Path(text).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError("is a file; write the path of a directory")
    return path


def path(text: str) -> Path | None:
    """A file that may not be there yet."""
    return Path(text).expanduser() if text else None


def file(text: str) -> Path | None:
    found = path(text)
    if found is not None and not found.is_file():
        raise ValueError("there is no such file")
    return found


def yaml_file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("there is no such file; write the path of a YAML file")
    return path


def flag(text: str) -> bool:
    if text.lower() in WORDS_FOR_TRUE:
        return True
    if text.lower() in WORDS_FOR_FALSE:
        return False
    raise ValueError("write true or false")


def flag_or_unset(text: str) -> bool | None:
    return flag(text) if text else None


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and lowest <= int(text) <= highest):
            raise ValueError(f"write a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def seconds_from(lowest: float, highest: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        wrong = ValueError(f"write a number of seconds from {lowest:g} to {highest:g}")
        try:
            seconds = float(text)
        except ValueError:
            raise wrong from None
        if not lowest <= seconds <= highest:
            raise wrong
        return seconds

    return parse


def engines(text: str) -> Mapping[str, str]:
    """Addresses of engines by their names, from NAME=URL with spaces between."""
    found: dict[str, str] = {}
    for each in text.split():
        name, equals, url = each.partition("=")
        if not (
            equals and _ENGINE_NAME.fullmatch(name) and urlsplit(url).scheme == "sc" and name not in found
        ):
            raise ValueError("write NAME=sc://HOST:PORT, with a space between two, each name once")
        found[name] = url
    return found


def log_level(text: str) -> int:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"write one of {', '.join(LOG_LEVELS)}")
    return int(logging.getLevelNamesMapping()[text.upper()])


database_url = url("postgresql", "postgres")
redis_url = url("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
# A URL may hold a password, which an error must not repeat.
SECRET_PARSERS = (database_url, redis_url, engines, secret)
