"""The short way by which ordinary values are read comes to what the long way comes to."""

import gc

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring import Entity
from scoring.attributes.company_parts import other_company_names, parse_company_name
from scoring.attributes.email import is_shared_mailbox, normalise_email, read_addresses, split_emails
from scoring.attributes.person_parts import parse_person_name
from scoring.attributes.phone import is_shared_line, normalise_phone, read_phones, split_phones
from scoring.attributes.street import parse_any_street, parse_street
from scoring.attributes.website import normalise_domain
from scoring.resolution.preparing import prepare_many
from scoring.text import (
    MOST_REMEMBERED,
    MOST_REMEMBERED_CODE_POINTS,
    Remembered,
    digits,
    normalise,
)
from scoring.vocabulary import word_map, word_set

ZERO_WIDTH = "\u200b"
ASCII = st.text(st.characters(max_codepoint=127), max_size=40) | st.text("aZ1'` .-\t", max_size=12)


def written(words: list[str]) -> st.SearchStrategy[str]:
    """A word of a list, in small letters, capitalised, in capitals, or with a dot."""
    ways = (str.lower, str.title, str.upper, "{}.".format)
    return st.builds(lambda word, way: str(way(word)), st.sampled_from(sorted(words)), st.sampled_from(ways))


def sentences(words: st.SearchStrategy[str], between: tuple[str, ...] = (" ",)) -> st.SearchStrategy[str]:
    """Up to six words, with one of some separators after each but the last."""
    pairs = st.lists(st.tuples(words, st.sampled_from(between)), min_size=1, max_size=6)
    return pairs.map(lambda parts: "".join(word + mark for word, mark in parts[:-1]) + parts[-1][0])


STREET_WORDS = written(
    [
        *word_map("street_forms"), *word_map("street_types"), *word_set("unit_words"), *word_map("regions"),
        *word_map("countries"), *word_map("city_forms"), "po box", "c/o", "no", "nr", "th", "rd", "st", "m",
        "one", "seven", "eighth floor", "building", "straße", "calle", "high", "w", "a", "bis", "d", "#",
    ]
)  # fmt: skip
NUMBERS = st.integers(0, 99_999).map(str) | st.sampled_from(("1", "9", "007", "12a", "5th", "1010", "4 b"))
STREETS = sentences(STREET_WORDS | NUMBERS, (" ", " ", ", ", "/", " #", ""))

NAME_WORDS = written(
    [
        *word_map("titles"), *word_map("suffixes"), *word_set("degrees"), *word_set("particles"),
        *word_set("placeholders"), "abdul", "abd",
    ]
)  # fmt: skip
NAME_WORDS |= written(["ada", "lovelace", "kim", "lee", "park", "jun", "jisung", "wei"])
COMPANY_WORDS = written(
    [
        *("inc", "ltd", "co", "gmbh", "kg", "s.a.", "a", "b", "y", "et", "and", "und", "&", "e.t.", "a.n.d."),
        *("c/o", "care of", "t/a", "ta", "dba", "d/b/a", "fka", "aka", "trading as", "formerly", "formerly:"),
        *("also known as", "now known as", "acme.com", "and.com", "(wb)", "world", "bank", "leeds", "branch"),
        *("of", "the", "van", "ii", "iii", "v", "first", "holdings", "24", "b2b", "o'neil", "acme", "foods"),
    ]
)


@given(ASCII)
def test_letters_of_ascii(text: str) -> None:
    """Letters and digits stay, in lower case; apostrophes go, and all else is a space."""
    letters = ("" if letter in "'`" else letter.lower() if letter.isalnum() else " " for letter in text)
    assert normalise(text) == " ".join("".join(letters).split())
    assert digits(text) == "".join(letter for letter in text if letter.isdigit())


@settings(max_examples=1000)
@given(STREETS)
def test_streets(text: str) -> None:
    """Whatever else is in a line, its numbers are read as if no line like it had been read before."""
    assert parse_street(text) == parse_any_street(text)


