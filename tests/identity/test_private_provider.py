"""A provider whose certificate is of the company's own authority: what `DEDUP_OIDC_CA` is for."""

import logging
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import trustme

from dedup_service.domain.errors import Reason
from dedup_service.identity.provider import FetchError
from dedup_service.identity.provider import Provider as Publisher
from tests.console.provider_console import ProviderConsole, provider_console
from tests.identity.asking import Door, bearer, token_environment
from tests.identity.minting import kid_of, minted
from tests.identity.test_doctor import found
from tests.identity.test_identity_settings import TOKENS, problems
from tests.oidc_provider import Provider, running_provider

NOT_TRUSTED = "certificate is not trusted"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The company's own authority."""
    return trustme.CA()


@pytest.fixture(scope="module")
def provider(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider with a certificate of that authority, in place of the one that speaks plain text."""
    with running_provider(Path(tmp_path_factory.mktemp("private")), authority=authority) as running:
        yield running


def written(ca: trustme.CA, path: Path) -> Path:
    """The file of an authority."""
    ca.cert_pem.write_to_path(str(path))
    return path


async def test_keys_come_from_a_provider_of_that_authority_alone(
    provider: Provider, authority: trustme.CA, tmp_path: Path
) -> None:
    """By its document or by the address of its keys; public authorities and others do not count."""
    own = written(authority, tmp_path / "own.pem")
    for publisher in (
        Publisher(provider.issuer, authority=own),
        Publisher("https://unreachable.invalid", provider.jwks_url, own),
    ):
        assert [key["kid"] for key in await publisher.keys()] == [kid_of(provider.state.keys[0])]
    other = written(trustme.CA(), tmp_path / "other.pem")
    for trusted in (None, "system", other):
        with pytest.raises(FetchError, match=NOT_TRUSTED):
            await Publisher(provider.issuer, authority=trusted).keys()


async def test_the_file_of_authorities_is_read_again(
    provider: Provider, authority: trustme.CA, tmp_path: Path
) -> None:
    """Another authority in the same file counts with the next connection; a file that is gone is told."""
    file = written(trustme.CA(), tmp_path / "authority.pem")
    publisher = Publisher(provider.issuer, authority=file)
    with pytest.raises(FetchError, match=NOT_TRUSTED):
        await publisher.keys()
    written(authority, file)
    assert len(await publisher.keys()) == 1
    file.unlink()
    with pytest.raises(FetchError, match="DEDUP_OIDC_CA cannot be read"):
        await publisher.keys()


def test_a_file_that_holds_no_authority_stops_the_start(tmp_path: Path) -> None:
    """It is told at once, not with the first token; and an authority of no provider is a mistake."""
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    good = str(written(trustme.CA(), tmp_path / "good.pem"))
    assert problems({**TOKENS, "DEDUP_OIDC_CA": good}) == ""
    assert problems({**TOKENS, "DEDUP_OIDC_CA": "system"}) == ""
    assert "cannot be read as certificates" in problems({**TOKENS, "DEDUP_OIDC_CA": str(nothing)})
    assert "no such file" in problems({**TOKENS, "DEDUP_OIDC_CA": str(tmp_path / "missing.pem")})
    assert "DEDUP_OIDC_ISSUER is not set" in problems({"DEDUP_OIDC_CA": good})


def test_the_doctor_says_that_the_authority_is_missing(
    provider: Provider, authority: trustme.CA, tmp_path: Path
) -> None:
    """Without the setting the finding names it, with the reason of TLS; with it the provider is in order."""
    environment = token_environment(provider)
    said = found(tmp_path, environment)["provider"]
    assert (said["state"], NOT_TRUSTED in said["finding"], "DEDUP_OIDC_CA" in said["finding"]) == (
        "WRONG",
        True,
        True,
    )
    own = written(authority, tmp_path / "own.pem")
    assert found(tmp_path, {**environment, "DEDUP_OIDC_CA": str(own)})["provider"]["state"] == "OK"


@pytest.fixture
def own_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """What the service and the console trust at first."""
    return written(authority, tmp_path / "trusted.pem")


@pytest.fixture
def console(
    authority: trustme.CA, own_file: Path, database_url: str, redis_url: str, tmp_path: Path
) -> Iterator[ProviderConsole]:
    """A console, a provider that speaks TLS, and a desk; both trust the authority."""
    with provider_console(
        tmp_path / "provider",
        database_url,
        redis_url,
        authority,
        own_file,
        DEDUP_OIDC_CA=str(own_file),
    ) as served:
        yield served


def test_people_sign_in_and_programs_call(console: ProviderConsole) -> None:
    """The code flow, the renewal of keys and the call with the token all go to the provider over TLS."""
    browser = console.browser()
    answer = browser.sign_in("ann")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert "Ann Abel" in browser.get("/inbox").text
    browser.close()
    token = bearer(minted(console.provider, "fiona"))
    assert Door(console.desk.address).ask(token).name == "users/fiona"


def test_another_authority_is_told_to_the_operator(
    console: ProviderConsole, own_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody signs in at a provider that is not trusted, no token counts by it, and the log says why."""
    written(trustme.CA(), own_file)
    browser = console.browser()
    with caplog.at_level(logging.WARNING):
        answer = browser.get("/sign-in/start")
        refused = Door(console.desk.address).refused(bearer(minted(console.provider)))
    browser.close()
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, Reason.PROVIDER_UNAVAILABLE)
    said = {record.name for record in caplog.records if NOT_TRUSTED in record.getMessage()}
    assert said == {"dedup_service.console.pages.problems", "dedup_service.identity.signing_keys"}
