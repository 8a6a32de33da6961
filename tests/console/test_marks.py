"""Stored text is inert, isolated, and hides nothing."""

import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.console.texts.marks import hidden, is_invisible, plain, shortened, shown, with_hidden_said

ALLOWED_TAGS = {"bdi", "span", "details", "summary"}


class Markup(HTMLParser):
    """The tags and the text that a browser would find."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.said = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert {name for name, _ in attrs} <= {"class", "title"}

    def handle_data(self, data: str) -> None:
        self.said += data


@given(st.text(max_size=700) | st.text(alphabet="<>&;\"'/=ab\u202e", max_size=50))
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever is stored, a browser finds our own elements alone, and no invisible character."""
    found = Markup(str(shown(text)))
    assert set(found.tags) <= ALLOWED_TAGS
    assert not any(is_invisible(character) for character in found.said)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), max_size=250))
def test_visible_text_is_said_as_it_is(text: str) -> None:
    """Nothing is lost or added where everything can be seen."""
    assert Markup(str(shown(text))).said == text


def test_script_is_shown_as_text() -> None:
    """Markup in a name is what its letters are."""
    text = "<script>alert('x')</script>\"&"
    assert "<script" not in shown(text)
    assert Markup(str(shown(text))).said == text


def test_characters_that_turn_the_direction_are_marks() -> None:
    """Each bidi control is shown with its code and name, and no longer turns anything."""
    found = str(shown("Ann\u202eebA"))
    assert "\u202e" not in found
    assert 'title="U+202E right-to-left override"' in found
    assert ">RLO<" in found


def test_characters_that_nobody_sees_are_marks() -> None:
    """Zero-width characters, controls, other spaces and newlines are all seen."""
    for character in "\u200b\u200d\ufeff\u00ad\u00a0\u3000\n\t\x00\x7f\ue000":
        assert 'class="mark"' in str(shown(f"a{character}b")), unicodedata.name(character, repr(character))
    assert 'class="mark"' not in str(shown("a b"))


def test_text_keeps_its_own_direction() -> None:
    """Right-to-left text is isolated from what stands around it."""
    assert str(shown("שלום")).startswith('<bdi class="value">')


def test_the_rest_of_a_long_text_opens_when_asked_for() -> None:
    """Of 500 characters 300 stand open; nothing is lost."""
    text = "x" * 300 + "y" * 200
    found = Markup(str(shown(text)))
    assert "details" in found.tags
    assert found.said.count("y") == 200


def test_a_shortened_text_ends_in_an_ellipsis() -> None:
    """A heading has 60 characters at most; a mark counts as the one character that it is."""
    assert Markup(str(shortened("x" * 61))).said == "x" * 59 + "…"
    assert Markup(str(shortened("x" * 60))).said == "x" * 60


def test_where_no_markup_stands_the_invisible_is_named() -> None:
    """A title or a typed name says what is in it."""
    assert plain("a\u202eb") == "a[RLO]b"
    assert plain("a\ue000b") == "a[U+E000]b"


@pytest.mark.parametrize("cut", [plain, shortened, shown])
def test_no_hidden_value_is_cut(cut: Callable[[str, int], str]) -> None:
    """Half a stand-in would be left in the page as it is."""
    text = f"Ann {hidden('0123456789ab')} {hidden('ba9876543210')}"
    for most in range(1, len(text) + 2):
        said = with_hidden_said(str(cut(text, most)), str)
        assert "zq" not in said, (most, said)
        assert set(re.findall("hid[a-z]*", said)) <= {"hidden"}
