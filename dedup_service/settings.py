"""Everything an operator can set, in one frozen object made in one place.

Settings come from variables named ``DEDUP_...``; an empty one counts as not set.
`python -m dedup_service.settings` prints the table of docs/operating.md.
"""

import difflib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from dedup_service import setting_values as read
from dedup_service.console_settings import CONSOLE_SETTINGS, console_contradictions
from dedup_service.domain.retention import Retention
from dedup_service.identity_settings import IDENTITY_SETTINGS, contradictions
from dedup_service.limit_settings import LIMIT_SETTINGS
from dedup_service.privacy_settings import PRIVACY_SETTINGS
from dedup_service.setting_values import PREFIX, Setting


class SettingsError(ValueError):
    """One or more settings are wrong; `problems` names each, what is wrong and what to write."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


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
    max_streams: int
    rate_limit: int
    item_rate_limit: int
    require_deadlines: bool
    stream_idle_seconds: float
    grace_seconds: float
    log_level: int
    index_health_interval_seconds: float
    metrics_listen: str
    cleanup_runs: int
    cleanup_memory_mib: int
    cleanup_engines: Mapping[str, str]
    keep_days: Retention
    audit_head_minutes: timedelta | None
    log_format: str
    console_listen: str
    console_url: str
    console_secret: str
    address: str
    principal: str
    authentication: tuple[str, ...]
    oidc_issuer: str
    oidc_audience: str
    oidc_required_scope: str
    oidc_jwks_url: str
    oidc_ca: Path | str | None
    oidc_name_claim: str
    oidc_service_claim: str
    oidc_functions_claim: str
    oidc_claims_seconds: int
    oidc_client_id: str
    oidc_client_secret_file: Path | None
    oidc_scopes: str
    tls_certificate: Path | None
    tls_key: Path | None
    tls_client_ca: Path | None
    behind_tls_proxy: bool
    token_file: Path | None
    tls_ca: Path | str | None
    tls_server_name: str
    tls_client_certificate: Path | None
    tls_client_key: Path | None

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
                shown = f" is {text!r}" if setting.parse not in read.SECRET_PARSERS else " is not usable"
                problems.append(f"{setting.name}{shown}: {error}")
        if not problems:
            problems += [*contradictions(values), *console_contradictions(values)]
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


SETTINGS = (
    Setting("DEDUP_LISTEN", "127.0.0.1:50051", "Address that the gRPC server listens on.", read.address),
    Setting(
        "DEDUP_DATA_DIR", ".dedup", "Directory of the servers that the service starts itself.", read.directory
    ),
    Setting(
        "DEDUP_DATABASE_URL",
        "",
        "PostgreSQL to use; when empty the service starts its own.",
        read.database_url,
    ),
    Setting(
        "DEDUP_REDIS_URL",
        "",
        "Valkey or Redis to use; when empty the service starts its own.",
        read.redis_url,
    ),
    Setting("DEDUP_POLICY", "", "Policy file (YAML); when empty the shipped policy.", read.yaml_file),
    Setting(
        "DEDUP_PRINCIPALS",
        "",
        "Principals file (YAML); when empty, with `demo` alone, the people of the sample.",
        read.yaml_file,
    ),
    Setting(
        "DEDUP_WORKERS",
        "1",
        "Processes that share the port, from 1 to 64; one for each core answers most calls.",
        read.whole(1, 64),
    ),
    Setting(
        "DEDUP_SHARE_PORT",
        "false",
        "Let other services of this machine listen on the same port, each with a part of the connections.",
        read.flag,
    ),
    Setting(
        "DEDUP_REFLECTION",
        "",
        "Serve gRPC reflection; when empty only if the service starts both its servers itself.",
        read.flag_or_unset,
    ),
    Setting(
        "DEDUP_ALLOW_UNSAFE_DURABILITY",
        "false",
        "Accept a PostgreSQL with `fsync` or `synchronous_commit` off: a crash then loses answered writes.",
        read.flag,
    ),
    Setting("DEDUP_POOL_SIZE", "10", "Connections to PostgreSQL, from 2 to 200.", read.whole(2, 200)),
    *LIMIT_SETTINGS,
    Setting(
        "DEDUP_GRACE_SECONDS",
        "10",
        "Time that running calls have to finish at shutdown.",
        read.seconds_from(0, 3600),
    ),
    Setting("DEDUP_LOG_LEVEL", "INFO", f"One of {', '.join(read.LOG_LEVELS)}.", read.log_level),
    Setting(
        "DEDUP_INDEX_HEALTH_INTERVAL_SECONDS",
        "1",
        "How often the blocking index is checked for lost content.",
        read.seconds_from(0.05, 3600),
    ),
    Setting(
        "DEDUP_METRICS_LISTEN",
        "",
        "Address that metrics for Prometheus are served on; none when empty. Worker N has the port plus N.",
        read.address_or_unset,
    ),
    Setting(
        "DEDUP_CLEANUP_RUNS",
        "1",
        "Runs of cleanup jobs that are worked on at a time, each in a process of its own, from 0 to 8; "
        "with 0 this service works on none.",
        read.whole(0, 8),
    ),
    Setting(
        "DEDUP_CLEANUP_MEMORY_MIB",
        "1024",
        "MiB that the embedded engine of a cleanup run may hold before it spills to `DEDUP_DATA_DIR`.",
        read.whole(256, 1_048_576),
    ),
    Setting(
        "DEDUP_CLEANUP_ENGINES",
        "",
        "Engines that a cleanup job may name, as `NAME=sc://HOST:PORT` with a space between two; "
        "they read and write `DEDUP_DATA_DIR`.",
        read.engines,
    ),
    *PRIVACY_SETTINGS,
    *CONSOLE_SETTINGS,
    Setting("DEDUP_ADDRESS", "127.0.0.1:50051", "Address that the commands of `dedup` call.", read.address),
    Setting(
        "DEDUP_PRINCIPAL", "", "Principal that the commands of `dedup` call as, such as `users/ann`.", str
    ),
    *IDENTITY_SETTINGS,
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
