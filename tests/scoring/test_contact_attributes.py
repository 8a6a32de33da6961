"""How addresses, telephones, e-mail, dates, identifiers and descriptions compare, as people write them."""

from collections.abc import Callable

import pytest
from hypothesis import given

from scoring import Comparable
from scoring.attributes.address import compare_place, compare_street
from scoring.attributes.date import compare_birth_date, normalise_date
from scoring.attributes.description import compare_birth_place, compare_industry, compare_job_title
from scoring.attributes.email import compare_email, normalise_email
from scoring.attributes.identifier import (
    compare_customer_number,
    compare_national_id,
    compare_registration_number,
    compare_tax_id,
    normalise_identifier,
)
from scoring.attributes.phone import compare_phone, normalise_phone
from scoring.attributes.place import normalise_postal_code
from scoring.attributes.street import Street, parse_street
from scoring.findings import Finding
from tests.scoring.scored_records import Values, person, values_of

Compare = Callable[[Comparable, Comparable], Finding | None]
COMPARISONS: tuple[Compare, ...] = (
    *(compare_street, compare_place, compare_birth_date, compare_email, compare_phone),
    *(compare_birth_place, compare_job_title, compare_industry),
    *(compare_tax_id, compare_national_id, compare_registration_number, compare_customer_number),
)


NEAR_VALUES: dict[str, tuple[str, ...]] = {
    "street": ("12 High St", "12a High Street", "12-14 Hihg St", "Unit 14, 12 High Rd", "14/12 High"),
    "city": ("Birmingham", "Birmimgham", "Newcastle upon Tyne", "Newcastle", "Brooklyn", "New York"),
    "postal_code": ("02138", "2138", "02183", "SW1A 1AA", "SW1A 2BB"),
    "birth_date": ("1980-05-06", "1980-06-05", "1990-05-06", "1980", "1980-01-01", "19802105"),
    "email": (
        "jo.smith@acme.com",
        "jo.smiht@acme.com",
        "jsmith@acme.com",
        "jo.smith@acme.con",
        "info@acme.com",
    ),
    "phone": ("+442079460958", "020 7946 0958", "+442079460959", "+442079460958 ext 1", "7946 0958"),
    "mobile_phone": ("+442079460958", "+447700900123"),
    "tax_id": ("DE100000678", "100000678", "DE100000768", "***-678"),
    "birth_place": ("Camden", "London", "camden london", "Cmaden"),
    "job_title": ("engineer", "software engineer", "writer", "author"),
    "industry": ("retail", "retails", "food"),
}


def level(compare: Compare, field: str, left: str, right: str) -> str | None:
    """The level that two values of one field reach."""
    finding = compare(person(**{field: left}), person(**{field: right}))
    return finding.level if finding else None


