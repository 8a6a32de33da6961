"""Signing in at a real provider: the ways in that are open, and those that are not."""

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest

from tests.console.provider_console import Browser, ProviderConsole, query_of


@pytest.fixture(scope="module")
def console(standing_console: ProviderConsole) -> ProviderConsole:
    """One console, provider and desk for all of these."""
    return standing_console


@pytest.fixture
def browser(console: ProviderConsole) -> Iterator[Browser]:
    """A browser of this test's own; the provider is as it was when the next test begins."""
    made, state = console.browser(), console.provider.state
    yield made
    made.close()
    console.provider.state = state


def test_a_steward_signs_in_and_is_who_the_service_says(browser: Browser) -> None:
    """From the page that was asked for, over the provider, back to that page, as themselves."""
    asked = browser.get("/merges")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?to=%2Fmerges")
    assert "/sign-in/start?to=%2Fmerges" in browser.get("/sign-in?to=/merges").text
    answer = browser.sign_in("ann", to="/merges")
    assert (answer.status_code, answer.headers["location"]) == (303, "/merges")
    page = browser.get("/merges")
    assert page.status_code == 200
    assert "Ann Abel" in page.text
    assert "Sales" in page.text
    assert "Demo sign-in" not in page.text


def test_what_is_asked_of_the_provider(browser: Browser) -> None:
    """The code flow, with a challenge of PKCE, a state and a nonce, each new with every sign-in."""
    one, other = query_of(browser.begin()), query_of(browser.begin())
    assert (one["response_type"], one["code_challenge_method"]) == ("code", "S256")
    assert "openid" in one["scope"].split()
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name]) >= 43
        assert one[name] != other[name]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_link_elsewhere_that_would_sign_somebody_in(browser: Browser, site: str) -> None:
    """Whoever follows it is asked first, since the provider may ask nobody again."""
    answer = browser.console.get("/sign-in/start?to=/merges", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 200
    assert "/sign-in/start?to=%2Fmerges" in answer.text
    ours = browser.console.get("/sign-in/start?to=/merges", headers={"Sec-Fetch-Site": "same-origin"})
    assert ours.status_code == 303


def test_who_signs_in_and_out_is_told_in_the_log(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """Each sign-in, of whom the service knows or not, and each sign-out is a line; no token is in any."""
    with caplog.at_level(logging.INFO, "dedup_service.console"):
        browser.sign_in("stranger")
        browser.elsewhere.cookies.clear()
        browser.sign_in("ann")
        browser.post("/sign-out", {})
    told = [
        (each.levelname, each.getMessage(), getattr(each, "principal", ""))
        for each in caplog.records
        if each.name.startswith("dedup_service.console")
    ]
    assert told == [
        ("WARNING", "somebody signed in at the provider whom the service does not know", ""),
        ("INFO", "signed in at the provider", "users/ann"),
        ("INFO", "signed out", "users/ann"),
    ]


def test_no_token_is_in_the_browser(browser: Browser, console: ProviderConsole) -> None:
    """The browser holds the name of its session and nothing that opens the service."""
    answer = browser.sign_in()
    held = " ".join(f"{name}={value}" for name, value in browser.console.cookies.items())
    everything = f"{held} {answer.headers} {answer.text} {browser.get('/inbox').text}"
    assert "eyJhbGciOi" not in everything
    with sqlite3.connect(console.provider.directory / "provider.sqlite") as database:
        tokens = [row[0] for row in database.execute("select token from oauth2_provider_refreshtoken")]
    assert tokens
    assert not [token for token in tokens if token in everything]


def test_an_answer_to_a_sign_in_that_was_not_begun_here(browser: Browser, console: ProviderConsole) -> None:
    """Another's answer, as by a link: whoever follows it is not signed in as somebody else."""
    attacker = console.browser()
    address = attacker.agree(attacker.begin(), "ben")
    answer = browser.come_back(address)
    assert answer.status_code == 400
    assert "was not begun in this browser" in answer.text
    assert not browser.cookie
    attacker.close()


@pytest.mark.parametrize("state", ["", "x", "\N{WHITE SMILING FACE}", "a" * 5000])
def test_another_state(browser: Browser, state: str) -> None:
    """A state that this browser did not begin with is refused, though the code is good."""
    address = browser.agree(browser.begin())
    changed = {**query_of(address), "state": state}
    answer = browser.come_back(f"{address.partition('?')[0]}?{urlencode(changed)}")
    assert answer.status_code == 400
    assert not browser.cookie


def test_a_code_that_is_used_again(browser: Browser) -> None:
    """The same answer a second time is none: its sign-in is over."""
    address = browser.agree(browser.begin())
    assert browser.come_back(address).status_code == 303
    assert browser.come_back(address).status_code == 400


def test_a_code_of_another_sign_in(browser: Browser, console: ProviderConsole) -> None:
    """A stolen code, put into a sign-in of one's own: its challenge is of another verifier."""
    victim = console.browser()
    stolen = query_of(victim.agree(victim.begin(), "fiona"))["code"]
    address = browser.agree(browser.begin())
    answer = browser.come_back(
        f"{address.partition('?')[0]}?{urlencode({**query_of(address), 'code': stolen})}"
    )
    assert answer.status_code == 403
    assert "does not prove who you are" in answer.text
    assert not browser.cookie
    victim.close()


def test_an_answer_without_the_challenge(browser: Browser) -> None:
    """Without PKCE the provider itself gives no code, and the console says what it says."""
    address = browser.begin()
    bare = {name: text for name, text in query_of(address).items() if not name.startswith("code_")}
    page = browser.elsewhere.get(f"{address.partition('?')[0]}?{urlencode(bare)}", follow_redirects=False)
    back = page.headers.get("location", "")
    assert "code=" not in back
    if back.startswith(browser.url):
        answer = browser.come_back(back)
        assert answer.status_code == 403
        assert not browser.cookie


def test_a_nonce_of_another_sign_in(browser: Browser) -> None:
    """A provider that answers with the nonce of another sign-in has not answered this one."""
    address = browser.begin()
    other = {**query_of(address), "nonce": "of another sign-in altogether, which is as long"}
    back = browser.agree(f"{address.partition('?')[0]}?{urlencode(other)}")
    answer = browser.come_back(back)
    assert answer.status_code == 403
    assert not browser.cookie


@pytest.mark.parametrize("issuer", ["https://evil.example", "", None])
def test_an_answer_of_another_provider(browser: Browser, issuer: str | None) -> None:
    """An answer that says another issuer, or none where ours always says it, is not exchanged (RFC 9207)."""
    address = browser.agree(browser.begin())
    query = {name: text for name, text in query_of(address).items() if name != "iss"}
    told = {**query, **({"iss": issuer} if issuer is not None else {})}
    answer = browser.come_back(f"{address.partition('?')[0]}?{urlencode(told)}")
    assert answer.status_code == 403
    assert not browser.cookie


def test_what_the_provider_says_is_shown_and_not_run(browser: Browser) -> None:
    """A refusal of the provider is words, and shown to nobody but who began that sign-in."""
    state = query_of(browser.begin())["state"]
    said = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}"
    query = {"error": "access_denied", "error_description": said, "iss": browser.provider.issuer}
    refused = browser.get(f"/sign-in/done?{urlencode({**query, 'state': state})}")
    assert refused.status_code == 403
    assert "access_denied" in refused.text
    assert "<script>alert" not in refused.text
    assert "RLO" in refused.text
    assert "access_denied" not in browser.get(f"/sign-in/done?{urlencode({**query, 'state': 'x'})}").text


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_a_sign_in_at_the_provider_leads_to_no_other_site(browser: Browser, to: str) -> None:
    """Whatever a link to the sign-in names, it ends inside of the console."""
    assert browser.sign_in(to=to).headers["location"] == "/inbox"


def test_a_session_that_was_there_before_is_not_the_one_after(
    browser: Browser, console: ProviderConsole
) -> None:
    """Whoever plants a session, their own or a made up one, does not share the one that begins."""
    attacker = console.browser()
    attacker.sign_in("ben")
    planted = attacker.cookie
    browser.plant(planted)
    browser.sign_in("fiona")
    assert browser.cookie not in {"", planted}
    assert "Fiona Fischer" in browser.get("/inbox").text
    assert attacker.get("/inbox").status_code == 303
    attacker.close()


def test_one_person_twice_has_two_sessions(browser: Browser, console: ProviderConsole) -> None:
    """Two browsers of one person have two sessions; signing out of one leaves the other."""
    other = console.browser()
    browser.sign_in()
    other.sign_in()
    assert browser.cookie != other.cookie
    assert browser.post("/sign-out", {}).status_code == 200
    assert browser.get("/inbox").status_code == 303
    assert other.get("/inbox").status_code == 200
    other.close()


def test_two_tabs_sign_in_at_once(browser: Browser) -> None:
    """Two sign-ins that were begun in one browser each lead where they were asked for."""
    first, second = browser.begin("/merges"), browser.begin("/jobs")
    assert browser.come_back(browser.agree(second)).headers["location"] == "/jobs"
    # The provider knows the browser by now, and asks for no password.
    back = browser.elsewhere.get(first).headers["location"]
    assert browser.come_back(back).headers["location"] == "/merges"


def test_a_sign_out_ends_the_session_here_and_leads_to_the_provider(
    browser: Browser, console: ProviderConsole
) -> None:
    """The cookie opens nothing afterwards, the tokens are taken back, and the provider is led to."""
    browser.sign_in("carla")
    stolen = browser.cookie
    answer = browser.post("/sign-out", {})
    assert answer.status_code == 200
    assert f"{console.provider.issuer}/logout/?client_id=" in answer.text
    assert not browser.cookie
    browser.plant(stolen)
    assert browser.get("/inbox").status_code == 303
    with sqlite3.connect(console.provider.directory / "provider.sqlite") as database:
        (live,) = database.execute(
            "select count(*) from oauth2_provider_refreshtoken t join auth_user u on u.id = t.user_id"
            " where u.username = 'carla' and t.revoked is null"
        ).fetchone()
    assert live == 0


def test_a_form_of_another_site_does_not_sign_out(browser: Browser) -> None:
    """Also the sign-out is a form of a page of ours."""
    browser.sign_in()
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": browser.url, "Sec-Fetch-Site": "cross-site"},
    ):
        assert browser.console.post("/sign-out", data={}, headers=headers).status_code == 403
    assert browser.get("/inbox").status_code == 200


