"""Browsers by the names that people know them by."""

import pytest

from dedup_service.console.views.browsers import browser_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36",
            "Chrome 141, Windows",
        ),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Edge 141, Windows",
        ),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.5 Safari/605.1.15",
            "Safari 18, macOS",
        ),
        (
            f"{MOZILLA} (iPhone; CPU like Mac OS X) {APPLE} Version/18.5 Mobile/15E1 Safari/604.1",
            "Safari 18, iPhone",
        ),
        (
            f"{MOZILLA} (Linux; Android 15) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome 141, Android",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_people_know_it(user_agent: str, name: str) -> None:
    """Also those that call themselves by the names of others; one that nobody knows by its own words."""
    assert browser_name(user_agent) == name
