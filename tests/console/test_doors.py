"""Who gets in, which forms are taken, and what each answer tells the browser that it may do."""

import logging
import time
from collections.abc import Iterator

import pytest

from dedup_service.console.security.headers import CONTENT_SECURITY_POLICY
from dedup_service.console.security.sessions import SESSION_COOKIE, Sessions
from tests.console.routes import addresses_of
from tests.console.served_console import SECRET, Console, WebClient, served_pages

ANN, BEN = "users/ann", "users/ben"
# What may be opened and sent by somebody who is not signed in.
FOR_EVERYBODY = {"/sign-in", "/preferences", "/healthy"}


GETS, POSTS = addresses_of("GET"), addresses_of("POST")


@pytest.fixture(scope="module")
def web() -> Iterator[WebClient]:
    """A console behind which nobody answers: who gets in, it says alone."""
    with served_pages("127.0.0.1:1") as served:
        yield served


@pytest.fixture(scope="module")
def others(web: WebClient) -> dict[str, dict[str, str]]:
    """The headers of requests that do not come from a page of ours, each by what sends it."""
    return {
        "a page of another site": {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
        "another port of this machine": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
        "an origin that is kept secret": {"Origin": "null", "Sec-Fetch-Site": ""},
        "an old browser at another site": {"Origin": "http://evil.example", "Sec-Fetch-Site": ""},
        "a program that says nothing": {"Origin": "", "Sec-Fetch-Site": ""},
        "a link from another site": {"Origin": web.origin, "Sec-Fetch-Site": "cross-site"},
    }


def test_every_page_asks_who_you_are_first(web: WebClient) -> None:
    """Nobody sees a page without a session; after the sign-in they are where they wanted to be."""
    for path in GETS:
        answer = web.get(f"{path}?left=a")
        if path in FOR_EVERYBODY:
            assert answer.status == 200, path
        else:
            assert answer.status == 303, path
            assert answer.location.startswith("/sign-in?to=%2F"), path


def test_every_form_asks_who_you_are_first(web: WebClient) -> None:
    """A form of nobody leads to the sign-in, and nothing is done."""
    for path in POSTS:
        if path not in FOR_EVERYBODY:
            answer = web.post(path, {})
            assert (answer.status, answer.location) == (303, "/sign-in"), path


def test_a_part_of_a_page_for_nobody_sends_the_page_to_the_sign_in(web: WebClient) -> None:
    """A script that asks for a part gets no sign-in page inside of the page."""
    answer = web.get("/inbox", headers={"HX-Request": "true"})
    assert (answer.status, answer.headers["hx-redirect"], answer.text) == (401, "/sign-in", "")


def test_no_form_is_taken_without_the_token_of_its_session(web: WebClient) -> None:
    """A form without a token, or with that of another session, is refused at every address."""
    for path in POSTS:
        for token in ({}, {"token": ""}, {"token": web.token_of(BEN)}):
            answer = web.post(path, token, as_=ANN, with_token=False)
            assert answer.status == 403, (path, token)
            assert "another session" in answer.text, path


def test_no_form_is_taken_from_anywhere_else(web: WebClient, others: dict[str, dict[str, str]]) -> None:
    """A form that no page of the console sent is refused at every address, whatever token it has."""
    for path in POSTS:
        for sender, headers in others.items():
            answer = web.post(path, {}, as_=ANN, headers=headers)
            assert answer.status == 403, (path, sender)


def test_a_form_that_is_refused_is_told_in_the_log(web: WebClient, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever tries forms of their own leaves a line each: whose session it was, and no text of the form."""
    with caplog.at_level(logging.WARNING, "dedup_service.console.door"):
        web.post("/sign-out", {"x": "a text"}, as_=ANN, headers={"Origin": "http://evil.example"})
        web.post("/sign-out", {"token": web.token_of(BEN)}, as_=ANN, with_token=False)
        web.post("/sign-in", {"principal": BEN}, headers={"Origin": "http://evil.example"})
    assert [getattr(each, "principal", None) for each in caplog.records] == [ANN, ANN, ""]
    assert "a text" not in caplog.text


def test_nobody_signs_in_from_another_site(web: WebClient, others: dict[str, dict[str, str]]) -> None:
    """Another site cannot sign a visitor in as somebody of its choice."""
    for sender, headers in others.items():
        answer = web.post("/sign-in", {"principal": ANN}, headers=headers)
        assert (answer.status, answer.cookies) == (403, {}), sender


def test_signing_in_begins_a_session_of_that_person(web: WebClient) -> None:
    """The cookie is of the person who was picked, unreadable for scripts and not sent by other sites."""
    answer = web.post("/sign-in", {"principal": ANN, "to": "/merges"})
    assert (answer.status, answer.location) == (303, "/merges")
    session = Sessions(SECRET).read(answer.cookies[SESSION_COOKIE])
    assert session is not None
    assert session.principal == ANN
    attributes = answer.headers["set-cookie"].lower()
    assert all(wanted in attributes for wanted in ("httponly", "samesite=lax", "path=/"))


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_a_sign_in_leads_to_no_other_site(web: WebClient, to: str) -> None:
    """Whatever address a link to the sign-in names, it leads on inside of the console."""
    assert web.post("/sign-in", {"principal": ANN, "to": to}).location == "/inbox"
    assert web.post("/preferences", {"theme": "dark", "to": to}, as_=ANN).location == "/"


def test_nobody_signs_in_who_is_not_in_the_list(web: WebClient) -> None:
    """A service account, or a name that nobody has, begins no session."""
    for name in ("services/importer", "users/nobody", ""):
        answer = web.post("/sign-in", {"principal": name})
        assert (answer.status, answer.cookies) == (403, {}), name


def test_a_cookie_that_was_not_signed_here_is_nobodys(web: WebClient) -> None:
    """A session cookie of another secret, or changed by one character, opens nothing."""
    ours = web.cookie_of(ANN)
    for cookie in (Sessions("another secret").begin(ANN), f"X{ours[1:]}", f"{ours}x", "x", ""):
        answer = web.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})
        assert answer.status == 303, cookie


def test_a_session_of_somebody_who_has_gone_is_nobodys(web: WebClient) -> None:
    """Whoever is no longer among the people is signed out."""
    cookie = Sessions(SECRET).begin("users/gone")
    assert web.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"}).status == 303


def test_signing_out_ends_the_session_in_the_browser(web: WebClient) -> None:
    """The cookie is taken back."""
    answer = web.post("/sign-out", {}, as_=ANN)
    assert (answer.status, answer.location) == (303, "/sign-in")
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert answer.headers["clear-site-data"] == '"cache"'


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8080"])
def test_another_name_for_this_machine_is_refused(web: WebClient, host: str) -> None:
    """A site that points its own name at this machine gets nothing: no page, and no file."""
    for path in ("/inbox", "/sign-in", "/static/base.css", "/healthy"):
        assert web.get(path, as_=ANN, headers={"Host": host}).status == 400, path


def test_every_answer_tells_the_browser_what_it_may_do(web: WebClient) -> None:
    """Pages, problems, redirects, refusals and files carry the same strict headers."""
    answers = {
        "a page": web.get("/sign-in"),
        "a redirect": web.get("/inbox"),
        "no such page": web.get("/nothing", as_=ANN),
        "no such method": web.post("/healthy", {}, as_=ANN),
        "a refused form": web.post("/preferences", {}, as_=ANN, with_token=False),
        "a form that is too large": web.post("/preferences", {"to": "x" * 1_100_000}, as_=ANN),
        "a file": web.get("/static/base.css"),
        "no such file": web.get("/static/nothing.css"),
        "a host that is refused": web.get("/sign-in", headers={"Host": "evil.example"}),
    }
    assert [a.status for a in answers.values()] == [200, 303, 404, 405, 403, 413, 200, 404, 400]
    for what, answer in answers.items():
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY, what
        assert answer.headers["x-content-type-options"] == "nosniff", what
        assert answer.headers["x-frame-options"] == "DENY", what
        assert answer.headers["referrer-policy"] == "same-origin", what
    assert {"object-src 'none'", "base-uri 'none'"} <= set(CONTENT_SECURITY_POLICY.split("; "))
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_pages_are_kept_by_no_cache_and_files_for_ever(web: WebClient) -> None:
    """A page holds personal values; a file's address changes with its content."""
    assert web.get("/sign-in").headers["cache-control"] == "no-store"
    assert web.get("/nothing", as_=ANN).headers["cache-control"] == "no-store"
    versioned = web.get("/static/base.css?v=0").headers["cache-control"]
    assert "immutable" in versioned
    assert web.get("/static/base.css").headers["cache-control"] == "no-cache"


def test_no_file_beside_the_static_ones_is_served(web: WebClient) -> None:
    """No path leads out of the static directory."""
    for path in ("/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd"):
        assert web.get(path).status in {400, 404}, path


def test_a_service_that_is_gone_is_said_and_the_console_stays(console: Console) -> None:
    """While nobody answers behind it, pages say so with what to do, and are there again with the service."""
    console.desk.stop_answering()
    answer = console.web.get("/inbox", as_=ANN)
    assert answer.status == 503
    assert "cannot be reached" in answer.text
    console.desk.answer_again()
    # The connection is made anew after a moment of patience.
    deadline = time.monotonic() + 30
    while (status := console.web.get("/inbox", as_=ANN).status) != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert status == 200


def test_a_fault_of_the_console_says_nothing_of_what_it_held(web: WebClient) -> None:
    """The page of an address that is not known repeats nothing of what was asked."""
    answer = web.get("/nothing/%3Cscript%3Ealert(1)%3C/script%3E?q=%3Cb%3Esecret", as_=ANN)
    assert answer.status == 404
    assert "<script>alert" not in answer.text
    assert "<b>secret" not in answer.text
