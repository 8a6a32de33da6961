"""Postal codes by their beginnings, and countries by whatever people call them."""

import phonenumbers
import pytest

from dedup_service.domain.countries import COUNTRIES, country_of
from dedup_service.domain.postal_codes import code_of, comparable_code
from tests.domain.ladders import codes

# What a policy writes, the country, a code as people type it, and whether it is in there.
HELD = """
80      DE  80331     yes
80      DE  D-80331   yes
80      DE  81001     no
80      DE  8033      no
0       DE  1067      yes
01      DE  01067.0   yes
80-83   DE  80331     yes
80-83   DE  83999     yes
80-83   DE  79999     no
80-83   DE  84000     no
00-09   US  02138-1234 yes
1012    NL  1012_AB   yes
1012    NL  1013_AB   no
10-19   NL  1012ab    yes
M5      CA  m5v_3l9   yes
M5      CA  M4V_3L9   no
SW      GB  SW1A_1AA  yes
SW1     GB  SW1A_1AA  yes
SW1     GB  sw1_0aa   yes
SW1     GB  SW10_0AA  no
SW10    GB  SW10_0AA  yes
SW10    GB  SW1_0AA   no
SW1A    GB  SW1A1AA   yes
SW1A    GB  SW1P1AA   no
SW1A1   GB  SW1A_1AA  yes
SW101   GB  SW10_1AB  yes
S       GB  S1_1AA    yes
S       GB  SW1A_1AA  no
E       GB  EC1A_1BB  no
EC1     GB  EC1A_1BB  yes
B33     GB  B33_8TH   yes
B3      GB  B33_8TH   no
SW      GB  SW1       yes
SW1     GB  SW        no
D02     IE  D02_X285  yes
D0      IE  D02_X285  yes
"""
CASES = [line.split() for line in HELD.strip().splitlines()]


@pytest.mark.parametrize(("written", "country", "typed", "held"), CASES)
def test_a_beginning_holds_the_codes_that_people_mean(
    written: str, country: str, typed: str, held: str
) -> None:
    """Character by character, and British codes part by part."""
    code = comparable_code(code_of(typed.replace("_", " "), country), country)
    assert codes(written).holds(code, country) is (held == "yes")


@pytest.mark.parametrize("country", ["GB", "GG", "JE", "IM"])
def test_the_islands_have_british_codes(country: str) -> None:
    """On Jersey too, JE2 is not JE20."""
    code = comparable_code(code_of("JE20 4AB", country), country)
    assert not codes("JE2").holds(code, country)


@pytest.mark.parametrize(
    ("said", "country"),
    [
        ("Deutschland", "DE"),
        ("GERMANY", "DE"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("UK", "GB"),
        ("Österreich", "AT"),
        ("United States of America", "US"),
        ("Atlantis", ""),
        ("xx", ""),
        ("", ""),
        (" ", ""),
    ],
)
def test_a_country_is_known_by_name_and_by_code(said: str, country: str) -> None:
    """What is no country of ISO 3166-1 is none."""
    assert country_of(said) == country


def test_the_countries_are_those_of_the_standard_and_kosovo() -> None:
    """Another list of them agrees, but for two islands without a code and five places without telephones."""
    without_a_code = {"AC", "TA"}
    without_telephones = {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
    assert COUNTRIES - without_telephones == set(phonenumbers.SUPPORTED_REGIONS) - without_a_code
    assert without_telephones < COUNTRIES
