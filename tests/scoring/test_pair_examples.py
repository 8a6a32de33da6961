"""Pairs that a person would decide at a glance, and what the model must say of them."""

import pytest

from scoring import Entity, Verdict
from tests.scoring.scored_records import HOME, HOME_AGAIN, Values, score_values

JOHN: Values = {"given_name": "John", "family_name": "Smith"}
ROBERT: Values = {"given_name": "Robert", "family_name": "Abernathy"}
LANDLINE: Values = {"phone": "01727 946095", "country": "GB"}
ACME: Values = {"company_name": "Acme Trading Ltd", "website": "www.acme-trading.co.uk"}
ACME_LEEDS: Values = {"company_name": "Acme Trading Ltd, Leeds Branch", "website": "acme-trading.co.uk"}

WORK: Values = {"company_name": "Acme Trading Ltd", "phone": "01727 946095", "country": "GB"} | HOME

PEOPLE_MATCH: list[tuple[str, Values, Values]] = [
    (
        "alike given name, same e-mail and phone",
        {"given_name": "Chris", "family_name": "Laurent", "email": "c.laurent@deloux.fr"} | LANDLINE,
        {"given_name": "Christophe", "family_name": "Laurent", "email": "c.laurent@deloux.fr"} | LANDLINE,
    ),
    (
        "names in two scripts, same e-mail and mobile",
        {"full_name": "小林太郎", "email": "taro81@gmail.com", "mobile_phone": "+819091797740"},
        {"full_name": "Taro Kobayashi", "email": "taro81@gmail.com", "mobile_phone": "+819091797740"},
    ),
    (
        "married name, same e-mail",
        {"given_name": "Anna", "family_name": "Kowalska", "email": "anna.k81@wp.pl"},
        {"given_name": "Anna", "family_name": "Zielinska", "email": "anna.k81@wp.pl"},
    ),
    ("e-mail and name", JOHN | {"email": "jsmith@acme.com"}, JOHN | {"email": "JSmith+crm@acme.com"}),
    (
        "e-mail and short form",
        ROBERT | {"email": "abernathy@gmail.com"},
        {"full_name": "Bob Abernathy", "email": "abernathy@gmail.com"},
    ),
    ("common name and address", JOHN | HOME, JOHN | HOME_AGAIN),
    ("common name and phone", JOHN | LANDLINE, JOHN | {"phone": "+44 1727 946095"}),
    ("common name and birth date", JOHN | {"birth_date": "1980-04-13"}, JOHN | {"birth_date": "13.04.1980"}),
    ("order of names", {"full_name": "Abernathy, Robert"} | HOME, ROBERT | HOME_AGAIN),
    (
        "names swapped, same birth date",
        ROBERT | {"birth_date": "1980-04-13"},
        {"given_name": "Abernathy", "family_name": "Robert", "birth_date": "1980-04-13"},
    ),
    (
        "married name, same e-mail and birth date",
        {
            "given_name": "Anna",
            "family_name": "Kowalska",
            "email": "anna.k@wp.pl",
            "birth_date": "1990-05-17",
        },
        {"given_name": "Anna", "family_name": "Nowak", "email": "anna.k@wp.pl", "birth_date": "1990-05-17"},
    ),
    (
        "Cyrillic and Latin",
        {"full_name": "Владимир Смирнов"} | HOME,
        {"full_name": "Vladimir Smirnov"} | HOME,
    ),
    (
        "Chinese",
        {"full_name": "王秀英", "phone": "+8613912345678"},
        {"full_name": "王秀英", "phone": "+8613912345678"},
    ),
    ("tax id and a misspelt name", ROBERT | {"tax_id": "DE 1234 5678"}, ROBERT | {"tax_id": "DE12345678"}),
]
PEOPLE_REVIEW: list[tuple[str, Values, Values]] = [
    (
        "misspelt beyond likeness, same e-mail, employer and family name",
        {"given_name": "Pettus", "family_name": "Kuiphuizen", "email": "p.k@ter-horstra.nl"} | WORK,
        {
            "given_name": "Prtrus",
            "family_name": "Kuiphuizen",
            "email": "p.k@ter-horstra.nl",
            "company_name": "Acme Trading",
            "phone": "+31642097424",
        },
    ),
    (
        "name and the firm's mail, one of them through its shared mailbox",
        ROBERT | {"email": "robert.abernathy@acme.co.uk"},
        ROBERT | {"email": "info@acme.co.uk"},
    ),
    (
        "e-mail and initial",
        JOHN | {"email": "jsmith81@gmail.com"},
        {"given_name": "J.", "family_name": "Smith", "email": "j.smith81@gmail.com"},
    ),
    (
        "colleagues of one rare given name",
        {"given_name": "Amélie", "family_name": "Montoux", "email": "amelie.montoux@acme.co.uk"} | WORK,
        {"given_name": "Amélie", "family_name": "Lambin", "email": "amelie.lambin@acme.co.uk"} | WORK,
    ),
    ("rare name alone", ROBERT, ROBERT),
    ("common name in full alone", JOHN | {"middle_name": "William"}, JOHN | {"middle_name": "William"}),
    ("e-mail without a name", {"email": "jsmith81@gmail.com"}, {"email": "jsmith81@gmail.com"}),
    (
        "e-mail, phone and address without a name",
        HOME | LANDLINE | {"email": "thesmiths81@gmail.com"},
        HOME | LANDLINE | {"email": "thesmiths81@gmail.com"},
    ),
    (
        "namesakes with the same name before the @",
        ROBERT | {"email": "robert.abernathy@gmail.com", "phone": "+442079460958"},
        ROBERT | {"email": "robert.abernathy@acme.co.uk", "phone": "+441613300112"},
    ),
    ("namesakes in one city", ROBERT | {"city": "Leeds"}, ROBERT | {"city": "Leeds"}),
    (
        "namesakes whom their provider tells apart by dots",
        ROBERT | {"email": "robert.abernathy@web.de"},
        ROBERT | {"email": "robertabernathy@web.de"},
    ),
    (
        "one address, but neither e-mail nor telephone in common",
        ROBERT | HOME | {"email": "rab81@web.de", "phone": "+447700900123"},
        ROBERT | HOME | {"email": "grandpa@gmx.net", "phone": "+447700900999"},
    ),
    ("a suffix on one side", ROBERT | HOME | {"suffix": "Jr."}, ROBERT | HOME),
    (
        "another family name at the same telephone",
        {"given_name": "Cordelia", "family_name": "Abernathy"} | LANDLINE,
        {"given_name": "Cordelia", "family_name": "Woolcott"} | LANDLINE,
    ),
    (
        "another given name, same mailbox and mobile",
        {
            "given_name": "Peter",
            "family_name": "Abernathy",
            "email": "abe@gmx.de",
            "mobile_phone": "+4916012345",
        },
        {
            "given_name": "Susan",
            "family_name": "Abernathy",
            "email": "abe@gmx.de",
            "mobile_phone": "+4916012345",
        },
    ),
    (
        "twins that share a mailbox",
        {
            "given_name": "Peter",
            "family_name": "Abernathy",
            "email": "abe@gmx.de",
            "birth_date": "1980-04-13",
        },
        {
            "given_name": "Susan",
            "family_name": "Abernathy",
            "email": "abe@gmx.de",
            "birth_date": "1980-04-13",
        },
    ),
    ("common name at one role mailbox", JOHN | {"email": "info@acme.com"}, JOHN | {"email": "info@acme.com"}),
]
PEOPLE_NO_MATCH: list[tuple[str, Values, Values]] = [
    (
        "colleagues of one given name",
        {"given_name": "John", "family_name": "Montoux", "email": "john.montoux@acme.co.uk"} | WORK,
        {"given_name": "John", "family_name": "Lambin", "email": "john.lambin@acme.co.uk"} | WORK,
    ),
    ("strangers", JOHN | HOME, ROBERT | {"city": "Leeds"}),
    ("same given name", JOHN, {"given_name": "John", "family_name": "Abernathy"}),
    (
        "couple in one household",
        ROBERT | HOME | LANDLINE,
        {"given_name": "Susan", "family_name": "Abernathy"} | HOME | LANDLINE,
    ),
    (
        "couple that shares a mailbox",
        {"given_name": "Peter", "family_name": "Abernathy", "email": "abernathys@gmail.com"} | HOME,
        {"given_name": "Susan", "family_name": "Abernathy", "email": "abernathys@gmail.com"} | HOME,
    ),
    ("father and son", ROBERT | HOME | {"suffix": "Sr"}, ROBERT | HOME | {"suffix": "Jr."}),
    (
        "father and son by birth date",
        ROBERT | HOME | LANDLINE | {"birth_date": "1950-02-03"},
        ROBERT | HOME | LANDLINE | {"birth_date": "1978-11-20"},
    ),
    (
        "brother and sister with like names",
        {"given_name": "Daniel", "family_name": "Abernathy"} | HOME | LANDLINE,
        {"given_name": "Daniela", "family_name": "Abernathy"} | HOME | LANDLINE,
    ),
    (
        "colleagues",
        JOHN | {"email": "john.smith@acme.com", "company_name": "Acme Ltd"},
        {"given_name": "Joan", "family_name": "Fisher", "email": "fisher@acme.com", "company_name": "Acme"},
    ),
    (
        "colleagues of like given names",
        {"given_name": "Inèès", "family_name": "Beauel", "email": "ines.beauel@acme.co.uk"} | WORK,
        {"given_name": "Inès", "family_name": "Pontoux", "email": "ines.pontoux@acme.co.uk"} | WORK,
    ),
    ("different tax ids", JOHN | {"tax_id": "12345678"}, JOHN | {"tax_id": "99999998"}),
]
COMPANIES_MATCH: list[tuple[str, Values, Values]] = [
    (
        "name and domain",
        ACME,
        {"company_name": "ACME TRADING LIMITED", "website": "https://acme-trading.co.uk/"},
    ),
    ("name and address", ACME | HOME, {"company_name": "Acme Trading"} | HOME_AGAIN),
    ("name and phone", {"company_name": "Acme Trading"} | LANDLINE, ACME | {"phone": "+441727946095"}),
    (
        "acronym, domain and address",
        {"company_name": "BMW AG", "website": "bmw.de"} | HOME,
        {"company_name": "Bayerische Motoren Werke AG", "website": "bmw.de"} | HOME,
    ),
    ("tax id and name", ACME | {"tax_id": "GB123456789"}, {"company_name": "Acme", "tax_id": "123456789"}),
]
COMPANIES_REVIEW: list[tuple[str, Values, Values]] = [
    ("misspelt name and domain", ACME, {"company_name": "Acme Tradng", "email": "jo@acme-trading.co.uk"}),
    ("name alone", {"company_name": "Zylotech GmbH"}, {"company_name": "ZyloTech GmbH"}),
    (
        "two scripts, same domain and phone",
        {"company_name": "明珠物流公司", "website": "pearl-logistics.cn", "phone": "+862089214447"},
        {"company_name": "Pearl Logistics", "email": "info@pearl-logistics.cn", "phone": "+862089214447"},
    ),
    (
        "name, domain and telephone in another city",
        ACME | LANDLINE | HOME,
        ACME | LANDLINE | {"street": "5 Mill Lane", "city": "Leeds", "postal_code": "LS1 1AA"},
    ),
    (
        "GmbH and AG of one domain",
        {"company_name": "Zylo GmbH", "website": "zylo.de"},
        {"company_name": "Zylo AG", "website": "zylo.de"},
    ),
]
COMPANIES_NOT_MATCH: list[tuple[str, Values, Values]] = [
    ("branch", ACME | HOME, ACME_LEEDS | {"street": "5 Mill Lane", "city": "Leeds"}),
    ("branch at the same domain and phone", ACME | LANDLINE, ACME_LEEDS | LANDLINE),
    (
        "subsidiaries",
        {"company_name": "Zenith Foods UK Ltd", "website": "zenithfoods.com"},
        {"company_name": "Zenith Foods Deutschland GmbH", "website": "zenithfoods.com"},
    ),
    (
        "holding",
        {"company_name": "Zenith Foods Holdings plc", "website": "zenithfoods.com"} | HOME,
        {
            "company_name": "Zenith Foods Ltd",
            "website": "zenithfoods.com",
            "city": "Leeds",
            "postal_code": "LS1 1AA",
        },
    ),
    *(
        (
            f"sister company: {word}",
            {"company_name": "Laurent & Michel Textile", "website": "laurent.fr"} | HOME | LANDLINE,
            {"company_name": f"Laurent & Michel Textile {word}", "website": "laurent.fr"} | HOME | LANDLINE,
        )
        for word in (
            "Participations",
            "Leasing",
            "Vastgoed",
            "Inversiones",
            "Holding",
            "Immobilien",
            "Лизинг",
        )
    ),
    (
        "sister company in a script without spaces",
        {"company_name": "明珠物流有限公司", "website": "pearl.cn"} | LANDLINE,
        {"company_name": "明珠物流投资有限公司", "website": "pearl.cn"} | LANDLINE,
    ),
    (
        "longer name with another website",
        {"company_name": "Montana Alimentacion", "website": "montana-alimentacion.es"} | LANDLINE,
        {"company_name": "Montana Alimentacion Canarias", "website": "montana-canarias.es"} | LANDLINE,
    ),
    (
        "branches of one city",
        {"company_name": "Acme Trading", "website": "acme.com", "city": "Leeds", "phone": "+441134960001"}
        | {"postal_code": "LS1 1AA"},
        {"company_name": "Acme Trading", "website": "acme.com", "city": "Leeds", "phone": "+441134960777"}
        | {"postal_code": "LS9 8XY"},
    ),
    (
        "numbered stores",
        {"company_name": "Acme Store 12", "website": "acme.com"},
        {"company_name": "Acme Store 14", "website": "acme.com"},
    ),
    (
        "tenants of one building",
        {"company_name": "Zenith Foods"} | HOME,
        {"company_name": "Blue Lantern Design"} | HOME,
    ),
]