@given(values_of(NEAR_VALUES), values_of(NEAR_VALUES))
def test_a_finding_is_the_same_from_either_side(one: Values, other: Values) -> None:
    """Level, evidence and value do not depend on which record is first."""
    left, right = person(**one), person(**other)
    for compare in COMPARISONS:
        assert compare(left, right) == compare(right, left)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("100 N Main", "100 North Main St.", "exact"),
        ("350 Fifth Ave", "350 5th Avenue", "exact"),
        ("Calle Mayor, 5", "C/ Mayor 5", "exact"),
        ("15 rue de la Paix", "15 Rue Paix", "exact"),
        ("Hauptstr. 12", "Haupt Strasse 12", "exact"),
        ("3/12 High St", "Unit 3, 12 High Street", "exact"),
        ("Tower House, 12 High St", "12 High St", "exact"),
        ("12 High Street", "12 High Road", "close"),
        ("12 Prestcott Street", "12 Prescottstreet", "close"),
        ("12a High St", "12 High St", "close"),
        ("12-14 High St", "14 High St", "close"),
        ("1450 Elm Rd", "1540 Elm Rd", "close"),
        ("12 High St Flat 1", "12 High St Flat 2", "other_unit"),
        ("12 High St", "98 High St", "other_number"),
        ("100 N Main St", "100 S Main St", "different"),
        ("100 5th St", "100 5th Ave", "different"),
        ("3849 W 69th St", "3849 W 79th St", "different"),
    ],
)
def test_streets(left: str, right: str, expected: str) -> None:
    """What is often left out makes no difference; another number, direction or numbered street does."""
    assert level(compare_street, "street", left, right) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "18 Danver Place, Loughborough, Leicestershire, LE11 1UU, United Kingdom",
            Street("18", "danver place", "", "le111uu", "loughborough", "", "gb"),
        ),
        (
            "350 Fifth Avenue, 34th Floor, New York, NY 10118",
            Street("350", "5th avenue", "34", "10118", "new york", "ny"),
        ),
        (
            "Fieldstrasse 10, FL-2198 Triesen, Liechtenstein",
            Street("10", "fieldstrasse", "", "2198", "triesen", "", "li"),
        ),
        ("20 Bond St Sydney NSW 2000", Street("20", "bond street", "", "2000", "sydney", "nsw")),
        (
            "Chrysler Building, 405 Lexington Ave, New York NY 10174",
            Street("405", "lexington avenue", "", "10174", "new york", "ny"),
        ),
        ("Via Roma n. 12, 00184 Roma RM", Street("12", "via roma", "", "00184", "roma")),
        ("P.O. Box 12, Leeds LS1 4AB", Street("12", "po box", "", "ls14ab", "leeds")),
        ("NY 10118", Street("", "", "", "10118", "", "ny")),
        ("N/A", Street("", "", "", "")),
    ],
)
def test_whole_addresses_in_one_line(text: str, expected: Street) -> None:
    """The place at the end of a line and the building at its front are told from the street."""
    assert parse_street(text) == expected


def test_fields_go_before_what_the_street_line_says() -> None:
    """The street line fills only what the fields of the address leave empty."""
    found = person(street="1 Elm St, Salem, OR 97301", city="Portland")
    assert (found.city, found.postal_code, found.region) == ("portland", "97301", "or")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"postal_code": "02138", "country": "US"}, {"postal_code": "2138", "country": "US"}, "postal_code"),
        ({"postal_code": "D-10115"}, {"postal_code": "10115"}, "postal_code"),
        ({"postal_code": "89111"}, {"postal_code": "89117"}, "close_code"),
        ({"postal_code": "NE39 2AN"}, {"postal_code": "NE39 3SH"}, "close_code"),
        (
            {"city": "Leeds", "postal_code": "LS1 4AB"},
            {"city": "Leeds", "postal_code": "BD9 9ZZ"},
            "city_other_code",
        ),
        ({"city": "Newcastle upon Tyne"}, {"city": "Newcastle"}, "city"),
        ({"city": "Brooklyn"}, {"city": "New York City"}, "city"),
        ({"city": "Birmimgham"}, {"city": "City of Birmingham"}, "city"),
        ({"city": "York"}, {"city": "Cork"}, "different"),
        ({"city": "Paris", "country": "FR"}, {"city": "Paris", "country": "US"}, "different"),
    ],
)
def test_places(left: dict[str, str], right: dict[str, str], expected: str) -> None:
    """Postal codes with a slip or of one district, and cities by their other names, are near."""
    finding = compare_place(person(**left), person(**right))
    assert finding is not None
    assert finding.level == expected


def test_postal_codes_get_their_zeros_back_only_where_the_country_says_so() -> None:
    """A code of four digits is whole in Australia and Austria."""
    assert [normalise_postal_code("2138", country) for country in ("us", "at", "")] == [
        "02138",
        "2138",
        "2138",
    ]


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("3125551234.0", "us", "+13125551234"),
        ("3.12555E+09", "us", ""),
        ("44 20 7946 0958", "gb", "+442079460958"),
        ("(+49) 30 1234567", "", "+49301234567"),
        ("1234567890", "us", ""),
        ("+1 (000) 000-0000", "us", ""),
    ],
)
def test_telephones_of_spreadsheets(text: str, country: str, expected: str) -> None:
    """A decimal point or a lost + does no harm; rounded numbers and fillers are nothing."""
    assert normalise_phone(text, country) == expected


