"""SHORT_FORM and CAPITALS: how a value is written properly."""

from dataclasses import replace

import pytest

from dedup_service.domain.data_entry import Capitals, DataEntryRule, ShortForms
from tests.domain.data_entry.forms import OPTIONAL, findings, suggested

SHORT = [
    ("street", "12 Main St.", {}, "12 Main Street"),
    ("street", "12 St. James St.", {}, "12 St. James Street"),
    ("street", "12 Main St, Suite 4", {}, "12 Main Street, Suite 4"),
    ("street", "12 Main St Apt 4", {}, "12 Main Street Apt 4"),
    ("street", "12 Main Ave NW", {"country": "US"}, "12 Main Avenue NW"),
    ("street", "12 MAIN ST", {}, "12 MAIN STREET"),
    ("street", "12 main st", {}, "12 main street"),
    ("street", "St. James Park", {}, None),
    ("street", "Rue du Fbg St", {"country": "FR"}, None),
    ("street", "Hauptstr. 5", {"country": "DE"}, "Hauptstraße 5"),
    ("street", "Berliner Str. 5", {"country": "DE"}, "Berliner Straße 5"),
    ("street", "Bahnhofstr. 5", {"country": "CH"}, None),
    ("company_name", "Acme Inc.", {}, "Acme Incorporated"),
    ("company_name", "Acme Co. Ltd.", {}, "Acme Company Limited"),
    ("company_name", "Inc", {}, None),
    ("company_name", "Müller GmbH & Co. KG", {}, None),
    ("company_name", "Intl Mfg Corp", {}, "International Manufacturing Corporation"),
    ("job_title", "Sr. Engr", {}, "Senior Engineer"),
    ("job_title", "sr engr", {}, "senior engineer"),
    ("job_title", "Engineer", {}, None),
]
SHOUTING = [
    ("full_name", "JOHN SMITH", "John Smith"),
    ("full_name", "JAN VAN DER BERG", "Jan van der Berg"),
    ("full_name", "VAN MORRISON", "Van Morrison"),
    ("full_name", "PATRICK O'BRIEN", "Patrick O'Brien"),
    ("full_name", "ANNE-MARIE D\u2019ANGELO", "Anne-Marie D\u2019Angelo"),
    ("full_name", "RONALD MCDONALD III", "Ronald McDonald III"),
    ("full_name", "J. R. MEYER", "J. R. Meyer"),
    ("full_name", "JÖRG MÜLLER", "Jörg Müller"),
    ("full_name", "MARY NG", "Mary Ng"),
    ("family_name", "VAN DER BERG", "van der Berg"),
    ("family_name", "LEE", None),
    ("company_name", "IBM DEUTSCHLAND GMBH", "IBM Deutschland GmbH"),
    ("company_name", "THE SUN CAR HIRE COMPANY LLC", "The Sun Car Hire Company LLC"),
    ("company_name", "BANK OF THE WEST", "Bank of the West"),
    ("company_name", "MCDONALD'S CORP", "McDonald's Corp"),
    ("company_name", "KPMG AG", None),
    ("company_name", "IBM SAP BMW", None),
    ("company_name", "B2B MEDIA 24", "B2B Media 24"),
    ("city", "STRATFORD UPON AVON", "Stratford upon Avon"),
    ("city", "AUSTIN, TX", "Austin, TX"),
    ("street", "1200 NW 5TH AVENUE", "1200 NW 5th Avenue"),
    ("job_title", "VP SALES EMEA", "VP Sales EMEA"),
    ("job_title", "HEAD OF MARKETING", "Head of Marketing"),
    ("company_name", "eBay Deutschland", None),
    ("company_name", "東京電力", None),
]


@pytest.mark.parametrize(("name", "text", "others", "full"), SHORT)
def test_what_is_written_short_is_written_in_full(
    name: str, text: str, others: dict[str, str], full: str | None
) -> None:
    """Only where it is a short form: at the end of a part, in its country, in its own case."""
    assert suggested(DataEntryRule.SHORT_FORM, name, text, **others) == full


@pytest.mark.parametrize(("name", "text", "proper"), SHOUTING)
def test_capitals_stay_where_they_belong(name: str, text: str, proper: str | None) -> None:
    """Acronyms, legal forms, particles and initials keep what is theirs."""
    assert suggested(DataEntryRule.CAPITALS, name, text) == proper


def test_a_glossary_that_goes_in_circles_suggests_nothing() -> None:
    """No reader lets such a table in; if there were one, checking would end all the same."""
    circle = replace(
        OPTIONAL, short_forms={"legal_forms": ShortForms({"inc": "corp", "corp": "ltd", "ltd": "inc"})}
    )
    assert findings({"company_name": "Acme inc"}, policy=circle) == ()


def test_a_suggestion_that_still_shouts_is_not_made() -> None:
    """A company may write one of its words in capitals however somebody else does."""
    capitals = replace(OPTIONAL.capitals, written_so={Capitals.COMPANY: {"grosse": "GROSSE"}})
    assert findings({"company_name": "GRO\u1e9eE"}, policy=replace(OPTIONAL, capitals=capitals)) == ()


def test_a_suggestion_that_the_field_cannot_hold_is_not_made() -> None:
    """A value at its limit may be longer in full."""
    text = "a" * 504 + " Intl Co"
    (finding,) = findings({"company_name": text})
    assert (finding.rule, finding.suggested_value) == (DataEntryRule.SHORT_FORM, "")
