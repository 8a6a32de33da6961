"""What a browser keeps for the console tells nothing to who reads its files."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from starlette.responses import Response

from dedup_service.console.said import Said, SaidCookies
from dedup_service.console.security.beginnings import Beginnings
from dedup_service.console.security.cookies import Cookies
from dedup_service.console.security.sealed import BrokenSealError, Seal
from tests.console.served_console import SECRET

NAME = "Hendrik Bos"
COOKIES = Cookies(over_tls=False)


def plain(cookie: str) -> bytes:
    """All that can be read of a cookie, in each part of it."""
    parts = cookie.replace('"', "").split(".")
    return b" ".join((cookie.encode(), *(urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)))


def test_what_is_said_next_cannot_be_read_in_the_browser() -> None:
    """The sentence names people; it comes back whole, for two minutes, and to nobody else."""
    now = 1e9
    said, answer = SaidCookies(SECRET, COOKIES, lambda: now), Response()
    said.keep(answer, Said(f"You approved {NAME}."))
    cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert b"Hendrik" not in plain(cookie)
    assert said.opened(cookie) == Said(f"You approved {NAME}.")
    assert SaidCookies("another secret", COOKIES, lambda: now).opened(cookie) is None
    now += 121
    assert said.opened(cookie) is None


def test_where_a_sign_in_leads_cannot_be_read_in_the_browser() -> None:
    """The address may be that of a search for somebody."""
    beginnings = Beginnings(SECRET)
    begun, cookie = beginnings.begun("", f"/search?q={NAME}")
    assert b"Hendrik" not in plain(cookie)
    assert beginnings.ended(cookie, begun.state)[0] == begun


def test_a_seal_is_of_one_purpose_and_whole() -> None:
    """What was sealed for something else, changed, cut, or is none at all is not opened."""
    seal = Seal(SECRET, "this")
    sealed = seal.close([NAME, 1])
    assert seal.open(sealed) == [NAME, 1]
    assert seal.close([NAME, 1]) != sealed
    data = urlsafe_b64decode(sealed)
    changed = urlsafe_b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode()
    for other in (Seal(SECRET, "that").close([NAME, 1]), changed, sealed[:-8], "", "x", "=", "\N{SNOWMAN}"):
        with pytest.raises(BrokenSealError):
            seal.open(other)
