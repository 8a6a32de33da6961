"""What holds for every page of the console, seen in a browser: nobody is kept out, nothing breaks."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, Response

from dedup_service.console.views import addresses
from tests.console.accessibility import barriers
from tests.console.browser_guard import BrowserGuard
from tests.console.conftest import NewContext, StartedBrowser
from tests.console.scenes import MARKUP, SCRIPT, Scene, every_page, one_of_each
from tests.console.served_console import Console

WIDE, NARROW = 1280, 360
ANN = "users/ann"
# Turns of direction and characters without a width: none may be in a page but as a mark.
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u00ad\ufeff]")
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

PagesOf = Callable[[Scene], list[str]]
EACH_OR_EVERY = pytest.mark.parametrize(
    "pages", [one_of_each, pytest.param(every_page, marks=pytest.mark.proof)]
)


def opened(page: Page, address: str) -> Response:
    """The answer to a page that could be opened."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, f"{answer.status} for {address}"
    return answer


def barriers_of(page: Page, pages: list[str]) -> dict[str, list[str]]:
    """What axe finds, by page; pages without barriers are left out."""
    found = {}
    for address in pages:
        opened(page, address)
        found[address] = barriers(page)
    return {address: said for address, said in found.items() if said}


@pytest.mark.proof
def test_axe_finds_nothing_serious_on_any_kind_of_page(
    console: Console, scene: Scene, new_context: NewContext
) -> None:
    """Whoever sees little, hears a page or uses the keyboard alone gets along with every kind of page."""
    context = new_context(viewport={"width": NARROW, "height": 740}, color_scheme="dark")
    page = context.new_page()
    assert not barriers_of(page, ["/sign-in"])
    console.sign_in(context, ANN)
    assert not barriers_of(page, one_of_each(scene))


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_axe_finds_nothing_serious_on_any_page(
    console: Console, scene: Scene, new_context: NewContext, width: int, scheme: Literal["light", "dark"]
) -> None:
    """Every page, wide and narrow, light and dark, for people of two functions."""
    context = new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    console.sign_in(context, ANN)
    assert not barriers_of(context.new_page(), every_page(scene))
    other = new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    console.sign_in(other, "users/frida")
    assert not barriers_of(other.new_page(), ["/inbox", "/overview", addresses.of(scene.high)])


@EACH_OR_EVERY
def test_no_page_is_wider_than_a_telephone(
    console: Console, scene: Scene, new_context: NewContext, pages: PagesOf
) -> None:
    """At 360 px nothing has to be moved sideways but what scrolls inside of its own frame."""
    context = new_context(viewport={"width": NARROW, "height": 740})
    console.sign_in(context, ANN)
    page = context.new_page()
    overflows = {}
    for address in pages(scene):
        opened(page, address)
        overflows[address] = page.evaluate(_OVERFLOW)
    assert not {address: pixels for address, pixels in overflows.items() if pixels}


@EACH_OR_EVERY
def test_stored_text_runs_nowhere_and_hides_nothing(
    console: Console, scene: Scene, page: Page, pages: PagesOf
) -> None:
    """Names made of script, markup and unseen characters are shown as what they are, on every page."""
    console.sign_in(page, ANN)
    for address in pages(scene):
        opened(page, address)
        assert page.evaluate("window.ran") is None, address
        assert page.locator("img[src=x]").count() == 0, address
        assert page.locator("main script").count() == 0, address
        assert not INVISIBLE.search(page.content()), address
        assert "49" not in page.title(), address


@pytest.mark.parametrize("part", ["hostile", "hostile_merge", "hostile_survivor"])
def test_what_nobody_would_see_is_shown_as_a_mark(
    console: Console, scene: Scene, page: Page, part: str
) -> None:
    """On a page about such names the turn of direction is there to be seen, with its name."""
    console.sign_in(page, ANN)
    opened(page, addresses.of(getattr(scene, part)))
    mark = page.locator("main .mark:visible", has_text="RLO").first
    assert mark.get_attribute("title") == "U+202E right-to-left override"


@pytest.mark.proof
def test_what_an_address_says_runs_nowhere(console: Console, new_context: NewContext) -> None:
    """A link that somebody was sent puts nothing into a page but inert text, whatever it says."""
    context = new_context(viewport={"width": NARROW, "height": 740})
    console.sign_in(context, ANN)
    page = context.new_page()
    pages = {
        "/inbox": ("kind", "source", "owner", "verdict", "function", "order", "after", "whose"),
        "/bulk": ("kind", "source", "owner", "verdict"),
        "/search": ("q",),
        "/why": ("left", "right"),
        "/merges": ("state",),
        "/intake": ("given_name", "company_name", "email"),
        "/overview": ("days",),
        "/propose": ("golden_record", "survivor"),
        "/sign-in": ("to",),
    }
    for text in (SCRIPT, MARKUP, "W" * 200):
        for path, names in pages.items():
            page.goto(addresses.with_query(path, dict.fromkeys(names, text)))
            assert page.evaluate("window.ran") is None, (path, text)
            assert page.locator("img[src=x], main script").count() == 0, (path, text)
            assert page.evaluate(_OVERFLOW) == 0, (path, text)


def test_the_guard_of_these_tests_sees_what_goes_wrong(
    console: Console, started_browser: StartedBrowser
) -> None:
    """A style that the policy stops, a lost error, a request to elsewhere and a missing part are noticed."""
    guard = BrowserGuard(console.url)
    with started_browser.in_use() as browser:
        context = browser.new_context()
        guard.watch(context)
        page = context.new_page()
        page.goto(f"{console.url}/sign-in")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">red</p>')")
        page.evaluate("setTimeout(() => { throw new Error('lost') })")
        page.evaluate("fetch('/nothing').then((answer) => answer.status)")
        page.goto(console.url.replace("127.0.0.1", "localhost"))
        context.close()
    for wanted in ("Content Security Policy", "lost", "404 for GET", "a request to http://localhost"):
        assert any(wanted in fault for fault in guard.faults), (wanted, guard.faults)
