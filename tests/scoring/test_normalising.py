"""One spelling for what people write in many."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Comparable, ComparableError, Entity, pack, prepare, unpack
from scoring.attributes.company_name import parse_company_name
from scoring.attributes.date import normalise_date
from scoring.attributes.email import normalise_email
from scoring.attributes.phone import normalise_phone
from scoring.attributes.place import normalise_city, normalise_postal_code
from scoring.attributes.street import parse_street
from scoring.attributes.website import normalise_domain
from scoring.text import MAX_CODE_POINTS, normalise
from tests.scoring.scored_records import any_values, company, person


@given(st.text(max_size=700))
def test_normalise_is_idempotent(text: str) -> None:
    """What is normalised stays as it is."""
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    "text", ["\ufdfa" * 512, "a\u0301" * 600, "\u0345" * 300 + "ΐ" * 300, "İ" * 512, "ﬃ " * 300]
)
def test_normalise_is_idempotent_where_text_grows(text: str) -> None:
    """Characters that unfold into many do not make a second pass cut again."""
    once = normalise(text)
    assert len(once) <= MAX_CODE_POINTS
    assert normalise(once) == once


def test_long_combining_sequences_cost_nothing() -> None:
    """A value of tens of thousands of combining marks is cut before it is put in order."""
    started = time.perf_counter()
    person(given_name="a" + "\u0301\u0327" * 30_000, full_name="\u0327\u0301" * 30_000)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Dr.  O\u2019Brien-SMITH ", "dr obrien smith"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Straße", "strasse"),
        ("Владимир", "vladimir"),
        ("Αλέξης", "alexis"),
        ("王 秀英", "王 秀英"),
        ("हिन्दी", "हिन्दी"),
        ("サトウ ガヴ", "さとう がゔ"),
        ("zero\u200bwidth\u202e", "zerowidth"),
    ],
)
def test_spellings(text: str, expected: str) -> None:
    """Case, accents, punctuation, invisible characters and kana make no difference; native scripts stay."""
    assert normalise(text) == expected


@given(any_values())
def test_pack_round_trip(case: tuple[dict[str, str], Entity]) -> None:
    """What was packed is unpacked as it was, in the same bytes each time."""
    comparable = prepare(*case)
    assert unpack(pack(comparable)) == comparable
    assert pack(unpack(pack(comparable))) == pack(comparable)


@given(st.binary(max_size=40))
def test_unpack_refuses_other_bytes(data: bytes) -> None:
    """Any bytes give a comparable or a ComparableError."""
    with contextlib.suppress(ComparableError):
        assert isinstance(unpack(data), Comparable)


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("020 7946 0958", "gb", "+442079460958"),
        ("+44 (0)20 7946 0958", "", "+442079460958"),
        ("0044 20 7946 0958", "de", "+442079460958"),
        ("(212) 555-0123 ext. 45", "us", "+12125550123"),
        ("030/1234567", "de", "+49301234567"),
        ("06 1234 5678", "it", "+390612345678"),
        ("7823 4567", "", "78234567"),
        ("123", "us", ""),
        ("0000000000", "us", ""),
    ],
)
def test_phones(text: str, country: str, expected: str) -> None:
    """Numbers are E.164 where their country is known, without extension; fillers are nothing."""
    assert normalise_phone(text, country) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Bob.Smith+news@GMail.com ", "bobsmith@gmail.com"),
        ("bob.smith+x@Acme.com", "bob.smith@acme.com"),
        ("mailto:jo@acme.com", "jo@acme.com"),
        ("no address", ""),
        ("@acme.com", ""),
    ],
)
def test_emails(text: str, expected: str) -> None:
    """Tags, case and Gmail's dots make no difference; what is no address is nothing."""
    assert normalise_email(text) == expected