def test_a_cell_may_hold_several_numbers_and_addresses() -> None:
    """Each of two telephones or e-mail addresses in one cell counts; an extension is no number."""
    found = person(phone="312-555-1234 / 312-555-9876", email="a.b@c.com; Jo <d.e@f.com>", country="US")
    assert (found.phones, found.emails) == (("+13125551234", "+13125559876"), ("a.b@c.com", "d.e@f.com"))
    assert person(phone="312-555-1234, ext 5", country="US").shared_phones == ("+13125551234",)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("john.smith@acme.com", "john.smith@acme.con", "close"),
        ("alexander.petrovsky@acme.com", "alexander.petrvsky@acme.com", "close"),
        ("charper@miller.biz", "charpe@r@milleb.riz", "close"),
        ("johnsmith@gmial.com", "johnsmith@gmail.com", "exact"),
        ("jsmith@acme.com", "john.smith@acme.com", "same_local"),
        ("smith.john@acme.com", "john.smith@acme.com", "same_local"),
        ("johnsmith@gmail.com", "john.smith@yahoo.com", "same_local"),
        ("j.smith@acme.com", "k.smith@acme.com", "same_domain"),
        ("jsmith@acme.com", "ksmith@acme.com", "same_domain"),
        ("john.smith@acme.com", "joan.smith@acme.com", "same_domain"),
        ("j.smith@acme.com", "k.smith@acme.co", "different"),
        ("martin@acme.com", "martin@zylo.com", "different"),
        ("john.smith@gmail.com", "joan.smith@hotmail.com", "different"),
        ("smith1@gmail.com", "smith2@gmail.com", "numbered"),
        ("@jo.doe@acme.com", "al.roe@zylo.com", "different"),
    ],
)
def test_mailboxes(left: str, right: str, expected: str) -> None:
    """A slip in a long name is close; another initial or given name is a colleague."""
    assert level(compare_email, "email", left, right) == expected


@pytest.mark.parametrize(
    "text", ["none@none.com", "noemail@acme.com", "test@test.com", "a@a.com", "na@gmail.com"]
)
def test_addresses_that_stand_for_none_are_dropped(text: str) -> None:
    """An address that is typed because the form asks for one says nothing."""
    assert normalise_email(text) == ""


@pytest.mark.parametrize(
    "text", ["ventas@acme.es", "buchhaltung@acme.de", "info2@acme.com", "no-reply@acme.com"]
)
def test_role_mailboxes_of_many_languages(text: str) -> None:
    """Mailboxes of a role, also numbered ones, are nobody's own."""
    assert person(email=text).emails == ()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1999-05-06", "2000-05-06", "close"),
        ("1919-05-06", "2019-05-06", "close"),
        ("1980-05-09", "1980-05-10", "close"),
        ("19970108", "19972108", "close"),
        ("1978-11-12", "1979-12-11", "near"),
        ("1850-01-01", "1860-01-01", "other"),
        ("1969 303", "1969-03-03", "year"),
        ("1980", "1980-05-06", "year"),
        ("1950-02-03", "1978-11-20", "different"),
    ],
)
def test_birth_dates(left: str, right: str, expected: str) -> None:
    """Slips of the pen are close; that two days are unknown is no agreement."""
    assert level(compare_birth_date, "birth_date", left, right) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sept 14, 1993", "1993-09-14"),
        ("14. März 1993", "1993-03-14"),
        ("6 de mayo de 1980", "1980-05-06"),
        ("1er janvier 1981", "1981-01-01"),
        ("9/14/93 00:00:00", "1993-09-14"),
        ("1988072 7", "1988-07-27"),
        ("05/1980", "1980-05"),
        ("1900-01-01", ""),
        ("1970-01-01T00:00:00", ""),
    ],
)
def test_ways_of_writing_a_date(text: str, expected: str) -> None:
    """Months have names in several languages, times are dropped, and a clock's zero is nobody's birthday."""
    assert normalise_date(text) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("HRB 1234", "1234", "same"),
        ("00123456", "123456", "same"),
        ("VAT no. DE136695976", "136695976", "same"),
        ("DE123456789", "FR123456789", "different"),
        ("SC123456", "123456", "different"),
        ("841-62-6665", "841-62-6656", "close"),
        ("***-**-6665", "841-62-6665", "close"),
        ("***-**-6665", "***-**-6665", "close"),
        ("529900T8BM49AURSDO55", "529900T8BM49AURSDO56", "close"),
        ("841-62-6665", "510-33-1234", "different"),
    ],
)
def test_identifiers(left: str, right: str, expected: str) -> None:
    """Prefixes and zeros in front make no difference where one side leaves them out; a slip is close."""
    assert level(compare_registration_number, "registration_number", left, right) == expected


