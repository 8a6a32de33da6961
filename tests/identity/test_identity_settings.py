"""What settings of identity go together: everything that would let somebody in unproven stops the start."""

import pytest

from dedup_service.rpc.server import ListenError, ServerOptions, start_server
from dedup_service.settings import Settings, SettingsError
from tests.identity.shipped import PRINCIPALS
from tests.merge_desk import Office, open_office

TOKENS = {
    "DEDUP_AUTHENTICATION": "tokens",
    "DEDUP_PRINCIPALS": str(PRINCIPALS),
    "DEDUP_OIDC_ISSUER": "https://login.example.com/",
    "DEDUP_OIDC_AUDIENCE": "dedup",
    "DEDUP_CONSOLE_LISTEN": "none",
}
ANYWHERE = {"DEDUP_LISTEN": "0.0.0.0:50051"}


def problems(environment: dict[str, str]) -> str:
    """What is said of these settings; empty when they can be used."""
    try:
        Settings.from_environment(environment)
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("listen", ["0.0.0.0:50051", "[::]:50051", "10.1.2.3:1", "desk.example.com:50051"])
def test_who_believes_everybody_serves_this_machine_alone(listen: str) -> None:
    """The demo on any address but loopback stops the start, and says what to set."""
    assert "DEDUP_AUTHENTICATION=demo" in problems({"DEDUP_LISTEN": listen})
    for here in ("127.0.0.1:0", "localhost:50051", "[::1]:50051"):
        assert problems({"DEDUP_LISTEN": here}) == ""


async def test_a_server_that_believes_listens_nowhere_else(database_url: str, redis_url: str) -> None:
    """Whatever the settings were, the server itself refuses to believe callers of other machines."""
    async with open_office(database_url, redis_url) as office:
        await _refused(office)


async def _refused(office: Office) -> None:
    options = ServerOptions("0.0.0.0:0", False, 8, 1.0)
    with pytest.raises(ListenError, match="believed"):
        await start_server(office.desk, options)


def test_tokens_are_not_taken_in_plain_text_from_others() -> None:
    """Other machines need TLS, or a proxy that the operator vouches for."""
    assert "DEDUP_BEHIND_TLS_PROXY" in problems({**TOKENS, **ANYWHERE})
    assert problems({**TOKENS, **ANYWHERE, "DEDUP_BEHIND_TLS_PROXY": "true"}) == ""
    assert problems(TOKENS) == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"DEDUP_OIDC_ISSUER": ""}, "DEDUP_OIDC_ISSUER is not set"),
        ({"DEDUP_OIDC_AUDIENCE": ""}, "DEDUP_OIDC_AUDIENCE is not set"),
        ({"DEDUP_OIDC_ISSUER": "http://login.example.com"}, "https://"),
        ({"DEDUP_OIDC_JWKS_URL": "http://login.example.com/keys"}, "https://"),
        ({"DEDUP_OIDC_JWKS_URL": "file:///etc/passwd"}, "https://"),
        ({"DEDUP_AUTHENTICATION": "demo tokens"}, "believes everybody"),
        ({"DEDUP_AUTHENTICATION": "none"}, "write demo or tokens or certificates"),
        ({"DEDUP_AUTHENTICATION": "certificates"}, "DEDUP_TLS_CLIENT_CA is not set"),
        ({"DEDUP_TLS_CERTIFICATE": __file__}, "DEDUP_TLS_KEY is not set"),
        ({"DEDUP_OIDC_SCOPES": "profile"}, "openid"),
        ({"DEDUP_OIDC_CLIENT_ID": TOKENS["DEDUP_OIDC_AUDIENCE"]}, "DEDUP_OIDC_CLIENT_ID of the console"),
        ({"DEDUP_PRINCIPALS": ""}, "DEDUP_PRINCIPALS is not set"),
        (
            {"DEDUP_TLS_CERTIFICATE": __file__, "DEDUP_TLS_KEY": __file__, "DEDUP_CONSOLE_LISTEN": ""},
            "DEDUP_TLS_CA is not set",
        ),
    ],
)
def test_half_an_identity_stops_the_start(more: dict[str, str], said: str) -> None:
    """Each missing or unsafe part is named."""
    assert said in problems({**TOKENS, **more})
