"""The page of one's own sessions, at a real provider: seen by their person alone, ended after a sign-in."""

import re
import sqlite3
from collections.abc import Iterator
from html import unescape

import pytest

from tests.console.provider_console import Browser, ProviderConsole, query_of


@pytest.fixture(scope="module")
def console(standing_console: ProviderConsole) -> ProviderConsole:
    """One console, provider and desk for all of these."""
    return standing_console


@pytest.fixture
def browsers(console: ProviderConsole) -> Iterator[list[Browser]]:
    """Three browsers that call themselves by different names; they are signed out in the end."""
    made = [console.browser() for _ in range(3)]
    for browser, name in zip(made, ("Here/1", "There/2", "Elsewhere/3"), strict=True):
        browser.console.headers["User-Agent"] = name
    yield made
    for browser in made:
        browser.post("/sign-out", {})
        browser.close()


def sign_in_again(browser: Browser, name: str = "ann") -> None:
    """By the link of the page; the provider must ask anew."""
    page = browser.get("/sessions").text
    found = re.search(r'href="(/sign-in/start[^"]+)"', page)
    assert found, page
    address = str(browser.console.get(unescape(found[1])).headers["location"])
    assert query_of(address)["max_age"] == "0"
    back = browser.come_back(browser.agree(address, name))
    assert back.headers["location"] == "/sessions?again=1"


def sessions_of(page: str) -> list[str]:
    """The names of the sessions that a page lets its reader end."""
    return [name for name in re.findall(r'name="session" value="([^"]+)"', page) if name != "all-others"]


def aged(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a while since anybody proved who they are."""
    monkeypatch.setattr("dedup_service.console.security.token_sessions.PROVEN_SECONDS", -1)
    assert not sessions_of(browser.get("/sessions").text)


def test_a_person_sees_their_sessions_and_nobody_elses(browsers: list[Browser]) -> None:
    """Each with its browser; a page of somebody else shows none of them."""
    here, there, elsewhere = browsers
    here.sign_in("ann")
    there.sign_in("ann")
    elsewhere.sign_in("ben")
    page = here.get("/sessions").text
    assert "Here/1" in page
    assert "There/2" in page
    assert "Elsewhere/3" not in page
    assert "signed in nowhere else" in elsewhere.get("/sessions").text
    assert '<a href="/sessions">' in here.get("/inbox").text


def test_a_session_is_ended_from_another_browser(browsers: list[Browser]) -> None:
    """After a sign-in of a moment ago one is ended, and no other; done twice it is done once."""
    here, there, elsewhere = browsers
    for browser in (there, elsewhere, here):
        browser.sign_in("ann")
    names = sessions_of(here.get("/sessions").text)
    assert len(names) == 2
    # The last used comes first, and this one was signed in last.
    assert here.post("/sessions/end", {"session": names[0]}).headers["location"] == "/sessions"
    assert "1 session is ended." in here.get("/sessions").text
    assert elsewhere.get("/inbox").status_code == 303
    assert there.get("/inbox").status_code == 200
    here.post("/sessions/end", {"session": names[0]})
    assert "had ended already" in here.get("/sessions").text
    assert there.get("/inbox").status_code == 200


def test_all_others_are_ended_and_this_one_stays(browsers: list[Browser]) -> None:
    """Those of somebody else stay too."""
    here, there, elsewhere = browsers
    there.sign_in("ann")
    elsewhere.sign_in("ben")
    here.sign_in("ann")
    here.post("/sessions/end", {"session": "all-others"})
    assert there.get("/inbox").status_code == 303
    assert here.get("/inbox").status_code == 200
    assert elsewhere.get("/inbox").status_code == 200


def test_an_open_console_ends_no_session_elsewhere(
    browsers: list[Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a sign-in of a moment ago the page offers none, and takes none; after one it does."""
    here, there, _ = browsers
    there.sign_in("ann")
    here.sign_in("ann")
    name = sessions_of(here.get("/sessions").text)[0]
    with monkeypatch.context() as patch:
        aged(here, patch)
        here.post("/sessions/end", {"session": name})
        here.post("/sessions/end", {"session": "all-others"})
        assert "sign in again first" in here.get("/sessions").text
        assert there.get("/inbox").status_code == 200
        sign_in_again(here)
        assert "does not say when you proved" in here.get("/sessions?again=1").text
    here.post("/sessions/end", {"session": "all-others"})
    assert there.get("/inbox").status_code == 303


def test_the_session_of_somebody_else_cannot_be_named(browsers: list[Browser]) -> None:
    """A name that was seen on another's page ends nothing."""
    here, there, elsewhere = browsers
    there.sign_in("ben")
    elsewhere.sign_in("ben")
    here.sign_in("ann")
    names = sessions_of(there.get("/sessions").text)
    assert len(names) == 1
    here.post("/sessions/end", {"session": names[0]})
    assert elsewhere.get("/inbox").status_code == 200


def test_the_provider_asks_again_whom_it_knows(console: ProviderConsole, browsers: list[Browser]) -> None:
    """A sign-in to end sessions is one with a password, though the provider still knows the person."""
    here = browsers[0]
    here.sign_in("ann")
    known = here.elsewhere.get(here.begin())
    assert known.headers["location"].startswith(console.url)
    address = str(here.console.get("/sign-in/start?again=1").headers["location"])
    asked = here.elsewhere.get(address)
    assert "/login/" in asked.headers["location"]


def test_the_provider_takes_the_tokens_of_an_ended_session_back(
    console: ProviderConsole, browsers: list[Browser]
) -> None:
    """Whoever holds them gets no new ones there."""
    here, there, _ = browsers
    there.sign_in("ann")
    here.sign_in("ann")
    before = _revoked_count(console)
    here.post("/sessions/end", {"session": "all-others"})
    assert _revoked_count(console) == before + 1


def _revoked_count(console: ProviderConsole) -> int:
    with sqlite3.connect(console.provider.directory / "provider.sqlite") as database:
        return int(
            database.execute(
                "select count(*) from oauth2_provider_refreshtoken where revoked is not null"
            ).fetchone()[0]
        )
