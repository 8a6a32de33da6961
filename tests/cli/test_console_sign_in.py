"""How the command decides where people sign in at the console, and what it says when they could not."""

from pathlib import Path

import pytest

from dedup_service.cli import console
from dedup_service.cli.problems import CommandError
from dedup_service.console.options import ProviderOptions
from dedup_service.settings import Settings, SettingsError
from tests.identity.shipped import PRINCIPALS

TOKENS = {
    "DEDUP_AUTHENTICATION": "tokens",
    "DEDUP_PRINCIPALS": str(PRINCIPALS),
    "DEDUP_OIDC_ISSUER": "https://idp.example.com",
    "DEDUP_OIDC_AUDIENCE": "merge-desk",
}
CONSOLE = {"DEDUP_OIDC_CLIENT_ID": "desk", "DEDUP_CONSOLE_URL": "https://desk.example.com"}


def provider_of(**environment: str) -> ProviderOptions | None:
    """Where people sign in with these settings."""
    return console.provider_of(Settings.from_environment(environment))


def problem_of(**environment: str) -> str:
    """What is wrong with these settings."""
    with pytest.raises(SettingsError) as failed:
        Settings.from_environment(environment)
    (problem,) = failed.value.problems
    return problem


def test_without_anything_set_people_pick_who_they_are() -> None:
    """The demo sign-in, which is for this machine."""
    assert provider_of() is None


def test_with_tokens_people_sign_in_at_the_provider(tmp_path: Path) -> None:
    """The client of the console there, its secret from a file, and the address to come back to."""
    secret = tmp_path / "secret"
    secret.write_text("of the console\n")
    found = provider_of(**TOKENS, **CONSOLE, DEDUP_OIDC_CLIENT_SECRET_FILE=str(secret))
    assert found is not None
    assert (found.issuer, found.client_id, found.client_secret) == (
        *("https://idp.example.com", "desk", "of the console"),
    )
    assert found.redirect_uri == "https://desk.example.com/sign-in/done"
    assert "of the console" not in repr(found)


@pytest.mark.parametrize("missing", CONSOLE)
def test_a_sign_in_that_is_not_all_there_is_said(missing: str) -> None:
    """The setting that is missing is named, and how to do without a console."""
    rest = {name: text for name, text in CONSOLE.items() if name != missing}
    with pytest.raises(CommandError, match=f"{missing}.*DEDUP_CONSOLE_LISTEN=none"):
        provider_of(**TOKENS, **rest)


def test_the_demo_sign_in_is_for_this_machine_alone() -> None:
    """Another address is taken where people sign in with tokens, and browsers come by https."""
    assert "asks no password" in problem_of(DEDUP_CONSOLE_LISTEN="0.0.0.0:8080")
    plain = {**TOKENS, **CONSOLE, "DEDUP_CONSOLE_URL": "http://localhost:8080"}
    assert "need https" in problem_of(**plain, DEDUP_CONSOLE_LISTEN="0.0.0.0:8080")
    settings = Settings.from_environment({**TOKENS, **CONSOLE, "DEDUP_CONSOLE_LISTEN": "0.0.0.0:8080"})
    assert settings.console_listen == "0.0.0.0:8080"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://desk.example.com",
            "https://desk.example.com/console",
            "https://me@desk.example.com",
            "desk",
        ),
        *(
            "https://Desk.example.com",
            "https://desk.example.com:443",
            "https://",
            "https://desk.example.com?x",
        ),
    ],
)
def test_an_address_that_is_no_origin_is_refused(url: str) -> None:
    """Browsers say their origin in one way; another way of writing it would refuse every form."""
    assert problem_of(DEDUP_CONSOLE_URL=url).startswith("DEDUP_CONSOLE_URL")


@pytest.mark.parametrize(
    "url", ["https://desk.example.com", "https://desk.example.com:8443", "http://[::1]:8080"]
)
def test_an_origin_is_taken(url: str) -> None:
    """With a port that is not the scheme's own, or without."""
    assert Settings.from_environment({"DEDUP_CONSOLE_URL": url}).console_url == url
