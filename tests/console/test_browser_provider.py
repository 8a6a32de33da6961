"""A steward signs in at a real provider, decides, and signs out, in a real browser; and what takes long."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dedup_service.client import DedupClient
from tests.console.accessibility import barriers
from tests.console.conftest import TIMEOUT_MILLISECONDS, StartedBrowser
from tests.console.provider_console import ProviderConsole, provider_console
from tests.console.scenes import propose_low
from tests.oidc_provider import PASSWORD, token_of_service

# As the menu with the person's name says what they hold.
FINANCE = "<small>Finance</small>"


@pytest.fixture
def provided(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[ProviderConsole]:
    """A console, its provider and its desk."""
    with provider_console(tmp_path, database_url, redis_url) as served:
        yield served


@pytest.mark.proof
def test_a_day_with_the_sign_in_of_the_company(
    provided: ProviderConsole, started_browser: StartedBrowser
) -> None:
    """From the address of a proposal over the sign-in to its approval, and out again, here and there."""
    token = token_of_service(provided.provider, "importer")
    with DedupClient(provided.desk.address, token=token, deadline_seconds=10) as importer:
        proposal = propose_low(importer)
    with started_browser.in_use() as browser:
        context = browser.new_context(locale="en-GB")
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        faults: list[str] = []
        # What the provider's own pages lack is theirs.
        context.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if message.type == "error" and message.location["url"].startswith(provided.url)
                else None
            ),
        )
        page = context.new_page()
        _sign_in(page, provided, f"/proposals/{proposal.name.partition('/')[2]}", "ben")
        expect(page.get_by_text("Demo sign-in")).to_have_count(0)
        # Shown by the script that hears keys, once it does.
        expect(page.locator("[data-keys-open]")).to_be_visible()
        page.keyboard.press("a")
        expect(page.get_by_role("status")).to_be_visible()
        assert not [each for each in context.cookies() if "eyJ" in each["value"]]
        page.locator("details.menu summary").click()
        page.get_by_role("link", name="Your sessions").click()
        expect(page.get_by_role("heading", name="Your sessions")).to_be_visible()
        expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()
        assert not barriers(page)
        _sign_out(page, provided)
        page.goto(f"{provided.url}/inbox")
        expect(page).to_have_url(f"{provided.url}/sign-in?to=%2Finbox")
        page.get_by_role("link", name="Sign in", exact=True).click()
        expect(page.get_by_label("Password")).to_be_visible()
        context.close()
    assert not faults, faults


def _sign_in(page: Page, provided: ProviderConsole, path: str, name: str) -> None:
    page.goto(f"{provided.url}{path}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{provided.url}{path}")
    expect(page.get_by_text("Ben Boateng").first).to_be_visible()


def _sign_out(page: Page, provided: ProviderConsole) -> None:
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    # The page of the console leads on to the provider, which asks.
    page.wait_for_url(f"{provided.provider.issuer}/logout/**")
    page.locator("input[type=submit][name=allow], button[name=allow]").first.click()
    page.wait_for_url(f"{provided.url}/sign-in*")


@pytest.mark.proof
def test_functions_that_change_meanwhile(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """Somebody is given another function: with their next token the pages show it, without a new sign-in."""
    claim = {"DEDUP_OIDC_FUNCTIONS_CLAIM": "roles"}
    with provider_console(tmp_path, database_url, redis_url, **claim) as console:
        console.provider.state = replace(console.provider.state, token_seconds=20)
        browser = console.browser()
        browser.sign_in("paula")
        assert FINANCE not in browser.get("/inbox").text
        console.provider.grant("paula", "finance")
        # What a token says counts within a second.
        deadline = time.monotonic() + TIMEOUT_MILLISECONDS / 1000
        while FINANCE not in (page := browser.get("/inbox").text) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert FINANCE in page
        browser.close()
