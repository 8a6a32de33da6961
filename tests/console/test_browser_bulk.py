"""Many decisions at once: what is ticked is decided, what is not stays, and what was skipped is said."""

import pytest
from playwright.sync_api import Page, expect

from dedup_service.console.views import addresses
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from tests.console.conftest import NewContext
from tests.console.scenes import contact_record, proposal_now, propose_high, propose_low, propose_medium
from tests.console.served_console import Console

pytestmark = pytest.mark.proof

EXECUTED = MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
PENDING = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
LOW_LIST = addresses.with_query("/bulk", {"impact": "LOW"})


def box_of(proposal: str) -> str:
    """The selector of the box that ticks a proposal."""
    return f"li:has(a[href*='{addresses.of(proposal)}']) input[type=checkbox]"


def states(console: Console, *names: str) -> list[int]:
    """The states of proposals as they are now."""
    return [proposal_now(console.importer, name).state for name in names]


def test_a_filtered_list_is_decided_at_once_but_what_was_taken_out(console: Console, page: Page) -> None:
    """With one row taken out and one changed meanwhile the rest is merged, and the changed one is listed."""
    lows = [propose_low(console.importer, number).name for number in range(1, 5)]
    medium = propose_medium(console.importer).name
    console.sign_in(page, "users/ann")
    page.goto(LOW_LIST)
    rows = page.locator("li[data-row]")
    expect(rows).to_have_count(4)
    page.uncheck(box_of(lows[0]))
    changed = contact_record("low-2-a", given_name="Adele", email="adele@example.org")
    list(console.importer.ingest([changed]))
    with page.expect_navigation():
        page.click("button[name=decision][value=approve]")
    skipped = page.locator("section[aria-labelledby=fate-skipped] li")
    expect(skipped).to_have_count(1)
    expect(skipped).to_contain_text("changed since you looked")
    expect(page.locator("section[aria-labelledby=fate-merged] li")).to_have_count(2)
    assert states(console, *lows) == [PENDING, PENDING, EXECUTED, EXECUTED]
    assert states(console, medium) == [PENDING]


def test_the_totals_follow_what_is_ticked(console: Console, page: Page) -> None:
    """Added up again, the totals are those of the ticked rows, and the others stay in the list unticked."""
    lows = [propose_low(console.importer, number).name for number in range(1, 4)]
    console.sign_in(page, "users/ann")
    page.goto(LOW_LIST)
    merged_away = page.locator(".bulk-totals dd").first
    expect(merged_away).to_have_text("3")
    page.uncheck(box_of(lows[1]))
    with page.expect_navigation():
        page.click("button[name=tick][value=these]")
    expect(merged_away).to_have_text("2")
    expect(page.locator(box_of(lows[1]))).not_to_be_checked()
    expect(page.locator(box_of(lows[2]))).to_be_checked()


def test_a_list_is_decided_with_the_keyboard_and_without_script(
    console: Console, new_context: NewContext
) -> None:
    """Keys move, untick and reject; a browser without script does the same with links and boxes."""
    lows = [propose_low(console.importer, number).name for number in range(1, 3)]
    context = new_context()
    console.sign_in(context, "users/ann")
    page = context.new_page()
    page.goto(LOW_LIST)
    page.keyboard.press("j")
    page.keyboard.press("x")
    unticked = page.locator("li[data-row]:has(input:not(:checked)) a").get_attribute("href") or ""
    with page.expect_navigation():
        page.keyboard.press("r")
    rejected = [name for name in lows if addresses.of(name) not in unticked]
    assert len(rejected) == 1
    assert states(console, *rejected) == [MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED]

    plain = new_context(java_script_enabled=False)
    console.sign_in(plain, "users/ann")
    left = plain.new_page()
    left.goto(LOW_LIST)
    left.click("button[name=decision][value=approve]")
    assert states(console, *(name for name in lows if name not in rejected)) == [EXECUTED]


def test_a_weighty_merge_is_never_one_of_many(console: Console, page: Page) -> None:
    """HIGH impact asks to type both names, so it is listed apart and cannot be ticked."""
    high = propose_high(console.importer).name
    console.sign_in(page, "users/ann")
    page.goto("/bulk")
    expect(page.locator(".bulk-left li")).to_contain_text("type both names")
    assert page.locator(box_of(high)).count() == 0
    etag = proposal_now(console.importer, high).etag
    answer = console.web.post(
        "/bulk/decide",
        {"decision": "approve", "chosen": f"{high.partition('/')[2]}:{etag}"},
        as_="users/ann",
    )
    assert "type both names" in answer.text
    assert not proposal_now(console.importer, high).votes


def test_a_double_click_decides_a_list_once(console: Console, page: Page) -> None:
    """Each of the ticked is merged once, and none is listed as skipped because it was over already."""
    lows = [propose_low(console.importer, number).name for number in range(1, 3)]
    console.sign_in(page, "users/ann")
    page.goto(LOW_LIST)
    page.dblclick("button[name=decision][value=approve]")
    expect(page.locator("section[aria-labelledby=fate-merged] li")).to_have_count(2)
    assert states(console, *lows) == [EXECUTED, EXECUTED]
