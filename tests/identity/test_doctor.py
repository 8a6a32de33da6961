"""What `dedup doctor` says of identity."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from dedup_service.cli.main import app
from tests.identity.asking import token_environment
from tests.identity.authorities import Authority
from tests.oidc_provider import Provider

ELSEWHERE = {"DEDUP_LISTEN": "127.0.0.1:1", "DEDUP_CONSOLE_LISTEN": "none"}


def found(tmp_path: Path, environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The findings, by what they are about."""
    settings = {**ELSEWHERE, "DEDUP_DATA_DIR": str(tmp_path / "data"), **environment}
    result = CliRunner().invoke(app, ["doctor", "--json"], env=settings)
    return {each["subject"]: each for each in map(json.loads, result.stdout.splitlines())}


def test_the_doctor_says_who_is_believed(tmp_path: Path, provider: Provider) -> None:
    """The demo is a note; a provider that answers is in order, and one that does not is wrong."""
    assert found(tmp_path, {})["identity"]["state"] == "NOTE"
    said = found(tmp_path, token_environment(provider))
    assert (said["identity"]["state"], said["provider"]["state"]) == ("OK", "OK")
    away = found(tmp_path, {**token_environment(provider), "DEDUP_OIDC_ISSUER": "http://127.0.0.1:1/o"})
    assert away["provider"]["state"] == "WRONG"


def test_the_doctor_says_what_the_sign_in_lacks(tmp_path: Path, provider: Provider) -> None:
    """The console needs its own settings beside those of the service; with them it names what to register."""
    with_console = {**token_environment(provider), "DEDUP_CONSOLE_LISTEN": "127.0.0.1:0"}
    said = found(tmp_path, with_console)["console"]
    assert (said["state"], "DEDUP_OIDC_CLIENT_ID is not set" in said["finding"]) == ("WRONG", True)
    whole = {"DEDUP_OIDC_CLIENT_ID": "desk", "DEDUP_CONSOLE_URL": "https://desk.example.com"}
    said = found(tmp_path, {**with_console, **whole})["console"]
    assert (said["state"], "https://desk.example.com/sign-in/done" in said["finding"]) == ("OK", True)
    assert "console" not in found(tmp_path, token_environment(provider))


def test_the_doctor_looks_at_the_certificate(tmp_path: Path) -> None:
    """A certificate and its key that belong together are in order, others are wrong."""
    authority = Authority(tmp_path)
    environment = authority.environment("certificates")
    assert found(tmp_path, environment)["TLS"]["state"] == "OK"
    other = tmp_path / "other"
    other.mkdir()
    mixed = {**environment, "DEDUP_TLS_KEY": str(Authority(other).key_file)}
    said = found(tmp_path, mixed)["TLS"]
    assert (said["state"], "is not the key of" in said["finding"]) == ("WRONG", True)
