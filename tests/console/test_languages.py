"""Languages: the one that the browser likes, and catalogues that are read whole."""

import pytest

from dedup_service.console.texts.languages import accepted_tag, load_languages

TAGS = ("en", "ru")


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de-DE,de;q=0.9,ru;q=0.5,en;q=0.4", "ru"),
        ("en;q=0.2, ru;q=0.1", "en"),
        ("fr", "en"),
        ("ru;q=many", "en"),
        (",;q=;;", "en"),
        ("RU", "ru"),
    ],
)
def test_the_best_liked_language_is_taken(header: str, tag: str) -> None:
    """By weight, then by place; what cannot be read is passed over."""
    assert accepted_tag(header, TAGS) == tag


def test_english_needs_no_catalogue() -> None:
    """A message says itself, in the form that goes with its number."""
    english = load_languages()["en"]
    assert english("Inbox") == "Inbox"
    assert english.count("{n} proposal", "{n} proposals", 1) == "{n} proposal"
    assert english.count("{n} proposal", "{n} proposals", 2) == "{n} proposals"
