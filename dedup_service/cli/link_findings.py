"""What `doctor` finds of the links to PostgreSQL and to the index server: who else could read or answer."""

import ssl
from collections.abc import Iterator, Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dedup_service.cli.findings import Finding, State
from dedup_service.index.places import read_places
from dedup_service.setting_values import LOOPBACK_HOSTS
from dedup_service.settings import Settings

_PROVEN = "verify-full"
# What libpq does where nobody says anything else: TLS where the server offers it, whoever that is.
_LIBPQ_DEFAULT = "prefer"


def link_findings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the servers of other machines are reached by TLS, and prove that they are the ones meant."""
    for subject, found in (
        ("link to PostgreSQL", _postgres(settings.database_url, environ)),
        ("link to the index server", _index(settings.redis_url)),
    ):
        if found is None:
            continue
        what, advice = found
        yield Finding(subject, State.NOTE if advice else State.OK, what, advice)


def _postgres(url: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """What is to be said and done; None where PostgreSQL is of this machine, or the URL is none."""
    if not url:
        return None
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return None
    hosts = f"{said.get('host') or environ.get('PGHOST', '')}".split(",")
    if all(not host or host.startswith(("/", "@")) or host in LOOPBACK_HOSTS for host in hosts):
        return None
    mode = f"{said.get('sslmode') or environ.get('PGSSLMODE', _LIBPQ_DEFAULT)}"
    if mode == _PROVEN:
        return "goes by TLS, to the host that the certificate names", ""
    return (
        f"with sslmode={mode} others can answer in place of PostgreSQL, or read on the way",
        f"add sslmode={_PROVEN} and sslrootcert to DEDUP_DATABASE_URL",
    )


def _index(url: str) -> tuple[str, str] | None:
    """As `_postgres`, of the index server."""
    if not url:
        return None
    try:
        places = read_places(url)
    except (ValueError, OSError):
        return None
    if all(place.path or place.host in LOOPBACK_HOSTS for place in places.seeds):
        return None
    if places.tls is None:
        return "is plain text, which others can read on the way", "write rediss:// in DEDUP_REDIS_URL"
    if places.tls.verify_mode is not ssl.CERT_REQUIRED or not places.tls.check_hostname:
        advice = "take ssl_cert_reqs and ssl_check_hostname out of DEDUP_REDIS_URL"
        return "goes by TLS to whoever answers", advice
    return "goes by TLS, to the host that the certificate names", ""
