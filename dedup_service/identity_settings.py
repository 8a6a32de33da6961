"""The settings that say who is believed, and what of them does not go together."""

from collections.abc import Iterator, Mapping
from typing import Any

from dedup_service import setting_values as read
from dedup_service.setting_values import Setting

DEMO = "demo"
TOKENS = "tokens"
CERTIFICATES = "certificates"

IDENTITY_SETTINGS = (
    Setting(
        "DEDUP_AUTHENTICATION",
        DEMO,
        f"How callers prove who they are: `{TOKENS}`, `{CERTIFICATES}` or both; `{DEMO}` believes what they "
        "say, and serves this machine alone.",
        read.words(DEMO, TOKENS, CERTIFICATES),
    ),
    Setting(
        "DEDUP_OIDC_ISSUER",
        "",
        "The OpenID provider that tokens are of, and that the console signs in at: its issuer, letter for "
        "letter.",
        read.provider_url,
    ),
    Setting("DEDUP_OIDC_AUDIENCE", "", "What tokens must be made out to: this service's name there.", str),
    Setting(
        "DEDUP_OIDC_REQUIRED_SCOPE",
        "",
        "A scope that tokens must have been given, as they name it in `scope` or `scp`; when empty none is "
        "asked for.",
        read.scope_or_unset,
    ),
    Setting(
        "DEDUP_OIDC_JWKS_URL",
        "",
        "Where the provider publishes its keys; when empty its discovery document says it.",
        read.provider_url,
    ),
    Setting(
        "DEDUP_OIDC_CA",
        "",
        "Authority of the provider's certificate (PEM), for the service and its console; it is read again "
        "for each connection. `system` for the authorities that this machine trusts; when empty the public "
        "ones.",
        read.certificate_authority,
    ),
    Setting(
        "DEDUP_OIDC_NAME_CLAIM", "sub", "Claim that holds the NAME of `users/NAME`, for people.", read.claim
    ),
    Setting(
        "DEDUP_OIDC_SERVICE_CLAIM",
        "client_id",
        "Claim that holds the NAME of `services/NAME`, in tokens that are of no person.",
        read.claim,
    ),
    Setting(
        "DEDUP_OIDC_FUNCTIONS_CLAIM",
        "",
        "Claim that lists the functions or roles of people; when empty the principals file says them.",
        read.claim_or_unset,
    ),
    Setting(
        "DEDUP_OIDC_CLAIMS_SECONDS",
        "3600",
        "How long functions of a claim count after the last call that carried them, from 60 to 86,400; "
        "after that the person holds none until they call again.",
        read.whole(60, 86_400),
    ),
    Setting("DEDUP_OIDC_CLIENT_ID", "", "The console's client id at the provider.", str),
    Setting(
        "DEDUP_OIDC_CLIENT_SECRET_FILE",
        "",
        "File with the console's client secret; when empty it is a public client.",
        read.file,
    ),
    Setting(
        "DEDUP_OIDC_SCOPES",
        "openid profile",
        "What the console asks the provider for; `openid` is among it.",
        read.scopes,
    ),
    Setting(
        "DEDUP_TLS_CERTIFICATE",
        "",
        "The server's certificate and those up to its authority (PEM); when empty gRPC is plain text. "
        "It and its key are read again when they change.",
        read.file,
    ),
    Setting("DEDUP_TLS_KEY", "", "The key of that certificate (PEM).", read.file),
    Setting("DEDUP_TLS_CLIENT_CA", "", "Authority that certificates of callers must be of (PEM).", read.file),
    Setting(
        "DEDUP_BEHIND_TLS_PROXY",
        "false",
        "A proxy ends TLS in front of the service, and nobody else reaches its address: tokens are taken in "
        "plain text.",
        read.flag,
    ),
    Setting(
        "DEDUP_TOKEN_FILE",
        "",
        "File with the bearer token that the commands of `dedup` send; it is read for each call.",
        read.path,
    ),
    Setting(
        "DEDUP_TLS_CA",
        "",
        "Authority of the service's certificate (PEM), for the commands of `dedup`; with it they speak TLS. "
        "`system` for the authorities that this machine trusts.",
        read.authority,
    ),
    Setting(
        "DEDUP_TLS_SERVER_NAME",
        "",
        "Name in the service's certificate, where commands and the console reach it by another.",
        str,
    ),
    Setting(
        "DEDUP_TLS_CLIENT_CERTIFICATE",
        "",
        "Certificate by which the commands of `dedup` say who calls (PEM).",
        read.file,
    ),
    Setting("DEDUP_TLS_CLIENT_KEY", "", "The key of that certificate (PEM).", read.file),
)


def contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the settings taken together; `values` are those of every setting by attribute."""
    ways = values["authentication"]
    on_loopback = read.is_loopback(values["listen"])
    if DEMO in ways and len(ways) > 1:
        yield f"DEDUP_AUTHENTICATION: {DEMO} believes everybody; leave it out, or the others"
    if DEMO in ways and not on_loopback:
        yield (
            f"DEDUP_LISTEN is {values['listen']!r}: with DEDUP_AUTHENTICATION={DEMO} everybody is believed; "
            f"listen on 127.0.0.1, or set DEDUP_AUTHENTICATION to {TOKENS} or {CERTIFICATES}"
        )
    if DEMO not in ways and not values["principals"]:
        # Whoever has one of the names of the sample would hold its functions.
        yield (
            "DEDUP_PRINCIPALS is not set: the people of the sample are for DEDUP_AUTHENTICATION=demo alone; "
            "name a file of your own"
        )
    if TOKENS in ways and values["oidc_client_id"] and values["oidc_client_id"] == values["oidc_audience"]:
        yield (
            "DEDUP_OIDC_AUDIENCE is the DEDUP_OIDC_CLIENT_ID of the console: what its sign-in answers would "
            "count as a token for the service; give the service an audience of its own at the provider"
        )
    yield from _missing(values)
    if values["tls_certificate"] and values["console_listen"] and not values["tls_ca"]:
        yield (
            "DEDUP_TLS_CA is not set: the console calls the service by TLS and has to know its authority; or "
            "leave the console out with DEDUP_CONSOLE_LISTEN=none"
        )
    encrypted = bool(values["tls_certificate"]) or values["behind_tls_proxy"]
    if TOKENS in ways and not (on_loopback or encrypted):
        yield (
            f"DEDUP_LISTEN is {values['listen']!r}: tokens in plain text can be read on the way; set "
            "DEDUP_TLS_CERTIFICATE and DEDUP_TLS_KEY, or DEDUP_BEHIND_TLS_PROXY where a proxy ends TLS"
        )


def _missing(values: Mapping[str, Any]) -> Iterator[str]:
    needs = {
        TOKENS: ("oidc_issuer", "oidc_audience"),
        CERTIFICATES: ("tls_certificate", "tls_key", "tls_client_ca"),
    }
    for way, names in needs.items():
        for name in names:
            if way in values["authentication"] and not values[name]:
                yield f"DEDUP_{name.upper()} is not set: DEDUP_AUTHENTICATION={way} needs it"
    for one, other in (
        ("tls_certificate", "tls_key"),
        ("tls_key", "tls_certificate"),
        ("tls_client_ca", "tls_certificate"),
        ("oidc_ca", "oidc_issuer"),
        ("tls_client_certificate", "tls_client_key"),
        ("tls_client_key", "tls_client_certificate"),
        ("tls_client_certificate", "tls_ca"),
    ):
        if values[one] and not values[other] and not _said(values, other):
            yield f"DEDUP_{other.upper()} is not set: DEDUP_{one.upper()} needs it"


def _said(values: Mapping[str, Any], name: str) -> bool:
    """Whether `needs` has named it already."""
    return CERTIFICATES in values["authentication"] and name in ("tls_certificate", "tls_key")