def test_a_token_that_ends_is_renewed(browser: Browser, console: ProviderConsole) -> None:
    """A token that is about to end is renewed before it is used, once for two pages, and nobody notices."""
    console.provider.state = replace(console.provider.state, token_seconds=20)
    browser.sign_in("dev")
    console.provider.state = replace(console.provider.state, token_seconds=300)
    before = _refresh_tokens(console, "dev")
    assert browser.get("/inbox").status_code == 200
    renewed = _refresh_tokens(console, "dev")
    assert renewed != before
    assert browser.get("/merges").status_code == 200
    assert _refresh_tokens(console, "dev") == renewed


def test_a_session_ends_where_its_token_cannot_be_renewed(browser: Browser, console: ProviderConsole) -> None:
    """The provider gives no more tokens, as to somebody who left: with the last one the session is over."""
    console.provider.state = replace(console.provider.state, token_seconds=1)
    browser.sign_in("omar")
    with sqlite3.connect(console.provider.directory / "provider.sqlite", timeout=20) as database:
        database.execute("delete from oauth2_provider_refreshtoken")
    # In the instant of its end a page may begin with a token that counts and end with one that does not.
    while (answer := browser.get("/inbox")).status_code in {200, 401}:
        pass
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def test_a_provider_that_is_gone_is_said(browser: Browser, console: ProviderConsole) -> None:
    """Nobody can sign in then, and the page says why; who is signed in goes on."""
    browser.sign_in("ben")
    other = console.browser()
    address = other.agree(other.begin(), "ann")
    console.provider.stop()
    try:
        assert browser.get("/inbox").status_code == 200
        gone = other.come_back(address)
        assert gone.status_code == 503
        assert "does not answer" in gone.text
        assert not other.cookie
    finally:
        console.provider.start()
    assert other.sign_in("ann").status_code == 303
    other.close()


