"""In which language a page speaks."""

import re

import pytest

from dedup_service.console.preferences import LANGUAGE_COOKIE
from tests.console.scenes import Scene, every_page
from tests.console.served_console import WebClient

ANN = "users/ann"
RUSSIAN = {"Accept-Language": "ru"}
CYRILLIC = re.compile("[\u0430-\u044f]{3}")
HEADING = re.compile(r"<h1\b.*?</h1>", re.DOTALL)


def language_of(text: str) -> str:
    """The language that a page says it is in."""
    found = re.search(r'<html lang="([^"]*)"', text)
    assert found is not None
    return found[1]


def test_every_page_is_there_in_russian(scene: Scene, web: WebClient) -> None:
    """Each page says that it is Russian, and is in its frame and its title."""
    for address in ["/sign-in", "/proposals/nothing", *every_page(scene)]:
        text = web.get(address, as_=ANN, headers=RUSSIAN).text
        assert language_of(text) == "ru", address
        title = text.partition("<title>")[2].partition("</title>")[0]
        assert CYRILLIC.search(title), (address, title)
        main = text.partition("<main")[2]
        assert CYRILLIC.search(main), address


@pytest.mark.parametrize(
    ("wished", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("fr, ru;q=0.5", "ru"),
        ("fr", "en"),
        ("*", "en"),
        ("ru;q=often, en", "en"),
        (";;;,,q=1", "en"),
    ],
)
def test_a_page_speaks_what_the_browser_likes_best(web: WebClient, wished: str, language: str) -> None:
    """Of the languages there are, the one that the browser's list likes best; English where it likes none."""
    assert language_of(web.get("/sign-in", headers={"Accept-Language": wished}).text) == language


def test_a_chosen_language_wins_over_the_browsers(web: WebClient) -> None:
    """Whoever chose a language has it, and one that is not there is as if nothing were chosen."""
    for chosen, language in (("en", "en"), ("xx", "ru"), ("", "ru")):
        headers = {**RUSSIAN, "Cookie": f"{LANGUAGE_COOKIE}={chosen}"}
        assert language_of(web.get("/sign-in", headers=headers).text) == language


def test_refusals_of_the_console_are_said_in_russian(web: WebClient) -> None:
    """A form that is not taken says so in the visitor's language."""
    answer = web.post("/preferences", {}, as_=ANN, with_token=False, headers=RUSSIAN)
    heading = HEADING.search(answer.text)
    assert heading is not None
    assert CYRILLIC.search(heading[0])
