"""What `doctor` finds of who is believed: the way, the provider's keys, and how long certificates last."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from dedup_service.authenticating import tls_files
from dedup_service.cli.console import provider_of
from dedup_service.cli.findings import Finding, State
from dedup_service.cli.problems import CommandError
from dedup_service.cli.words import plural
from dedup_service.identity.provider import FetchError, Provider
from dedup_service.identity_settings import DEMO, TOKENS
from dedup_service.rpc.tls import TlsError, checked
from dedup_service.settings import Settings

# An operator has so many days to renew a certificate.
_SOON = timedelta(days=14)


async def identity_findings(settings: Settings) -> AsyncIterator[Finding]:
    """How callers prove who they are, and whether they could now."""
    if DEMO in settings.authentication:
        yield Finding(
            "identity",
            State.NOTE,
            "callers are believed who they say they are, on this machine alone",
            "set DEDUP_AUTHENTICATION before real use",
        )
    else:
        yield Finding("identity", State.OK, f"callers prove who they are by {_and(settings.authentication)}")
    if TOKENS in settings.authentication:
        yield await _keys(settings)
    if settings.console_listen:
        for finding in _sign_in(settings):
            yield finding
    for finding in _certificates(settings):
        yield finding


def _and(ways: tuple[str, ...]) -> str:
    return " and ".join(ways)


def _sign_in(settings: Settings) -> Iterator[Finding]:
    try:
        provider = provider_of(settings)
    except CommandError as error:
        yield Finding("console", State.WRONG, str(error), "correct the variable")
        return
    if provider is not None:
        text = f"people sign in at the provider and come back to {provider.redirect_uri}"
        yield Finding("console", State.OK, f"{text}, which it must know")


async def _keys(settings: Settings) -> Finding:
    try:
        keys = await Provider(settings.oidc_issuer, settings.oidc_jwks_url, settings.oidc_ca).keys()
    except FetchError as error:
        advice = "see DEDUP_OIDC_ISSUER, DEDUP_OIDC_JWKS_URL and DEDUP_OIDC_CA"
        return Finding("provider", State.WRONG, str(error), advice)
    if not keys:
        return Finding("provider", State.WRONG, "it publishes no key", "see DEDUP_OIDC_JWKS_URL")
    return Finding("provider", State.OK, f"{settings.oidc_issuer} publishes {plural(len(keys), 'key')}")


def _certificates(settings: Settings) -> Iterator[Finding]:
    files = tls_files(settings)
    if files is None:
        if settings.behind_tls_proxy:
            text = "gRPC is plain text, and a proxy in front of it ends TLS"
            yield Finding("TLS", State.NOTE, text, "let nobody but the proxy reach DEDUP_LISTEN")
        return
    try:
        checked(files)
    except TlsError as error:
        yield Finding("TLS", State.WRONG, str(error), "correct the file")
        return
    end = _end(files.certificate)
    left = end - datetime.now(UTC)
    if left < timedelta(0):
        yield Finding("TLS", State.WRONG, f"the certificate expired at {end:%Y-%m-%d %H:%M} UTC", "renew it")
    elif left < _SOON:
        yield Finding("TLS", State.NOTE, f"the certificate expires in {left.days} days", "renew it")
    else:
        yield Finding("TLS", State.OK, f"the certificate is good until {end:%Y-%m-%d}")


def _end(certificate: Path) -> datetime:
    return x509.load_pem_x509_certificates(certificate.read_bytes())[0].not_valid_after_utc