def test_numbers_of_one_street() -> None:
    """In lines that are alike, numbers of every length are their own, in front, at the end and of units."""
    lines = [
        pattern.format(number, unit)
        for pattern in (
            "{} Mill Road",
            "Mill Road {}",
            "Old Mill Road London {}",
            "{} Mill Road, Apt {}",
            "Flat {1}, {0} Mill Road",
            "{}/{} Mill",
        )
        for number in ("7", "88", "999", "8888", "99999", "0", "012", "123456")
        for unit in ("8", "99", "1234", "05")
    ]
    assert list(map(parse_street, lines)) == list(map(parse_any_street, lines))


@settings(max_examples=1000)
@example("foods ltd ta acme")
@given(sentences(COMPANY_WORDS, (" ", " ", " ", ", ", " (")))
def test_company_names(text: str) -> None:
    """A tab, which other kinds of space are looked for after, makes no difference."""
    assert parse_company_name(f"Zylo {text}") == parse_company_name(f"Zylo \t{text}")
    assert other_company_names(f"Zylo {text}") == other_company_names(f"Zylo{ZERO_WIDTH} {text}")


@settings(max_examples=1000)
@given(NAME_WORDS, NAME_WORDS)
def test_full_names(first: str, last: str) -> None:
    """Two words are taken apart as they are with another space between them."""
    one, other = (parse_person_name("", "", "", f"{first}{space}{last}") for space in (" ", "  "))
    assert one == other


@given(st.from_regex(r"\A(\+|\(\+|00|')?[0-9 ().,;/-]{1,30}( ext 5|x|-0|000|\.0)?\Z"))
def test_phones(text: str) -> None:
    """A number with an invisible character in it, which takes the long way, is the same number."""
    longer = text[:-1] + ZERO_WIDTH + text[-1]
    if "(0)" not in text and not text.endswith((".0", "-0")):
        assert normalise_phone(text, "de") == normalise_phone(longer, "de")
    assert read_phones(text, "gb") == [
        (number, is_shared_line(one, number))
        for one in split_phones(text)
        if (number := normalise_phone(one, "gb"))
    ]


@given(st.from_regex(r"\A(info|sales|no|abc|bob)?[a-z0-9._-]{0,8}@(gmail\.com|acme|x)?[a-z0-9.-]{0,8}\Z"))
def test_emails(text: str) -> None:
    """An address is the same with what mail programs put around it, alone in its cell or not."""
    assert normalise_email(text) == normalise_email(f"<{text}>")
    assert read_addresses(text) == [
        (address, is_shared_mailbox(address))
        for one in split_emails(text)
        if (address := normalise_email(one))
    ]


@given(
    st.from_regex(
        r"\A(https?://)?(www\.)?(acme|facebook|gmail|www|shop)?[a-z0-9-]{0,4}\.?(com|co\.uk|wordpress\.com|de)?/?\Z"
    )
)
def test_websites(text: str) -> None:
    """Space around a website makes no difference."""
    assert normalise_domain(text) == normalise_domain(f" {text}")


def test_what_is_remembered_is_bounded() -> None:
    """So many texts are remembered at most, and none that is long; what was forgotten is read again."""
    asked: list[str] = []

    def read(text: str) -> str:
        asked.append(text)
        return text.upper()

    remembered = Remembered(read, most=3)
    assert [remembered[text] for text in "abca"] == list("ABCA")
    assert asked == list("abc")
    assert [remembered[text] for text in "da"] == list("DA")
    assert asked == list("abcda")
    assert remembered["x" * (MOST_REMEMBERED_CODE_POINTS + 1)].isupper()
    assert set(remembered) == {"d", "a"}


def test_what_is_remembered_of_records_is_bounded() -> None:
    """Many records of unlike and of endless values leave little behind, wherever they were read."""
    values = [f"{'abcdefghij'[at % 10]} {at:x}" for at in range(10_000)] + ["x" * 100_000, "é " * 50_000]
    fields = (
        "city",
        "country",
        "title",
        "job_title",
        "website",
        "given_name",
        "region",
        "suffix",
        "industry",
    )
    prepare_many(dict.fromkeys(fields, values), [Entity.PERSON, Entity.COMPANY] * (len(values) // 2))
    every = [one for one in gc.get_objects() if isinstance(one, Remembered)]
    assert every
    assert all(len(one) <= one.most <= MOST_REMEMBERED for one in every)
    texts = (key if isinstance(key, str) else "".join(key) for one in every for key in one)
    assert max(map(len, texts)) <= MOST_REMEMBERED_CODE_POINTS
