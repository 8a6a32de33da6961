"""Everything an operator can set, in one frozen object made in one place.

Settings come from variables named ``DEDUP_...``; an empty one counts as not set.
`python -m dedup_service.settings` prints the table of docs/operating.md.
"""

import difflib
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "DEDUP_"
WORDS_FOR_TRUE = ("true", "1", "yes", "on")
NONE = "none"
WORDS_FOR_FALSE = ("false", "0", "no", "off")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_LEAST_SECRET = 32
_ENGINE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(ValueError):
    """One or more settings are wrong; `problems` names each, what is wrong and what to write."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


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


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's configuration. `None` for a path means the file that the package ships.

    Times are in seconds. An empty server URL means a server of our own in `data_dir`.
    """

    listen: str
    data_dir: Path
    database_url: str
    redis_url: str
    policy: Path | None
    principals: Path | None
    workers: int
    share_port: bool
    reflection: bool
    allow_unsafe_durability: bool
    pool_size: int
    max_concurrent_calls: int
    grace_seconds: float
    log_level: int
    index_health_interval_seconds: float
    metrics_listen: str
    cleanup_runs: int
    cleanup_memory_mib: int
    cleanup_engines: Mapping[str, str]
    console_listen: str
    console_secret: str
    address: str
    principal: str

    @property
    def embedded_postgres(self) -> bool:
        return not self.database_url

    @property
    def embedded_valkey(self) -> bool:
        return not self.redis_url

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read every setting; raises one `SettingsError` with all that is wrong."""
        problems = list(_unknown(environ))
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            text = environ.get(setting.name, "").strip() or setting.default
            try:
                values[setting.attribute] = setting.parse(text)
            except ValueError as error:
                shown = f" is {text!r}" if setting.parse not in SECRET_PARSERS else " is not usable"
                problems.append(f"{setting.name}{shown}: {error}")
        if problems:
            raise SettingsError(problems)
        if values["reflection"] is None:
            values["reflection"] = not (values["database_url"] or values["redis_url"])
        return cls(**values)


def _unknown(environ: Mapping[str, str]) -> Iterable[str]:
    names = [setting.name for setting in SETTINGS]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            advice = f"did you mean {close[0]}?" if close else f"the settings are {', '.join(names)}"
            yield f"{name} is no setting: {advice}"


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 65536):
        raise ValueError("write HOST:PORT, such as 127.0.0.1:50051")
    return text


def _address_or_unset(text: str) -> str:
    return _address(text) if text else ""


def _address_or_none(text: str) -> str:
    """An address; empty for the word `none`."""
    return "" if text == NONE else _address(text)


def _loopback_or_none(text: str) -> str:
    """An address of this machine alone: the demo sign-in of the console asks for no password."""
    address = _address_or_none(text)
    host = address.rpartition(":")[0].strip("[]")
    if address and host not in LOOPBACK_HOSTS:
        raise ValueError(f"write {NONE}, or a port of 127.0.0.1, localhost or [::1]: it asks no password")
    return address


def _secret(text: str) -> str:
    if text and len(text) < _LEAST_SECRET:
        raise ValueError(f"write {_LEAST_SECRET} characters or more, drawn at random")
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"write a URL that begins with {' or '.join(f'{each}://' for each in schemes)}")
        return text

    return parse


def _directory(text: str) -> Path:
    path = Path(text).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError("is a file; write the path of a directory")
    return path


def _file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("there is no such file; write the path of a YAML file")
    return path


def _flag(text: str) -> bool:
    if text.lower() in WORDS_FOR_TRUE:
        return True
    if text.lower() in WORDS_FOR_FALSE:
        return False
    raise ValueError("write true or false")


def _flag_or_unset(text: str) -> bool | None:
    return _flag(text) if text else None


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and lowest <= int(text) <= highest):
            raise ValueError(f"write a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def _seconds(lowest: float, highest: float) -> Callable[[str], float]:
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


def _engines(text: str) -> Mapping[str, str]:
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


def _log_level(text: str) -> int:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"write one of {', '.join(LOG_LEVELS)}")
    return int(logging.getLevelNamesMapping()[text.upper()])


_database_url = _url("postgresql", "postgres")
_redis_url = _url("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
# A URL may hold a password, which an error must not repeat.
SECRET_PARSERS = (_database_url, _redis_url, _engines, _secret)

SETTINGS = (
    Setting("DEDUP_LISTEN", "127.0.0.1:50051", "Address that the gRPC server listens on.", _address),
    Setting(
        "DEDUP_DATA_DIR", ".dedup", "Directory of the servers that the service starts itself.", _directory
    ),
    Setting(
        "DEDUP_DATABASE_URL", "", "PostgreSQL to use; when empty the service starts its own.", _database_url
    ),
    Setting(
        "DEDUP_REDIS_URL", "", "Valkey or Redis to use; when empty the service starts its own.", _redis_url
    ),
    Setting("DEDUP_POLICY", "", "Policy file (YAML); when empty the shipped policy.", _file),
    Setting("DEDUP_PRINCIPALS", "", "Principals file (YAML); when empty the shipped principals.", _file),
    Setting(
        "DEDUP_WORKERS",
        "1",
        "Processes that share the port, from 1 to 64; one for each core answers most calls.",
        _whole(1, 64),
    ),
    Setting(
        "DEDUP_SHARE_PORT",
        "false",
        "Let other services of this machine listen on the same port, each with a part of the connections.",
        _flag,
    ),
    Setting(
        "DEDUP_REFLECTION",
        "",
        "Serve gRPC reflection; when empty only if the service starts both its servers itself.",
        _flag_or_unset,
    ),
    Setting(
        "DEDUP_ALLOW_UNSAFE_DURABILITY",
        "false",
        "Accept a PostgreSQL with `fsync` or `synchronous_commit` off: a crash then loses answered writes.",
        _flag,
    ),
    Setting("DEDUP_POOL_SIZE", "10", "Connections to PostgreSQL, from 2 to 200.", _whole(2, 200)),
    Setting(
        "DEDUP_MAX_CONCURRENT_CALLS",
        "64",
        "Calls served at a time; more are refused at once with RESOURCE_EXHAUSTED.",
        _whole(1, 10_000),
    ),
    Setting(
        "DEDUP_GRACE_SECONDS", "10", "Time that running calls have to finish at shutdown.", _seconds(0, 3600)
    ),
    Setting("DEDUP_LOG_LEVEL", "INFO", f"One of {', '.join(LOG_LEVELS)}.", _log_level),
    Setting(
        "DEDUP_INDEX_HEALTH_INTERVAL_SECONDS",
        "1",
        "How often the blocking index is checked for lost content.",
        _seconds(0.05, 3600),
    ),
    Setting(
        "DEDUP_METRICS_LISTEN",
        "",
        "Address that metrics for Prometheus are served on; none when empty. Worker N has the port plus N.",
        _address_or_unset,
    ),
    Setting(
        "DEDUP_CLEANUP_RUNS",
        "1",
        "Runs of cleanup jobs that are worked on at a time, each in a process of its own, from 0 to 8; "
        "with 0 this service works on none.",
        _whole(0, 8),
    ),
    Setting(
        "DEDUP_CLEANUP_MEMORY_MIB",
        "1024",
        "MiB that the embedded engine of a cleanup run may hold before it spills to `DEDUP_DATA_DIR`.",
        _whole(256, 1_048_576),
    ),
    Setting(
        "DEDUP_CLEANUP_ENGINES",
        "",
        "Engines that a cleanup job may name, as `NAME=sc://HOST:PORT` with a space between two; "
        "they read and write `DEDUP_DATA_DIR`.",
        _engines,
    ),
    Setting(
        "DEDUP_CONSOLE_LISTEN",
        "127.0.0.1:8080",
        "Address that the console is served at, of this machine alone; `none` for no console.",
        _loopback_or_none,
    ),
    Setting(
        "DEDUP_CONSOLE_SECRET",
        "",
        "Signs the cookies of the console, 32 characters or more; when empty one is drawn at each start, and "
        "everybody signs in again.",
        _secret,
    ),
    Setting("DEDUP_ADDRESS", "127.0.0.1:50051", "Address that the commands of `dedup` call.", _address),
    Setting(
        "DEDUP_PRINCIPAL", "", "Principal that the commands of `dedup` call as, such as `users/ann`.", str
    ),
)


def markdown_table() -> str:
    """The table of settings for the operator's manual."""
    rows = [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else ''} | {each.meaning} |"
        for each in SETTINGS
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(f"{markdown_table()}\n")
