"""What another site, another program or another person's browser tries with the console of a steward.

`tests/console/test_provider_sign_in.py` has the attacks on the sign-in at a provider.
"""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from dedup_service.console.app import console_app
from dedup_service.console.options import ConsoleOptions, ProviderOptions
from dedup_service.console.security.sessions import SESSION_COOKIE, Sessions
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from tests.attacks.outcomes import state_of
from tests.console.routes import addresses_of
from tests.console.scenes import propose_low
from tests.console.served_console import PEOPLE, SECRET, Answer, Console, WebClient, served_app

ANN, BEN = "users/ann", "users/ben"
POSTS, GETS = addresses_of("POST"), addresses_of("GET")
EVIL = "http://evil.example"
HTTPS = "https://desk.example.com"


@pytest.fixture(scope="module")
def proposal(console: Console) -> MergeProposal:
    """A proposal that ann may approve: what an attacker would have her do."""
    return propose_low(console.importer)


def ask(web: WebClient, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    """A request of any method with ann's cookie, as her browser would send it."""
    connection = HTTPConnection(web.host, web.port, timeout=30)
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    told.setdefault("Cookie", f"{SESSION_COOKIE}={web.cookie_of(ANN)}")
    try:
        connection.request(method, path, body or None, told)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


@pytest.mark.parametrize("path", POSTS)
def test_a_form_of_another_site(web: WebClient, path: str) -> None:
    """A page elsewhere sends each form of the console with the visitor's cookie: nothing is taken."""
    for headers in ({"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}, {"Origin": EVIL, "Sec-Fetch-Site": ""}):
        assert web.post(path, {}, as_=ANN, headers=headers).status == 403


# Whoever signs in has no session yet: there the origin alone is asked.
@pytest.mark.parametrize("path", [path for path in POSTS if path != "/sign-in"])
def test_a_form_with_the_token_of_another_session(web: WebClient, path: str) -> None:
    """The attacker has a session of their own, and puts its token into the form of somebody else."""
    token = {"token": web.token_of(BEN)}
    assert web.post(path, token, as_=ANN, with_token=False).status == 403


def test_a_form_in_another_coding(web: WebClient, proposal: MergeProposal, console: Console) -> None:
    """JSON, plain text and parts, as other sites may send them unasked: none becomes a decision."""
    fields = {"token": web.token_of(ANN), "etag": proposal.etag, "request_id": "coding-1"}
    path = f"/proposals/{proposal.name.partition('/')[2]}/approve"
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x", ""):
        answer = ask(
            web,
            "POST",
            path,
            urlencode(fields).encode(),
            Content_Type=kind,
            Origin=web.origin,
            Sec_Fetch_Site="same-origin",
        )
        assert answer.status in {400, 403}, kind
    assert state_of(console, proposal.name) == proposal.state


def test_a_token_in_the_address(web: WebClient, proposal: MergeProposal, console: Console) -> None:
    """A token that leaked into an address is none: it is taken from the form alone."""
    query = urlencode({"token": web.token_of(ANN), "etag": proposal.etag, "request_id": "address-1"})
    path = f"/proposals/{proposal.name.partition('/')[2]}/approve?{query}"
    assert web.post(path, {}, as_=ANN, with_token=False).status == 403
    assert state_of(console, proposal.name) == proposal.state


@pytest.mark.parametrize(
    "override",
    [{"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}, {"X-Method-Override": "POST"}],
    ids=lambda one: next(iter(one)),
)
def test_a_link_that_says_it_is_a_form(
    web: WebClient, proposal: MergeProposal, console: Console, override: dict[str, str]
) -> None:
    """A GET that asks to be taken for a POST, by a header or a field: it is a GET, and changes nothing."""
    query = urlencode({"_method": "POST", "token": web.token_of(ANN), "etag": proposal.etag})
    for path in (f"/proposals/{proposal.name.partition('/')[2]}/approve", "/sign-out", "/preferences"):
        assert web.get(f"{path}?{query}", as_=ANN, headers=override).status == 405, path
    assert state_of(console, proposal.name) == proposal.state


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "FOO"])
def test_a_method_that_the_console_has_not(web: WebClient, method: str) -> None:
    """Other methods do nothing, repeat nothing of what was sent, and open no door to other sites."""
    answer = ask(web, method, "/inbox", Origin=EVIL, X_Secret="do not repeat me")
    assert answer.status in {400, 405}
    assert "do not repeat me" not in answer.text
    assert answer.headers["access-control-allow-origin"] is None


@pytest.mark.parametrize("path", [*GETS, "/nothing", "/static/base.css"])
def test_a_frame_around_a_page(web: WebClient, path: str) -> None:
    """No page, problem, redirect or file may be framed, so that nobody clicks what they do not see."""
    for who in (ANN, ""):
        answer = web.get(path, as_=who)
        assert answer.headers["x-frame-options"] == "DENY", who
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], who


@pytest.mark.parametrize("path", [*GETS, "/nothing", "/static/base.css"])
def test_content_that_a_browser_would_guess(web: WebClient, path: str) -> None:
    """Every answer says what it is, and that nothing else is to be made of it."""
    answer = web.get(path, as_=ANN)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.text:
        assert answer.headers["content-type"].partition(";")[0] in {
            *("text/html", "text/css", "text/plain", "text/csv"),
        }
        assert "charset=utf-8" in answer.headers["content-type"]


@pytest.mark.parametrize("path", [path for path in GETS if path != "/healthy"])
def test_a_page_that_somebody_else_finds_in_a_cache(web: WebClient, path: str) -> None:
    """No page with values of people, nor what leads to one, is kept on the way or on the machine."""
    for who in (ANN, ""):
        assert web.get(path, as_=who).headers["cache-control"] == "no-store", who


def test_a_session_that_was_planted(web: WebClient) -> None:
    """A cookie that was there before somebody signs in is not the one that they get."""
    planted = web.cookie_of(BEN)
    answer = web.post("/sign-in", {"principal": ANN}, headers={"Cookie": f"{SESSION_COOKIE}={planted}"})
    if answer.status == 403:
        # The planted session has a token of its own, without which no form is taken beside it.
        assert answer.cookies == {}
        return
    assert answer.cookies[SESSION_COOKIE] != planted


@pytest.mark.parametrize("forged", ["another secret", "no signature", "another name", "cut"])
def test_a_cookie_that_was_not_given_here(web: WebClient, forged: str) -> None:
    """Cookies of another console, unsigned, changed or cut are nobody's."""
    ours = web.cookie_of(ANN)
    payload, _, signature = ours.rpartition(".")
    cookie = {
        "another secret": Sessions("another secret, of 32 characters").begin(ANN),
        "no signature": payload,
        "another name": f"{Sessions('x' * 32).begin('users/fiona').rpartition('.')[0]}.{signature}",
        "cut": ours[:-1],
    }[forged]
    answer = web.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})
    assert answer.status == 303


