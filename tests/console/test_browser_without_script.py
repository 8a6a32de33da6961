"""All that is needed to read and to decide, in a browser that runs no script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dedup_service.console.views import addresses
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, MergeState
from tests.console.conftest import NewContext
from tests.console.scenes import Scene, one_of_each, proposal_now
from tests.console.served_console import Console

pytestmark = pytest.mark.proof


@pytest.fixture
def plain_page(console: Console, new_context: NewContext) -> Iterator[Page]:
    """A page of a browser without script, signed in as somebody of sales."""
    context = new_context(java_script_enabled=False)
    console.sign_in(context, "users/ann")
    yield context.new_page()
    context.close()


def test_every_kind_of_page_can_be_read(scene: Scene, plain_page: Page) -> None:
    """Each has its heading, and says what it is about."""
    for address in one_of_each(scene):
        answer = plain_page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert plain_page.locator("main h1").inner_text().strip(), address


def test_a_proposal_is_found_decided_merged_and_undone(
    console: Console, scene: Scene, new_context: NewContext
) -> None:
    """From the sign-in to the undo with links and forms alone."""
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/")
    page.click("button[value='users/ann']")
    page.click(f"a[href*='{addresses.of(scene.low)}']")
    page.fill("textarea[name=comment]", "the same person")
    page.click("button[formaction$='/approve']")
    expect(page.get_by_role("status").first).to_contain_text("Merged")
    done = proposal_now(console.importer, scene.low)
    assert done.state == MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
    assert done.votes[0].comment == "the same person"
    page.get_by_role("status").first.get_by_role("link").click()
    page.fill("textarea[name=reason]", "two people")
    page.click("form[action$='/undo'] button.bad")
    undone = console.importer.merges.GetMerge(GetMergeRequest(name=done.merge))
    assert undone.state == MergeState.MERGE_STATE_UNDONE


def test_a_weighty_merge_is_refused_until_both_names_are_right(
    console: Console, scene: Scene, plain_page: Page
) -> None:
    """A wrong name decides nothing and says which it is; what was typed and said is still there."""
    plain_page.goto(addresses.of(scene.high))
    names = plain_page.locator(".decide-name label > bdi").all_inner_texts()
    plain_page.fill("input[name=typed_left]", names[0])
    plain_page.fill("input[name=typed_right]", "something else")
    plain_page.fill("textarea[name=comment]", "the same VAT notice")
    plain_page.click("button[formaction$='/approve']")
    expect(plain_page.locator("input[name=typed_right]")).to_have_attribute("aria-invalid", "true")
    assert plain_page.locator("input[name=typed_left]").get_attribute("aria-invalid") is None
    expect(plain_page.locator("textarea[name=comment]")).to_have_value("the same VAT notice")
    assert not proposal_now(console.importer, scene.high).votes
    plain_page.fill("input[name=typed_right]", names[1])
    plain_page.click("button[formaction$='/approve']")
    assert len(proposal_now(console.importer, scene.high).votes) == 1


def test_the_language_and_the_colours_are_chosen_and_kept(plain_page: Page) -> None:
    """What somebody prefers is kept from page to page."""
    plain_page.goto("/inbox")
    plain_page.locator("details.menu summary", has=plain_page.locator(".face")).click()
    plain_page.click("button[name=theme][value=dark]")
    expect(plain_page.locator("html")).to_have_attribute("data-theme", "dark")
    plain_page.locator("details.menu summary", has=plain_page.locator(".face")).click()
    plain_page.click("button[name=language][value=ru]")
    expect(plain_page.locator("html")).to_have_attribute("lang", "ru")
    expect(plain_page.locator("html")).to_have_attribute("data-theme", "dark")
