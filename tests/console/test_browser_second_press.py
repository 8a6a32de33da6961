"""A second press meant the first proposal: the next one, which nobody has seen yet, is not decided by it."""

import pytest
from playwright.sync_api import expect

from dedup_service.console.views import addresses
from tests.console.conftest import NewContext
from tests.console.scenes import Scene, proposal_now
from tests.console.served_console import Console

pytestmark = pytest.mark.proof

REJECT = "button[formaction$='/reject']"
# As a second press does that arrives just when the next page is there.
PRESSES_AT_ONCE = """
addEventListener("pageshow", () => {
  if (document.querySelector(".said")) document.querySelector("button[formaction$='/reject']")?.click();
});
"""


def votes(console: Console, scene: Scene) -> int:
    return sum(len(proposal_now(console.importer, each).votes) for each in scene.proposals)


def test_a_second_press_decides_nothing_that_was_not_seen(
    console: Console, scene: Scene, new_context: NewContext
) -> None:
    """It does nothing on the page that the first one led to; a moment later that can be decided, too."""
    context = new_context()
    console.sign_in(context, "users/ann")
    page = context.new_page()
    page.goto(f"{addresses.of(scene.medium)}?queue=whose%3Dme")
    page.add_init_script(PRESSES_AT_ONCE)
    before = votes(console, scene)
    with page.expect_navigation():
        page.click(REJECT)
    expect(page.get_by_role("status").first).to_contain_text("You rejected")
    expect(page.locator(REJECT)).to_be_visible()
    page.wait_for_timeout(900)
    assert votes(console, scene) == before + 1
    page.click(REJECT)
    expect(page.locator(".said")).to_be_visible()
    page.wait_for_timeout(900)
    assert votes(console, scene) == before + 2
