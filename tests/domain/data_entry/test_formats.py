"""FORMAT: what a value must look like, and the suggestion that comes with what does not."""

import pytest

from dedup_service.domain.data_entry import DataEntryRule, Severity
from tests.domain.data_entry.forms import findings, suggested


def format_of(name: str, text: str, **others: str) -> str | None:
    return suggested(DataEntryRule.FORMAT, name, text, **others)


RIGHT = [
    ("email", "ann@acme.com", {}),
    ("email", "Ann.O'Brien+news@sub.acme.co.uk", {}),
    ("email", "jörg@müller-söhne.de", {}),
    ("phone", "+44 20 7946 0958", {}),
    ("phone", "(030) 901820", {"country": "DE"}),
    ("phone", "212-736-5000 ext. 12", {"country": "US"}),
    ("phone", "030 901820", {}),
    ("website", "acme.com", {}),
    ("website", "https://www.acme.co.uk:8443/shop?x=1#top", {}),
    ("website", "xn--mller-kva.de", {}),
    ("birth_date", "1984-05-23", {}),
    ("birth_date", "1984-05", {}),
    ("birth_date", "1984", {}),
    ("country", "Germany", {}),
    ("country", "DE", {}),
    ("country", "Deutschland", {}),
    ("country", "NA", {}),
    ("postal_code", "80331", {"country": "Germany"}),
    ("postal_code", "SW1A 1AA", {"country": "GB"}),
    ("postal_code", "sw1a 1aa", {"country": "GB"}),
    ("postal_code", "02134-1234", {"country": "US"}),
    ("postal_code", "whatever", {}),
    ("postal_code", "whatever", {"country": "AE"}),
]

WRONG = [
    ("email", "ann", {}, ""),
    ("email", "ann@", {}, ""),
    ("email", "ann@acme", {}, ""),
    ("email", "ann..bo@acme.com", {}, "ann.bo@acme.com"),
    ("email", "ann@acme,com", {}, "ann@acme.com"),
    ("email", "ann @ acme.com", {}, "ann@acme.com"),
    ("email", "ann(at)acme.com", {}, "ann@acme.com"),
    ("email", "Ann Bo <ann@acme.com>", {}, "ann@acme.com"),
    ("email", "mailto:ann@acme.com", {}, "ann@acme.com"),
    ("email", "ann@acme.com; bo@acme.com", {}, ""),
    ("email", "a" * 250 + "@acme.com", {}, ""),
    ("phone", "12345", {}, ""),
    ("phone", "call me", {}, ""),
    ("phone", "4.4207E+11", {}, ""),
    ("phone", "+44 20 7946 09581234", {}, ""),
    ("phone", "212 736", {"country": "US"}, ""),
    ("phone", "0000 901820 1234", {"country": "US"}, ""),
    ("website", "acme", {}, ""),
    ("website", "ann@acme.com", {}, ""),
    ("website", "htp://acme.com", {}, "http://acme.com"),
    ("website", "https//acme.com/a", {}, "https://acme.com/a"),
    ("website", "www,acme.com", {}, "www.acme.com"),
    ("birth_date", "1984-02-30", {}, ""),
    ("birth_date", "23/05/1984", {}, "1984-05-23"),
    ("birth_date", "03/04/1984", {}, ""),
    ("birth_date", "03/04/1984", {"country": "US"}, "1984-03-04"),
    ("birth_date", "03/04/1984", {"country": "GB"}, "1984-04-03"),
    ("birth_date", "3 March 1984", {}, "1984-03-03"),
    ("country", "Germny", {}, "Germany"),
    ("country", "Untied States", {}, "United States"),
    ("country", "Narnia", {}, ""),
    ("country", "XQ", {}, ""),
    ("postal_code", "8033", {"country": "DE"}, "08033"),
    ("postal_code", "D-80331", {"country": "DE"}, "80331"),
    ("postal_code", "sw1a1aa", {"country": "GB"}, "SW1A 1AA"),
    ("postal_code", "1012ab", {"country": "NL"}, "1012 AB"),
    ("postal_code", "80331", {"country": "GB"}, ""),
    ("postal_code", "1" * 100, {"country": "DE"}, ""),
]


@pytest.mark.parametrize(("name", "text", "others"), RIGHT)
def test_a_right_value_gives_no_finding(name: str, text: str, others: dict[str, str]) -> None:
    """What is in its form is left alone, however it is grouped or cased."""
    assert format_of(name, text, **others) is None


@pytest.mark.parametrize(("name", "text", "others", "meant"), WRONG)
def test_a_wrong_value_gives_a_finding_and_what_was_meant(
    name: str, text: str, others: dict[str, str], meant: str
) -> None:
    """The suggestion is in the form itself, and there is none where nobody can tell."""
    assert format_of(name, text, **others) == meant
    if meant:
        assert format_of(name, meant, **others) is None


def test_a_finding_says_what_to_do_and_repeats_nothing() -> None:
    """The message is a sentence about the form; what was typed stands nowhere in it."""
    (finding,) = findings({"email": "secret-of-somebody"})
    assert (finding.severity, finding.field) == (Severity.ERROR, "values.email")
    assert finding.message == "is no e-mail address: write it such as name@acme.com"
