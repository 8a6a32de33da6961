"""Two people, two tabs, two clicks at once: what was not seen is not decided, and nothing happens twice."""

import pytest
from playwright.sync_api import Page, expect

from dedup_service.console.views import addresses
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from dedup_service.v1.merge_service_pb2 import ListMergesRequest
from tests.console.conftest import NewContext
from tests.console.scenes import Scene, contact_record, proposal_now
from tests.console.served_console import Console

pytestmark = pytest.mark.proof

APPROVE = "button[formaction$='/approve']"


def merges_of(console: Console, proposal: str) -> list[str]:
    """The merges that came of a proposal."""
    asked = ListMergesRequest(page_size=100)
    found = console.acting_as("users/ann").merges.ListMerges(asked).merges
    return [merge.name for merge in found if merge.proposal == proposal]


def test_a_vote_for_a_plan_that_changed_meanwhile_is_refused(
    console: Console, scene: Scene, new_context: NewContext
) -> None:
    """Two stewards look at one proposal; one chooses another value; the other's approval decides nothing."""
    ann, ben = new_context(), new_context()
    console.sign_in(ann, "users/ann")
    console.sign_in(ben, "users/ben")
    looked_at, changed = ann.new_page(), ben.new_page()
    looked_at.goto(addresses.of(scene.low))
    changed.goto(addresses.of(scene.low))
    choose_other_value(changed)
    before = proposal_now(console.importer, scene.low)
    assert before.field_choices, "the other value was chosen"
    with looked_at.expect_navigation():
        looked_at.click(APPROVE)
    problem = looked_at.get_by_role("alert")
    expect(problem).to_contain_text("Nothing was decided")
    expect(problem).to_contain_text("What changed")
    after = proposal_now(console.importer, scene.low)
    assert (after.state, len(after.votes)) == (MergeProposalState.MERGE_PROPOSAL_STATE_PENDING, 0)

    with looked_at.expect_navigation():
        looked_at.get_by_role("link", name="Look again").click()
    with looked_at.expect_navigation():
        looked_at.click(APPROVE)
    assert len(merges_of(console, scene.low)) == 1


def choose_other_value(page: Page) -> None:
    """Choose the losing value of some field, and say yes to what that means."""
    with page.expect_navigation():
        page.get_by_role("link", name="use the value of").first.click()
    with page.expect_navigation():
        page.get_by_role("button", name="Change the plan").click()


def test_a_record_that_its_source_changed_meanwhile_makes_a_vote_stale(
    console: Console, scene: Scene, page: Page
) -> None:
    """What a member has become since the page was opened was not seen: the approval decides nothing."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    changed = contact_record("low-1-a", given_name="Adele", email="adele@example.org")
    list(console.importer.ingest([changed]))
    with page.expect_navigation():
        page.click(APPROVE)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was decided")
    assert proposal_now(console.importer, scene.low).state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING


def test_a_double_click_merges_once(console: Console, scene: Scene, page: Page) -> None:
    """The second click of a nervous finger changes nothing, and what is said is that it was merged."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    page.dblclick(APPROVE)
    expect(page.get_by_role("status").first).to_contain_text("Merged")
    assert len(merges_of(console, scene.low)) == 1


def test_a_double_click_merges_once_without_script_too(
    console: Console, scene: Scene, new_context: NewContext
) -> None:
    """Where no script holds the second click back, its request has the same id and the same answer."""
    context = new_context(java_script_enabled=False)
    console.sign_in(context, "users/ann")
    page = context.new_page()
    page.goto(addresses.of(scene.low))
    page.dblclick(APPROVE)
    expect(page.get_by_role("status").first).to_contain_text("Merged")
    assert len(merges_of(console, scene.low)) == 1


def test_two_tabs_merge_once(console: Console, scene: Scene, new_context: NewContext) -> None:
    """The second tab says that it is over already, and by what; there is one merge and one vote."""
    context = new_context()
    console.sign_in(context, "users/ann")
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto(addresses.of(scene.low))
    for tab in (first, second):
        with tab.expect_navigation():
            tab.click(APPROVE)
    expect(first.get_by_role("status").first).to_contain_text("Merged")
    expect(second.get_by_role("alert")).to_contain_text("over already")
    assert len(merges_of(console, scene.low)) == 1
    assert len(proposal_now(console.importer, scene.low).votes) == 1


def test_the_same_form_sent_twice_is_one_effect(console: Console, scene: Scene, page: Page) -> None:
    """A page that is sent again after the back button tells what was done, and does nothing more."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    with page.expect_navigation():
        page.click(APPROVE)
    page.go_back()
    page.wait_for_load_state()
    if page.locator(APPROVE).count():
        with page.expect_navigation():
            page.click(APPROVE)
    assert len(merges_of(console, scene.low)) == 1


def test_a_merge_is_undone_once(console: Console, scene: Scene, new_context: NewContext) -> None:
    """Two tabs undo one merge: the second is told that it is undone."""
    context = new_context()
    console.sign_in(context, "users/ann")
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto(f"{addresses.of(scene.merge)}/undo")
        tab.fill("textarea[name=reason]", "two people")
    for tab in (first, second):
        with tab.expect_navigation():
            tab.locator("form[action$='/undo'] button.bad").click()
    expect(first.locator("main")).to_contain_text("ndone")
    expect(second.locator("main")).to_contain_text("ndone")
