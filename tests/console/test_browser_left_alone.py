"""What a page shows of people does not outlast the session, in any tab, in a real browser."""

from playwright.sync_api import Page, expect

from tests.console.conftest import NewContext
from tests.console.served_console import Console

MINUTE_MILLISECONDS = 60_000
ANN = "users/ann"


def test_the_other_tabs_of_who_signs_out_are_emptied(console: Console, new_context: NewContext) -> None:
    """Signed out in one tab, no other goes on showing what it showed; nor does going back."""
    context = new_context()
    console.sign_in(context, ANN)
    page, other = context.new_page(), context.new_page()
    for each in (other, page):
        each.goto("/overview")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Be somebody else").click()
    expect(page).to_have_url(f"{console.url}/sign-in")
    expect(other).to_have_url(f"{console.url}/sign-in?to=%2Foverview")
    page.go_back()
    expect(page).to_have_url(f"{console.url}/sign-in?to=%2Foverview")


def test_a_page_that_is_left_alone_goes_with_the_session(console: Console, page: Page) -> None:
    """An hour after the last page was opened what is shown is asked for anew, and nothing of it stays."""
    page.clock.install()
    console.sign_in(page, ANN)
    page.goto("/overview")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.context.clear_cookies()
    page.clock.run_for(59 * MINUTE_MILLISECONDS)
    expect(page).to_have_url(f"{console.url}/overview")
    page.clock.run_for(2 * MINUTE_MILLISECONDS)
    expect(page).to_have_url(f"{console.url}/sign-in?to=%2Foverview")


def test_a_page_that_is_left_alone_beside_one_in_use_stays(console: Console, new_context: NewContext) -> None:
    """The session is of all tabs: as long as one is in use the others keep what they show."""
    context = new_context()
    context.clock.install()
    console.sign_in(context, ANN)
    page, other = context.new_page(), context.new_page()
    page.goto("/overview")
    page.clock.run_for(40 * MINUTE_MILLISECONDS)
    other.goto("/overview")
    page.evaluate("window.isAsItWas = true")
    page.clock.run_for(40 * MINUTE_MILLISECONDS)
    assert page.evaluate("window.isAsItWas === true")
