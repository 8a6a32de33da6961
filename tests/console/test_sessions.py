"""Sessions: signed, with an end, and a token of their own."""

import pytest

from dedup_service.console.security.sessions import Session, Sessions

SECRET = "s" * 32


def test_a_session_is_who_signed_in() -> None:
    """The cookie gives the principal back."""
    sessions = Sessions(SECRET)
    found = sessions.read(sessions.begin("users/ann"))
    assert found is not None
    assert found.principal == "users/ann"


def test_each_session_has_a_token_of_its_own() -> None:
    """The token of one session is none of another, also of the same person."""
    sessions = Sessions(SECRET)
    first, second = (sessions.read(sessions.begin("users/ann")) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.allows(first.token)
    assert not first.allows(second.token)
    assert not first.allows("")


@pytest.mark.parametrize("cookie", ["", "x", "eyJ4IjoxfQ.aaaa.bbbb", "\x00", "é" * 10])
def test_what_is_not_ours_is_no_session(cookie: str) -> None:
    """Anything may stand in a cookie."""
    assert Sessions(SECRET).read(cookie) is None


def test_a_changed_cookie_is_no_session() -> None:
    """Nobody can make themselves somebody else."""
    sessions = Sessions(SECRET)
    cookie = sessions.begin("users/ann")
    payload, rest = cookie.split(".", 1)
    other = Sessions("t" * 32).begin("users/fiona").split(".", 1)[0]
    assert sessions.read(f"{other}.{rest}") is None
    assert sessions.read(f"{payload}.{rest}") is not None


def test_a_cookie_of_another_secret_is_no_session() -> None:
    """A console with another secret signs everybody out."""
    assert Sessions("t" * 32).read(Sessions(SECRET).begin("users/ann")) is None


def test_a_session_ends() -> None:
    """After twelve hours it is none, whatever was done meanwhile."""
    hours = 0.0
    sessions = Sessions(SECRET, lambda: 1e9 + hours * 3600)
    cookie = sessions.begin("users/ann")
    hours = 11.9
    assert sessions.read(cookie) is not None
    hours = 12.1
    assert sessions.read(cookie) is None


def test_a_token_may_hold_anything() -> None:
    """Comparing text that is not ASCII is no error."""
    assert not Session("users/ann", "token").allows("tökén")
