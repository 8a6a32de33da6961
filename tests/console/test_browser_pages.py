"""What holds for every page of the console, seen in a browser: nobody is kept out, nothing breaks."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, Response

from dedup_service.console.views import addresses
from tests.console.accessibility import barriers
from tests.console.browser_guard import BrowserGuard
from tests.console.conftest import NewContext, StartedBrowser
from tests.console.scenes import HOSTILE, Scene, every_page
from tests.console.served_console import Console

WIDE, NARROW = 1280, 360
ANN = "users/ann"
# Turns of direction and characters without a width: none may be in a page but as a mark.
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u00ad\ufeff]")
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def opened(page: Page, address: str) -> Response:
    """The answer to a page that could be opened."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, f"{answer.status} for {address}"
    return answer


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (WIDE, "light"),
        (NARROW, "dark"),
        pytest.param(WIDE, "dark", marks=pytest.mark.proof),
        pytest.param(NARROW, "light", marks=pytest.mark.proof),
    ],
)
def test_axe_finds_nothing_serious_on_any_page(
    console: Console, scene: Scene, new_context: NewContext, width: int, scheme: Literal["light", "dark"]
) -> None:
    """Whoever sees little, hears a page or uses the keyboard alone gets along with every one of them."""
    context = new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page = context.new_page()
    opened(page, "/sign-in")
    found = {"/sign-in": barriers(page)}
    console.sign_in(context, ANN)
    for address in every_page(scene):
        opened(page, address)
        found[address] = barriers(page)
    assert not {address: said for address, said in found.items() if said}


def test_no_page_is_wider_than_a_telephone(console: Console, scene: Scene, new_context: NewContext) -> None:
    """At 360 px nothing has to be moved sideways but what scrolls inside of its own frame."""
    context = new_context(viewport={"width": NARROW, "height": 740})
    console.sign_in(context, ANN)
    page = context.new_page()
    overflows = {}
    for address in every_page(scene):
        opened(page, address)
        overflows[address] = page.evaluate(_OVERFLOW)
    assert not {address: pixels for address, pixels in overflows.items() if pixels}


def test_stored_text_runs_nowhere_and_hides_nothing(console: Console, scene: Scene, page: Page) -> None:
    """Names made of script, markup and unseen characters are shown as what they are, on every page."""
    console.sign_in(page, ANN)
    for address in every_page(scene):
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


@pytest.mark.parametrize("text", [*HOSTILE, "\0", "\N{REPLACEMENT CHARACTER}", """'"\\"""])
def test_no_address_of_any_page_breaks_it(web: WebClient, text: str) -> None:
    """Whatever stands where an address has an id or a value, the answer is a page, and no fault of ours."""
    written = quote(text[:200], safe="")
    for route in GETS:
        path = route.replace("x", written) if route.count("/") > 1 and "static" not in route else route
        answer = web.get(f"{path}?{urlencode(dict.fromkeys(_PARAMETERS, text[:200]))}", as_=ANN)
        assert answer.status in {200, 303, 400, 404, 409, 410, 422}, (route, answer.status)


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