def test_somebody_whom_the_service_does_not_know(browser: Browser) -> None:
    """The provider knows them and the service does not: a page says what to do, and no session begins."""
    answer = browser.sign_in("stranger")
    assert answer.status_code == 403
    assert "does not know you yet" in answer.text
    assert "/logout/" in answer.text
    assert not browser.cookie
    assert browser.get("/inbox").status_code == 303


def test_a_page_of_a_service_that_is_gone(browser: Browser, console: ProviderConsole) -> None:
    """While nobody answers behind the console, pages say so; the session is there again with the service."""
    browser.sign_in()
    console.desk.stop_answering()
    assert browser.get("/inbox").status_code == 503
    assert browser.get("/sign-in").status_code == 200
    assert browser.get("/nothing").status_code == 404
    console.desk.answer_again()
    answers = (browser.get("/inbox").status_code for _ in range(20))
    assert 200 in answers


def test_another_host_is_not_answered(console: ProviderConsole) -> None:
    """The console answers to the name in its address and to no other: not to this machine's other names."""
    with httpx.Client(trust_env=False) as client:
        for host in ("evil.example", "localhost", "127.0.0.1.evil.example"):
            assert client.get(f"{console.url}/sign-in", headers={"Host": host}).status_code == 400, host


def _refresh_tokens(console: ProviderConsole, name: str) -> set[str]:
    with sqlite3.connect(console.provider.directory / "provider.sqlite", timeout=20) as database:
        rows = database.execute(
            "select t.token from oauth2_provider_refreshtoken t join auth_user u on u.id = t.user_id"
            " where u.username = ? and t.revoked is null",
            [name],
        ).fetchall()
    return {row[0] for row in rows}