def test_role_mailboxes_are_set_apart() -> None:
    """An address of a role is not one person's."""
    found = person(email="info@acme.com", secondary_email="jo.doe@acme.com")
    assert (found.emails, found.shared_emails) == (("jo.doe@acme.com",), ("info@acme.com",))


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("1980-04-03", "", "1980-04-03"),
        ("19800403", "", "1980-04-03"),
        ("3.4.1980", "de", "1980-04-03"),
        ("04/03/1980", "us", "1980-04-03"),
        ("12/25/1980", "", "1980-12-25"),
        ("24-May-11", "", "2011-05-24"),
        ("1980-00-00", "", "1980"),
        ("1980", "", "1980"),
        ("0001-01-01", "", ""),
        ("soon", "", ""),
    ],
)
def test_dates(text: str, country: str, expected: str) -> None:
    """Dates are ISO; the parts that are known stay."""
    assert normalise_date(text, country) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 High St., Flat 3", ("12", "high street", "3", "")),
        ("Hauptstr. 5a", ("5a", "hauptstrasse", "", "")),
        ("Apt. 4, 99 W 5th Ave", ("99", "west 5th avenue", "4", "")),
        ("1515 Adela Lane Las Vegas NV 89132", ("1515", "adela lane", "", "89132")),
    ],
)
def test_streets(text: str, expected: tuple[str, str, str, str]) -> None:
    """Short forms are written out; number, street, unit and a typed-in postal code are told apart."""
    assert parse_street(text)[:4] == expected


def test_cities_and_postal_codes() -> None:
    """Short and foreign names of cities, and ZIP+4, have one spelling."""
    assert normalise_city("Munich") == normalise_city("München")
    assert normalise_city("St. Albans") == "saint albans"
    assert normalise_postal_code("90210-1234") == "90210"


@pytest.mark.parametrize(
    ("text", "core", "marks", "legal_form"),
    [
        ("Acme Trading Ltd.", "acme trading", (), "ltd"),
        ("ACME S.A.", "acme", (), "sa"),
        ("Müller Maschinenbau G.m.b.H.", "muller maschinenbau", (), "gmbh"),
        ("Acme Intl. Leeds Branch", "acme international leeds branch", ("branch", "leeds"), ""),
        ("株式会社東芝", "東芝", (), "kk"),
        ("The Gap, Inc.", "gap", (), "inc"),
        ("Inc.", "inc", (), ""),
    ],
)
def test_company_names(text: str, core: str, marks: tuple[str, ...], legal_form: str) -> None:
    """Legal form and the marks of branches are told from what identifies the company."""
    assert parse_company_name(text) == (core, marks, legal_form)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://www.shop.acme.co.uk/x?y", "acme.co.uk"),
        ("ACME.com:443", "acme.com"),
        ("facebook.com/acme", "facebook.com/acme"),
        ("gmail.com", ""),
        ("localhost", ""),
    ],
)
def test_domains(text: str, expected: str) -> None:
    """A website is its registrable domain; public platforms and free mail are nobody's."""
    assert normalise_domain(text) == expected


def test_full_names_are_taken_apart() -> None:
    """Either order, titles, suffixes and particles are understood."""
    first = person(full_name="Dr. Ludwig van Beethoven Jr.")
    assert (first.given, first.family, first.suffix) == ("ludwig", "van beethoven", "jr")
    second = person(full_name="Beethoven, Ludwig M.")
    assert (second.given, second.middle, second.family) == ("ludwig", "m", "beethoven")
    third = person(full_name="王秀英")
    assert (third.given, third.family) == ("秀英", "王")


def test_unknown_and_placeholder_values_are_dropped() -> None:
    """Fields that scoring does not know, and fillers, leave nothing behind."""
    assert person(favourite_colour="red", given_name="N/A", tax_id="0000") == Comparable(Entity.PERSON)
    assert company(company_name="unknown") == Comparable(Entity.COMPANY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("平成3年1月30日", "1991-01-30"),
        ("平成３年", "1991"),
        ("令和元年5月1日", "2019-05-01"),
        ("S55.12.3", "1980-12-03"),
        ("1991年1月30日", "1991-01-30"),
        ("1991년 1월 30일", "1991-01-30"),
        ("民國74年5月12日", "1985-05-12"),
        ("mar 3 1990", "1990-03-03"),
    ],
)
def test_dates_of_east_asia(text: str, expected: str) -> None:
    """Years are read by their era, and dates with the characters for year, month and day."""
    assert normalise_date(text) == expected


