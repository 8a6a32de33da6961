"""Sessions that are kept in the console, and the sign-ins that a browser has begun."""

from dataclasses import replace

from dedup_service.console.security import token_sessions
from dedup_service.console.security.beginnings import BEGINNING_SECONDS, Beginnings
from dedup_service.console.security.provider import SignedIn, Tokens
from dedup_service.console.security.token_sessions import (
    IDLE_SECONDS,
    PROVEN_SECONDS,
    TokenSession,
    TokenSessions,
)

SECRET = "s" * 32
ANN = SignedIn("1", "Ann Abel", Tokens("access", "refresh", 0))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1e9

    def __call__(self) -> float:
        return self.seconds


def begun(sessions: TokenSessions) -> str:
    return sessions.begin(ANN, "users/ann", "Ann Abel")


def test_a_session_is_found_by_its_cookie_alone() -> None:
    """Each has a cookie and a token of its own; a cookie of another secret, or another salt, opens none."""
    sessions = TokenSessions(SECRET)
    one, other = begun(sessions), begun(sessions)
    first, second = sessions.find(one), sessions.find(other)
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert first.session.allows(first.form_token)
    assert not first.session.allows(second.form_token)
    for cookie in ("", first.id, f"{one}x", begun(TokenSessions("t" * 32)), begun(TokenSessions(SECRET))):
        assert sessions.find(cookie) is None


def test_nothing_of_a_token_is_in_the_cookie_or_in_words_about_the_session() -> None:
    """What a log or a browser may come to hold has none of them."""
    sessions = TokenSessions(SECRET)
    cookie = begun(sessions)
    found = sessions.find(cookie)
    assert found is not None
    assert "access" not in f"{found!r} {cookie}"
    assert found.id not in repr(found)


def test_a_session_ends_an_hour_after_its_last_use() -> None:
    """Each use gives it another hour."""
    clock = Clock()
    sessions = TokenSessions(SECRET, clock)
    cookie = begun(sessions)
    for _ in range(3):
        clock.seconds += IDLE_SECONDS - 1
        assert sessions.find(cookie) is not None
    clock.seconds += IDLE_SECONDS + 1
    assert sessions.find(cookie) is None


def test_a_session_ends_after_twelve_hours_however_it_is_used() -> None:
    """No use gives it more."""
    clock = Clock()
    sessions = TokenSessions(SECRET, clock)
    cookie = begun(sessions)
    for _ in range(23):
        clock.seconds += 1800
        assert sessions.find(cookie) is not None
    clock.seconds += 1801
    assert sessions.find(cookie) is None


def test_an_ended_session_stays_ended() -> None:
    """Whoever kept its cookie has nothing."""
    sessions = TokenSessions(SECRET)
    cookie = begun(sessions)
    found = sessions.find(cookie)
    assert found is not None
    sessions.end(found)
    assert sessions.is_over(found)
    assert sessions.find(cookie) is None


def test_of_too_many_sessions_the_one_not_seen_longest_ends() -> None:
    """They take a bounded part of the memory."""
    sessions = TokenSessions(SECRET)
    first, second = begun(sessions), begun(sessions)
    assert sessions.find(first) is not None
    for _ in range(token_sessions.MAX_SESSIONS - 1):
        begun(sessions)
    assert sessions.find(second) is None
    assert sessions.find(first) is not None


def test_a_sign_in_counts_once_and_for_ten_minutes() -> None:
    """In the browser that began it, with what proves it never in there."""
    clock = Clock()
    beginnings = Beginnings(SECRET, clock)
    begun_, cookie = beginnings.begun("", "/merges")
    assert begun_.nonce not in cookie
    assert begun_.verifier not in cookie
    found, rest = beginnings.ended(cookie, begun_.state)
    assert found == begun_
    assert beginnings.ended(rest, begun_.state)[0] is None
    assert beginnings.ended("", begun_.state)[0] is None
    clock.seconds += BEGINNING_SECONDS + 1
    assert beginnings.ended(cookie, begun_.state)[0] is None


def test_a_browser_keeps_few_sign_ins() -> None:
    """The last five, so that its cookie stays one that browsers take; a long address is not kept."""
    beginnings = Beginnings(SECRET)
    cookie, states = "", []
    for number in range(8):
        begun_, cookie = beginnings.begun(cookie, f"/{number}{'x' * 600 * (number == 7)}")
        states.append(begun_.state)
    assert [beginnings.ended(cookie, state)[0] is not None for state in states] == [False] * 3 + [True] * 5
    last = beginnings.ended(cookie, states[-1])[0]
    assert last is not None
    assert last.to == ""
    assert len(cookie) < 4000


def test_the_other_sessions_of_a_person_are_theirs_alone() -> None:
    """The last used first; none of somebody else, of another subject by that name, or that has ended."""
    clock = Clock()
    sessions = TokenSessions(SECRET, clock)
    ended = found_by(sessions, begun(sessions))
    clock.seconds += IDLE_SECONDS
    first, second = begun(sessions), begun(sessions)
    sessions.begin(replace(ANN, subject="2"), "users/ann", "Ann Abel")
    sessions.begin(ANN, "users/ben", "Ben Boateng")
    here = found_by(sessions, begun(sessions))
    clock.seconds += 1
    earlier, later = found_by(sessions, second), found_by(sessions, first)
    others = sessions.others(here)
    assert [each.id for each in others] == [later.id, earlier.id]
    assert ended.id not in {each.id for each in others}
    assert not {each.id for each in others} & {each.name for each in others}


def test_who_proved_a_moment_ago_who_they_are() -> None:
    """For five minutes; a provider that does not say when proves nothing."""
    clock = Clock()
    sessions = TokenSessions(SECRET, clock)
    silent = found_by(sessions, begun(sessions))
    proven = found_by(
        sessions, sessions.begin(replace(ANN, proven_seconds=clock.seconds), "users/ann", "Ann Abel")
    )
    assert not sessions.is_proven(silent)
    clock.seconds += PROVEN_SECONDS
    assert sessions.is_proven(proven)
    clock.seconds += 1
    assert not sessions.is_proven(proven)


def found_by(sessions: TokenSessions, cookie: str) -> TokenSession:
    found = sessions.find(cookie)
    assert found is not None
    return found
