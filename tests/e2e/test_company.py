"""The service as a company runs it, whole: `dedup serve` with TLS, tokens of its provider, and the console.

Each part has tests of its own; these show that the settings alone put them together.
"""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import grpc
import pytest
import trustme
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from playwright.sync_api import Page, expect, sync_playwright

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.change_service_pb2 import WatchChangesRequest
from dedup_service.v1.identity_service_pb2 import GetCallerRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from tests.console.browsers import find_chromium
from tests.console.scenes import proposal_now, propose_low
from tests.e2e.company import Company, running_company
from tests.e2e.running_service import POLL_SECONDS, START_SECONDS
from tests.identity.asking import bearer
from tests.identity.minting import minted
from tests.oidc_provider import PASSWORD, sign_in

pytestmark = pytest.mark.proof

SERVICES = ("", "liveness", "dedup_service.v1.MatchService", "dedup_service.v1.RecordService")
NO_CONNECTION = grpc.StatusCode.UNAVAILABLE


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """One company for these tests; each leaves it as it was."""
    with running_company(Path(tmp_path_factory.mktemp("company"))) as running:
        yield running


def test_callers_are_who_the_provider_says(company: Company) -> None:
    """The client with a token of a person or a program; anything else is nobody, or finds no connection."""
    signed_in = sign_in(company.provider, "ann")["access_token"]
    with company.client(signed_in) as ann, company.importer() as importer:
        assert ann.identity.GetCaller(GetCallerRequest()).name == "users/ann"
        assert importer.identity.GetCaller(GetCallerRequest()).name == "services/importer"
    company.door.refuses(bearer(minted(company.provider, exp=int(time.time()) - 60)), "has expired")
    company.door.refuses(bearer(minted(company.provider, aud="another-service")), "another service")
    company.door.refuses(bearer(f"{signed_in[:-40]}{'A' * 40}"), "signature")
    company.door.refuses((), "carries no token")
    company.door.refuses((("dedup-principal", "users/ann"),), "carries no token")
    with DedupClient(
        company.service.address,
        token=signed_in,
        credentials=company.authority.credentials(None, trustme.CA()),
    ) as deceived:
        with pytest.raises(ServiceError) as refused:
            deceived.identity.GetCaller(GetCallerRequest())
        assert refused.value.code is NO_CONNECTION
    with DedupClient(company.service.address, principal="users/ann") as plain:
        with pytest.raises(ServiceError) as refused:
            plain.identity.GetCaller(GetCallerRequest())
        assert refused.value.code is NO_CONNECTION


def test_commands_say_what_is_wrong_with_a_token_or_an_authority(company: Company, tmp_path: Path) -> None:
    """One line each, which names what to change, and nothing of the libraries between."""
    token = minted(company.provider)
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    assert company.dedup("inbox", token=token)[0] == 0
    for said, given, settings in (
        ("the token has expired", minted(company.provider, exp=1), {}),
        ("DEDUP_TOKEN_FILE says who calls", minted(company.provider, aud="another"), {}),
        ("DEDUP_TLS_CA names another authority", token, {"DEDUP_TLS_CA": str(other)}),
        ("say which with DEDUP_TLS_SERVER_NAME", token, {"DEDUP_TLS_SERVER_NAME": "elsewhere.example"}),
        ("takes no plain text", token, {"DEDUP_TLS_CA": ""}),
        (
            "speaks no TLS",
            token,
            {"DEDUP_ADDRESS": company.console_url.removeprefix("http://")},
        ),
        ("no merge desk answers", token, {"DEDUP_ADDRESS": "127.0.0.1:1"}),
    ):
        code, text = company.dedup("inbox", token=given, **settings)
        assert (code, said in text, len(text.splitlines())) == (1, True, 1), text


def test_each_service_tells_its_health_without_credentials(company: Company) -> None:
    """Over TLS, to whoever asks; the console tells its own."""
    with DedupClient(company.service.address, credentials=company.authority.credentials()) as anybody:
        for name in SERVICES:
            status = anybody.health.Check(HealthCheckRequest(service=name)).status
            assert status == HealthCheckResponse.SERVING, name
    with urlopen(f"{company.console_url}/healthy", timeout=10) as answer:  # a URL of this test
        assert answer.status == 200


def served_certificate(company: Company) -> str:
    """The certificate that a new connection is shown, as PEM."""
    host, _, port = company.service.address.partition(":")
    return ssl.get_server_certificate((host, int(port)))


def test_a_renewed_certificate_is_served_and_nobody_is_cut_off(company: Company) -> None:
    """With both files in place the next connection gets it, and one that is open goes on."""
    token = bearer(minted(company.provider))
    before = served_certificate(company)
    with company.door.held() as held:
        assert held.ask(token).name == "users/ann"
        renewed = company.authority.issue_server()
        after = served_certificate(company)
        assert after != before
        assert after.split() == renewed.chain.decode().split()[: len(after.split())]
        assert held.ask(token).name == "users/ann"
    assert company.door.ask(token).name == "users/ann"


def test_a_steward_signs_in_decides_by_keyboard_and_signs_out(company: Company) -> None:
    """In a real browser: the provider's sign-in, one key, the vote in the service, and out again at both."""
    with company.importer() as importer:
        proposal = propose_low(importer)
        path = f"/proposals/{proposal.name.partition('/')[2]}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            # The browser of a steward trusts the company's authority; this one trusts whoever answers.
            page = browser.new_context(locale="en-GB", ignore_https_errors=True).new_page()
            decided(page, company, path)
            browser.close()
        state = proposal_now(importer, proposal.name).state
    assert state == MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
    told = company.service.log.read_text()
    for event in ("signed in at the provider", "signed out"):
        assert f'"event": "{event}", "principal": "users/ben"' in told


def decided(page: Page, company: Company, path: str) -> None:
    """The way of a steward, from the address of a proposal to the page that asks for the next sign-in."""
    page.goto(f"{company.console_url}{path}")
    page.get_by_role("link", name="Sign in", exact=True).click()
    assert urlsplit(page.url).netloc == urlsplit(company.provider.issuer).netloc
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{company.console_url}{path}")
    # Shown by the script that hears keys, once it does.
    expect(page.locator("[data-keys-open]")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(f"{company.console_url}{path}")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{company.provider.issuer}/logout/**")
    page.locator("input[type=submit][name=allow], button[name=allow]").first.click()
    page.wait_for_url(f"{company.console_url}/sign-in*")
    page.goto(f"{company.console_url}/inbox")
    expect(page).to_have_url(f"{company.console_url}/sign-in?to=%2Finbox")


def test_sigterm_ends_watches_and_the_console_and_exits_with_0(company: Company) -> None:
    """An open stream is told to come again, the console is gone with the service, and both come back."""
    token = bearer(minted(company.provider))
    with company.client(minted(company.provider)) as client:
        watch = iter(client.changes.WatchChanges(WatchChangesRequest()))
        assert next(watch) is not None
        assert company.service.terminate() == 0
        with pytest.raises(ServiceError) as ended:
            for _ in watch:
                pass
        assert ended.value.code is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(OSError, match="refused"):
        urlopen(company.console_url, timeout=5)
    assert company.service.logged_incidents() == []
    company.service.start()
    assert company.door.ask(token).name == "users/ann"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urlopen(f"{company.console_url}/healthy", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(POLL_SECONDS)
    raise AssertionError("the console did not come back")