@pytest.mark.parametrize(
    ("full_name", "expected"),
    [
        ("Kim Min-jun", ("minjun", "", "kim", "")),
        ("Kim Min Jun", ("minjun", "", "kim", "")),
        ("Amartya Kumar Sen", ("amartya", "kumar", "sen", "")),
        ("Kim, Jun", ("jun", "", "kim", "")),
        ("Yo-Yo Ma", ("yoyo", "", "ma", "")),
        ("Mark Elder", ("mark", "", "elder", "")),
        ("Hans Müller jun.", ("hans", "", "muller", "jr")),
        ("Hans Müller jun", ("hans", "", "muller", "jr")),
        ("Müller, Hans sen.", ("hans", "", "muller", "sr")),
        ("Hans Müller, jun.", ("hans", "", "muller", "jr")),
        ("John Smith MA", ("john", "", "smith", "")),
        ("John Smith Jr", ("john", "", "smith", "jr")),
        ("Smith, Jr", ("", "", "smith", "jr")),
    ],
)
def test_endings_that_are_names(full_name: str, expected: tuple[str, str, str, str]) -> None:
    """Jun, Sen and Ma are names, but where a dot, a comma or another case sets them apart."""
    found = person(full_name=full_name)
    assert (found.given, found.middle, found.family, found.suffix) == expected


def test_a_given_name_alone_has_no_such_ending() -> None:
    """In the field of given names 'Min Jun' is a name, and no Min the younger."""
    found = person(given_name="Min Jun", family_name="Kim")
    assert (found.given, found.suffix) == ("minjun", "")


@pytest.mark.parametrize(
    "full_name",
    ["Park Ji-sung", "Park Ji Sung", "PARK JISUNG", "Jisung Park", "Ji Sung Park", "Park, Ji-Sung"],
)
def test_korean_and_chinese_names(full_name: str) -> None:
    """Two syllables are one given name, hyphened, apart or in one word, on either side of the family name."""
    found = person(full_name=full_name)
    assert (found.given, found.middle, found.family) == ("jisung", "", "park")


@pytest.mark.parametrize("full_name", ["Joe Hogan", "Jean-Pierre Martin", "Mary Ann Lee Smith", "Lee Mason"])
def test_other_names_keep_their_order(full_name: str) -> None:
    """A word that might be a Chinese or Korean family name does not make one of an English or French name."""
    *_, last = full_name.split()
    assert person(full_name=full_name).family == last.lower()


@pytest.mark.parametrize(
    ("full_name", "expected"),
    [
        ("Чайковский Пётр Ильич", ("petr", "ilich", "chaikovskii")),
        ("Пётр Ильич Чайковский", ("petr", "ilich", "chaikovskii")),
        ("Абрамович Роман Аркадьевич", ("roman", "arkadevich", "abramovich")),
        ("Роман Аркадьевич Абрамович", ("roman", "arkadevich", "abramovich")),
        ("Иванова Анна Сергеевна", ("anna", "sergeevna", "ivanova")),
        ("Ivanov Ivan Petrovich", ("ivan", "petrovich", "ivanov")),
        ("Anna Maria Ulrich", ("anna", "maria", "ulrich")),
        ("SMITH JOHN A", ("john", "a", "smith")),
        ("John A. Smith", ("john", "a", "smith")),
        ("Maria Kowalska N", ("maria", "kowalska", "n")),
    ],
)
def test_the_end_of_a_name_tells_its_order(full_name: str, expected: tuple[str, str, str]) -> None:
    """A patronymic or an initial that stands last is no family name, which then stands first."""
    found = person(full_name=full_name)
    assert (found.given, found.middle, found.family) == expected


@pytest.mark.parametrize(
    ("apart", "joined"),
    [
        ("محمد عبد الله", "محمد عبدالله"),
        ("عبد الرحمن خليل", "عبدالرحمن خليل"),
        ("محمد أبو بكر", "محمد أبوبكر"),
        ("Mohammed Abd Allah", "Mohammed Abdallah"),
    ],
)
def test_arabic_names_of_two_words(apart: str, joined: str) -> None:
    """The servant of God is one name, whether a space is written in it or not."""
    assert person(full_name=apart) == person(full_name=joined)