def _ids(cases: list[tuple[str, Values, Values]]) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize(("story", "left", "right"), PEOPLE_MATCH, ids=_ids(PEOPLE_MATCH))
def test_same_person(story: str, left: Values, right: Values) -> None:
    """These are one person."""
    assert score_values(left, right, Entity.PERSON).verdict is Verdict.MATCH, story


@pytest.mark.parametrize(("story", "left", "right"), PEOPLE_REVIEW, ids=_ids(PEOPLE_REVIEW))
def test_perhaps_the_same_person(story: str, left: Values, right: Values) -> None:
    """These need a person to look."""
    assert score_values(left, right, Entity.PERSON).verdict is Verdict.REVIEW, story


@pytest.mark.parametrize(("story", "left", "right"), PEOPLE_NO_MATCH, ids=_ids(PEOPLE_NO_MATCH))
def test_different_people(story: str, left: Values, right: Values) -> None:
    """These are two people."""
    assert score_values(left, right, Entity.PERSON).verdict is Verdict.NO_MATCH, story


@pytest.mark.parametrize(("story", "left", "right"), COMPANIES_MATCH, ids=_ids(COMPANIES_MATCH))
def test_same_company(story: str, left: Values, right: Values) -> None:
    """These are one company."""
    assert score_values(left, right, Entity.COMPANY).verdict is Verdict.MATCH, story


@pytest.mark.parametrize(("story", "left", "right"), COMPANIES_REVIEW, ids=_ids(COMPANIES_REVIEW))
def test_perhaps_the_same_company(story: str, left: Values, right: Values) -> None:
    """These need a person to look."""
    assert score_values(left, right, Entity.COMPANY).verdict is Verdict.REVIEW, story


@pytest.mark.parametrize(("story", "left", "right"), COMPANIES_NOT_MATCH, ids=_ids(COMPANIES_NOT_MATCH))
def test_not_certainly_the_same_company(story: str, left: Values, right: Values) -> None:
    """These are never merged without a person."""
    assert score_values(left, right, Entity.COMPANY).verdict is not Verdict.MATCH, story


def test_common_names_weigh_less() -> None:
    """Agreeing on a rare name is stronger evidence than agreeing on a common one."""
    common = score_values(JOHN, JOHN, Entity.PERSON)
    rare = score_values(ROBERT, ROBERT, Entity.PERSON)
    assert common.match_weight_bits < rare.match_weight_bits