def test_a_cookie_that_a_script_or_another_site_would_send(web: WebClient) -> None:
    """The session is hidden from scripts, and not sent with the forms of other sites."""
    told = web.post("/sign-in", {"principal": ANN}).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "domain=" not in told


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::2]", "", "a b", "0.0.0.0"],
)
def test_a_name_that_leads_to_this_machine(web: WebClient, host: str) -> None:
    """A site that has its name lead here (DNS rebinding), or a host that is none: no page, whoever asks."""
    connection = socket.create_connection((web.host, web.port), timeout=30)
    cookie = f"{SESSION_COOKIE}={web.cookie_of(ANN)}"
    with connection, connection.makefile("rb") as answer:
        connection.sendall(
            f"GET /inbox HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer.readline().split()[1] == b"400"


def test_a_host_that_a_header_claims(web: WebClient) -> None:
    """Headers of proxies that nobody put there change no address, and no redirect leads where they say."""
    claimed = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    for path in ("/", "/inbox"):
        answer = web.get(path, headers=claimed)
        assert answer.location.startswith("/"), path
        assert "evil.example" not in f"{answer.headers}{answer.text}"


@pytest.mark.parametrize(
    "to",
    [
        *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example"),
        *(
            "https://evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "evil.example",
            " //evil.example",
        ),
    ],
)
def test_a_sign_in_that_leads_elsewhere(web: WebClient, to: str) -> None:
    """A link to the sign-in, or a form, names another site to go on to: it ends inside of the console."""
    assert web.post("/sign-in", {"principal": ANN, "to": to}).location == "/inbox"
    assert web.post("/preferences", {"theme": "dark", "to": to}, as_=ANN).location == "/"
    assert to not in web.get(f"/sign-in?{urlencode({'to': to})}").text or to == "evil.example"


def test_a_page_asked_for_before_the_sign_in_leads_elsewhere(web: WebClient) -> None:
    """An address with two slashes is asked for before the sign-in: it does not become a site."""
    for path in ("//evil.example/inbox", "/\\evil.example", "//evil.example"):
        answer = ask(web, "GET", path, Cookie="")
        assert answer.status in {303, 404}
        assert not answer.location.startswith(("//", "http"))


@pytest.fixture(scope="module")
def over_tls() -> Iterator[WebClient]:
    """A console that browsers reach by https, as behind a proxy; nobody answers behind it."""
    options = ProviderOptions("https://idp.example.com", "desk", "", "openid", HTTPS)
    app = console_app(ConsoleOptions("127.0.0.1:1", SECRET, PEOPLE, provider=options))
    listening = socket.create_server(("127.0.0.1", 0))
    with served_app(app, listening):
        yield WebClient("127.0.0.1", listening.getsockname()[1])


def test_a_cookie_that_a_neighbour_would_set_or_hear(over_tls: WebClient) -> None:
    """Over TLS a cookie is never sent in plain text, and browsers come by TLS from then on."""
    host = {"Host": "desk.example.com", "Origin": HTTPS}
    answer = over_tls.post("/preferences", {"theme": "dark", "to": "/"}, headers=host)
    assert answer.status == 303
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    planted = {"Cookie": f"{SESSION_COOKIE}={Sessions(SECRET).begin(ANN)}", "Host": "desk.example.com"}
    assert over_tls.get("/inbox", headers=planted).status == 303


def test_a_preference_that_a_neighbour_would_set(over_tls: WebClient) -> None:
    """Over TLS no cookie at all is taken that a name below or beside this one could have set."""
    host = {"Host": "desk.example.com", "Origin": HTTPS}
    for field, value in (("language", "ru"), ("theme", "dark"), ("theme", "system")):
        answer = over_tls.post("/preferences", {field: value}, headers=host)
        (told,) = answer.headers.get_all("set-cookie", [])
        assert told.startswith(f"__Host-dedup_{field}="), told
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(told.lower().split("; ")), told
    planted = {**host, "Cookie": "dedup_language=ru; dedup_theme=dark"}
    assert '<html lang="en" dir="ltr">' in over_tls.get("/nothing", headers=planted).text


def test_a_form_that_says_less_than_it_sends(web: WebClient) -> None:
    """What comes in chunks beside a short length has no end that is known before: nobody reads it."""
    connection = socket.create_connection((web.host, web.port), timeout=30)
    head = (
        f"POST /preferences HTTP/1.1\r\nHost: {web.host}:{web.port}\r\nOrigin: {web.origin}\r\n"
        "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with connection, connection.makefile("rb") as answer:
        connection.sendall(head.encode() + b"5\r\na=bcd\r\n0\r\n\r\n")
        assert answer.readline().split()[1] == b"413"


@pytest.mark.parametrize(
    "origin",
    [
        "http://desk.example.com",
        "https://desk.example.com.evil.example",
        "https://x.desk.example.com",
        "null",
    ],
)
def test_a_form_of_a_neighbour(over_tls: WebClient, origin: str) -> None:
    """Over TLS a form of the same name in plain text, of a name below it or beside it is of another site."""
    headers = {"Host": "desk.example.com", "Origin": origin, "Sec-Fetch-Site": ""}
    assert over_tls.post("/preferences", {"theme": "dark"}, headers=headers).status == 403
