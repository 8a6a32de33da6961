"""A steward's work from the sign-in to the undo, with the keyboard alone."""

from playwright.sync_api import Page, expect

from dedup_service.console.views import addresses
from dedup_service.v1.distinction_service_pb2 import ListDistinctionsRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, MergeState
from tests.console.conftest import NewContext
from tests.console.scenes import Scene, proposal_now
from tests.console.served_console import Console

MOST_STEPS = 80


def tab_to(page: Page, selector: str) -> None:
    """Go on with Tab until the element has the focus; it can be reached so."""
    for _ in range(MOST_STEPS):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector} on {page.url}")


def press(page: Page, *keys: str) -> None:
    """Press keys one after another, the last of which opens another page."""
    for key in keys[:-1]:
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press(keys[-1])


def sign_in_with_keys(page: Page, principal: str) -> None:
    """Pick who to be, from the page that asks."""
    page.goto("/")
    tab_to(page, f"button[value='{principal}']")
    press(page, "Enter")
    expect(page).to_have_url(f"{page.url.split('/inbox')[0]}/inbox")


def open_first(page: Page) -> None:
    """Down to the first of the list, past it and back, and into it."""
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.href")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.href") == first
    press(page, "Enter")
    assert page.url == first


def type_both_names(page: Page) -> None:
    """Read the names that a weighty merge asks for, and type them."""
    asked = page.locator(".decide-name label > bdi")
    assert asked.count() == 2
    names = asked.all_inner_texts()
    tab_to(page, ".decide-name input[name=typed_left]")
    page.keyboard.type(names[0])
    page.keyboard.press("Tab")
    page.keyboard.type(names[1])


def test_a_weighty_merge_from_the_sign_in_to_its_undo_with_the_keyboard_alone(
    console: Console, scene: Scene, new_context: NewContext
) -> None:
    """Sales and finance each type both names; finance merges, undoes it with a reason, and goes on."""
    ann, frida = new_context().new_page(), new_context().new_page()
    sign_in_with_keys(ann, "users/ann")
    open_first(ann)
    assert addresses.of(scene.high) in ann.url, "the weightiest comes first"
    type_both_names(ann)
    press(ann, "Enter")
    expect(ann.get_by_role("status").first).to_contain_text("You approved")
    assert scene.high.partition("/")[2] not in ann.url, "the next one of the list is open"
    assert [vote.principal for vote in proposal_now(console.importer, scene.high).votes] == ["users/ann"]

    sign_in_with_keys(frida, "users/frida")
    open_first(frida)
    type_both_names(frida)
    press(frida, "Enter")
    said = frida.get_by_role("status").first
    expect(said).to_contain_text("Merged")
    merged = proposal_now(console.importer, scene.high)
    assert merged.state == MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED

    press(frida, "u")
    assert frida.url.endswith(f"{addresses.of(merged.merge)}/undo")
    frida.keyboard.press("c")
    frida.keyboard.type("two plants, not one")
    tab_to(frida, "form[action$='/undo'] button")
    press(frida, "Enter")
    undone = console.importer.merges.GetMerge(GetMergeRequest(name=merged.merge))
    assert (undone.state, undone.undo_reason) == (MergeState.MERGE_STATE_UNDONE, "two plants, not one")
    assert undone.undo_principal == "users/frida"

    press(frida, "g", "i")
    expect(frida.get_by_role("heading", level=1)).to_have_text("Inbox")


def test_a_light_merge_takes_three_keys(console: Console, scene: Scene, page: Page) -> None:
    """Of LOW impact one opens it and one approves and merges it; the next of the list is there at once."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.with_query("/inbox", {"impact": "LOW"}))
    page.locator("[data-row-link]").first.wait_for()
    page.keyboard.press("j")
    press(page, "Enter")
    name = "mergeProposals/" + page.url.rpartition("/")[2].partition("?")[0]
    is_vetoed = name == scene.vetoed
    if is_vetoed:
        press(page, "s")
        name = "mergeProposals/" + page.url.rpartition("/")[2].partition("?")[0]
    press(page, "a")
    state = proposal_now(console.importer, name).state
    assert state == MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
    assert "/proposals/" in page.url
    assert name.partition("/")[2] not in page.url


def test_rejecting_and_parting_take_one_key(console: Console, scene: Scene, page: Page) -> None:
    """r rejects; d rejects and notes that they are different; c is the way into the comment."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    page.keyboard.press("c")
    page.keyboard.type("a mother and her daughter")
    page.keyboard.press("Escape")
    press(page, "r")
    rejected = proposal_now(console.importer, scene.low)
    assert rejected.state == MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
    assert rejected.votes[0].comment == "a mother and her daughter"
    page.goto(addresses.of(scene.hostile))
    press(page, "d")
    parted = proposal_now(console.importer, scene.hostile)
    assert parted.state == MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
    noted = console.acting_as("users/ben").distinctions.ListDistinctions(ListDistinctionsRequest())
    assert "users/ann" in {one.creator for one in noted.distinctions}


def test_skipping_goes_on_and_decides_nothing(console: Console, scene: Scene, page: Page) -> None:
    """s opens the next of the list each time, to its end, where it says so."""
    console.sign_in(page, "users/ann")
    page.goto("/inbox")
    count = page.locator("[data-row-link]").count()
    page.keyboard.press("j")
    press(page, "Enter")
    seen = set()
    for _ in range(count):
        seen.add(page.url.partition("?")[0])
        press(page, "s")
    assert len(seen) == count
    expect(page.get_by_role("status").first).to_contain_text("last one")
    assert not any(proposal_now(console.importer, name).votes for name in scene.proposals)


def test_the_keys_of_a_page_are_shown_with_a_question_mark(
    console: Console, scene: Scene, page: Page
) -> None:
    """? lists the keys that this page has, and Escape closes the list."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    page.keyboard.press("?")
    keys = page.get_by_role("dialog")
    expect(keys).to_be_visible()
    for label in ("Approve and merge", "Reject", "Not a duplicate", "Inbox"):
        expect(keys).to_contain_text(label)
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_letters_in_a_field_are_letters(console: Console, scene: Scene, page: Page) -> None:
    """Whoever writes a comment with an a, an r or a ? in it decides and opens nothing."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    page.locator("textarea[name=comment]").focus()
    page.keyboard.type("are they? d s m r a u j k g i")
    page.wait_for_timeout(100)
    expect(page.locator("textarea[name=comment]")).to_have_value("are they? d s m r a u j k g i")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert not proposal_now(console.importer, scene.low).votes


def test_keys_of_the_browser_stay_the_browsers(console: Console, scene: Scene, page: Page) -> None:
    """Ctrl, Alt and Meta with a letter do what the browser does with them, and decide nothing."""
    console.sign_in(page, "users/ann")
    page.goto(addresses.of(scene.low))
    for key in ("Control+a", "Control+r", "Alt+d", "Meta+a"):
        page.keyboard.press(key)
    page.wait_for_load_state()
    page.wait_for_timeout(100)
    assert not proposal_now(console.importer, scene.low).votes