def test_numbers_with_right_check_digits_are_no_slips_of_one_another() -> None:
    """Hardly a slip leaves a check digit right: where both are, there are two numbers."""
    assert level(compare_tax_id, "tax_id", "DE100000678", "DE100000768") == "different"
    assert level(compare_tax_id, "tax_id", "DE100000678", "DE100000687") == "close"


@pytest.mark.parametrize("text", ["n/a", "UNKNOWN", "123-45-6789", "0000000", "Not available"])
def test_identifiers_that_stand_for_none_are_dropped(text: str) -> None:
    """Fillers and printed samples identify nobody."""
    assert normalise_identifier(text) == ""


@pytest.mark.parametrize(
    ("compare", "field", "left", "right", "expected"),
    [
        (compare_job_title, "job_title", "Sr. VP, Sales", "Senior Vice President of Sales", "exact"),
        (compare_job_title, "job_title", "project manager", "senior project manager", "close"),
        (compare_job_title, "job_title", "novelist", "writer", "close"),
        (compare_job_title, "job_title", "teacher", "painter", "different"),
        (compare_birth_place, "birth_place", "hackney", "London Borough of Hackney", "exact"),
        (compare_birth_place, "birth_place", "hackney london", "hackney", "close"),
        (compare_birth_place, "birth_place", "Camden", "London", "close"),
        (compare_birth_place, "birth_place", "leeds", "swansea", "different"),
        (compare_industry, "industry", "Food & Beverage", "food and beverage", "exact"),
    ],
)
def test_descriptions(compare: Compare, field: str, left: str, right: str, expected: str) -> None:
    """Short forms are written out, and a place is near the place that holds it."""
    assert level(compare, field, left, right) == expected


@pytest.mark.parametrize(
    ("compare", "left", "right", "value"),
    [
        (compare_street, {"street": "12 High St"}, {"street": "12 High Street"}, "12 high street"),
        (compare_street, {"street": "12 High"}, {"street": "12 High Street"}, "12 high|12 high street"),
        (compare_street, {"street": "12 High St"}, {"street": "98 High St"}, "high street"),
        (compare_place, {"postal_code": "LS1 4AB"}, {"postal_code": "ls14ab"}, "ls14ab"),
        (compare_place, {"city": "Leeds"}, {"city": "leeds"}, "leeds"),
        (compare_phone, {"phone": "+442079460958"}, {"phone": "+442079460958"}, "+442079460958"),
        (compare_phone, {"phone": "+442079460958"}, {"phone": "020 7946 0958"}, "+442079460958|2079460958"),
        (
            compare_phone,
            {"phone": "+442079460958"},
            {"phone": "+442079460959"},
            "+442079460958~+442079460959",
        ),
        (compare_email, {"email": "jo.doe@acme.com"}, {"email": "Jo.Doe@acme.com"}, "jo.doe@acme.com"),
        (compare_email, {"email": "info@acme.com"}, {"email": "info@acme.com"}, "info@acme.com"),
        (compare_email, {"email": "jo.doe@acme.com"}, {"email": "al.roe@acme.com"}, "acme.com"),
        (compare_birth_date, {"birth_date": "1980-05-06"}, {"birth_date": "6.5.1980"}, "1980-05-06"),
        (compare_tax_id, {"tax_id": "DE 987-656"}, {"tax_id": "987656"}, "987656"),
    ],
)
def test_values_for_term_frequencies(
    compare: Compare, left: dict[str, str], right: dict[str, str], value: str
) -> None:
    """An agreement names its value as tables count it: 'a|b' for two ways of writing, 'a~b' for a slip."""
    finding = compare(person(**left), person(**right))
    assert finding is not None
    assert finding.value == value
