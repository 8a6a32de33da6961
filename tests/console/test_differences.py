"""Differences inside values: what is marked, what is only written differently, and what it costs."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.console.texts.differences import (
    MAX_CHARACTERS,
    Change,
    Piece,
    Reading,
    alike,
    differences,
    marked,
)
from dedup_service.console.texts.marks import MAX_SHOWN

SAME, SOFT, DIFFERENT, MISSING = Change.SAME, Change.SOFT, Change.DIFFERENT, Change.MISSING


def told(value: str, other: str, reading: Reading = Reading.TEXT) -> list[tuple[str, Change]]:
    """The pieces as pairs."""
    return [(piece.text, piece.change) for piece in differences(value, other, reading)]


def test_a_letter_that_differs_is_marked_within_its_word() -> None:
    """Words that are mostly alike are compared letter by letter."""
    assert told("Smyth", "Smith") == [("Sm", SAME), ("y", DIFFERENT), ("th", SAME)]


def test_words_that_have_little_in_common_differ_as_a_whole() -> None:
    """Single letters of another word would only confuse."""
    assert told("Acme Works", "Acme Kiln") == [("Acme ", SAME), ("Works", DIFFERENT)]


def test_what_only_the_other_has_is_missing_here() -> None:
    """The value itself stays whole, and what it lacks is told beside it."""
    assert told("Halden Werke", "Halden Werke GmbH") == [("Halden Werke", SAME), (" GmbH", MISSING)]


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ("HALDEN", "Halden"),
        ("Nöther", "Nother"),
        ("Łódź", "Lodz"),
        ("sp.z o.o.", "sp. z o. o."),
        ("60 707", "60-707"),
        ("a\N{NO-BREAK SPACE}b", "a b"),
    ],
)
def test_case_accents_spaces_and_punctuation_are_soft(value: str, other: str) -> None:
    """They are ways to write the same, and nothing in them is marked as different."""
    assert alike(value, other) is SOFT
    assert DIFFERENT not in {piece.change for piece in differences(value, other)}


def test_an_exact_value_differs_by_its_punctuation() -> None:
    """A dot makes another mailbox; capitals do not."""
    assert alike("anna.k@x.example", "annak@x.example", Reading.EXACT) is DIFFERENT
    assert (".", DIFFERENT) in told("anna.k@x.example", "annak@x.example", Reading.EXACT)
    assert alike("Anna@x.example", "anna@X.example", Reading.EXACT) is SOFT


def test_a_telephone_number_is_the_same_wherever_one_dials_from() -> None:
    """What stands before the number itself is soft, and another last digit is a difference."""
    assert alike("+49 40 975 9001", "(040) 975-9001", Reading.PHONE) is SOFT
    assert told("+74952482776", "8495 248 2776", Reading.PHONE) == [("+7", SOFT), ("4952482776", SAME)]
    assert alike("+49 40 975 9001", "(040) 975-9002", Reading.PHONE) is DIFFERENT


def test_a_letter_keeps_the_accent_that_combines_with_it() -> None:
    """A mark never stands between a letter and its accent."""
    pieces = differences("Lo\u0301pez", "Lopes")
    assert all(not piece.text.startswith("\u0301") for piece in pieces)


def test_markup_in_a_value_is_text() -> None:
    """What was stored as markup is shown as what it is, marked or not."""
    said = marked("<b>Ada</b>", "<i>Ada</i>")
    assert "<b>" not in said
    assert "&lt;" in said


def test_what_nobody_sees_is_shown_within_a_difference() -> None:
    """A zero-width space in a marked piece has its mark."""
    assert "ZWSP" in marked("Ad\N{ZERO WIDTH SPACE}a", "Ida")


def test_a_long_value_is_cut_where_asked_and_opens() -> None:
    """The rest stands in a part that opens, and none of it is lost."""
    said = marked("a" * 50 + "b", "a" * 50 + "c", most=20)
    head, _, rest = said.partition("<details")
    assert f">{'a' * 20}<" in head
    assert "+31" in rest
    assert f'>{"a" * 30}<mark class="different">b</mark><' in rest


TEXTS = st.text(alphabet="aAbBéß .-1ł\u0301\u200b\u05d0", max_size=60)


@given(TEXTS, TEXTS, st.sampled_from(Reading))
def test_pieces_make_up_the_value(value: str, other: str, reading: Reading) -> None:
    """Whatever differs, what is shown is the value: nothing added, nothing lost."""
    pieces = differences(value, other, reading)
    assert "".join(piece.text for piece in pieces if piece.change is not MISSING) == value


@given(TEXTS, st.sampled_from(Reading))
def test_a_value_does_not_differ_from_itself(value: str, reading: Reading) -> None:
    """Equal values have no mark."""
    assert differences(value, value, reading) == ((Piece(value, SAME),) if value else ())


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ("ab " * 1300, "ba " * 1300),
        ("a" * 4096, "a" * 4095 + "b"),
        ("-." * 2000, ".-" * 2000),
        ("a" * MAX_CHARACTERS, "ba" * (MAX_CHARACTERS // 2)),
    ],
)
def test_the_longest_values_cost_milliseconds(value: str, other: str) -> None:
    """No pair of values holds a page up; 100 ms are far beyond what one takes on a busy machine."""
    begin = time.perf_counter()
    differences(value, other)
    assert time.perf_counter() - begin < 0.1


def test_what_is_beyond_the_cap_still_says_that_it_differs() -> None:
    """Two values that begin alike for 300 characters are not shown as equal."""
    pieces = differences("a" * MAX_SHOWN + "b", "a" * MAX_SHOWN + "c")
    assert [piece.change for piece in pieces] == [SAME, DIFFERENT]
