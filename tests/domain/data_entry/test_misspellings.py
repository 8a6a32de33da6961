"""MISSPELLING: what is probably a slip of a word that many records hold, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from dedup_service.domain.data_entry import DataEntryRule, Vocabulary, has_vocabulary
from dedup_service.domain.data_entry.near_words import NearWords, slip_limit
from dedup_service.domain.fields import FIELDS
from tests.domain.data_entry.forms import findings

WORDS = Vocabulary.of(
    {
        "company_name": {"Consulting": 900, "Logistik": 300, "Logistic": 40, "Marin": 5, "Marine": 60},
        "job_title": {"Manager": 5000, "Engineer": 2000, "engineer": 100, "Lead": 400},
        "city": {"Springfield": 200, "San Francisco": 500, "Reading": 300, "Redding": 40, "Rome": 900},
        "country": {"Germany": 9000},
        "custom.branch": {"Harbour": 100},
    }
)
SLIPS = [
    ("company_name", "Acme Consultign", "Acme Consulting"),
    ("company_name", "ACME consutling", "ACME consulting"),
    ("company_name", "Acme Logisitk Consluting", "Acme Logistik Consulting"),
    ("job_title", "Project Manger", "Project Manager"),
    ("job_title", "ENGNEER", "ENGINEER"),
    ("city", "Sprinfield", "Springfield"),
    ("city", "san  fransisco", "san francisco"),
    ("email", "ann@gmial.com", "ann@gmail.com"),
]
NO_SLIPS = [
    ("company_name", "Acme Consulting"),
    ("company_name", "Rudecki Logistik"),
    ("company_name", "Acme Logistic"),
    ("company_name", "Acme Marin"),
    ("city", "Redding"),
    ("city", "Rom"),
    ("city", "Springfield 2"),
    ("job_title", "Laf"),
    ("email", "ann@googlemail.com"),
    ("given_name", "Manger"),
    ("company_name", "Consultign " * 40),
]


@pytest.mark.parametrize(("name", "text", "meant"), SLIPS)
def test_a_slip_of_a_frequent_word_is_found(name: str, text: str, meant: str) -> None:
    """All slips of a value are put right at once, each word in its own case."""
    found = [each for each in findings({name: text}, vocabulary=WORDS) if each.rule == "MISSPELLING"]
    assert [each.suggested_value for each in found] == [meant]


@pytest.mark.parametrize(("name", "text"), NO_SLIPS)
def test_what_is_no_slip_is_left_alone(name: str, text: str) -> None:
    """A word that is frequent itself, short, unlike any, with a digit, or in prose; and no person's name."""
    found = [each.rule for each in findings({name: text}, vocabulary=WORDS)]
    assert DataEntryRule.MISSPELLING not in found


def test_a_company_says_how_much_more_frequent_a_word_must_be() -> None:
    """Marin is held by 5 records and Marine by 60: twelve times as many."""
    assert WORDS.probable("company_name", "marin", 5, 12) == "Marine"
    assert WORDS.probable("company_name", "marin", 5, 13) == ""
    assert WORDS.probable("company_name", "marins", 61, 2) == ""


def test_spellings_of_a_word_count_together_and_the_frequent_one_is_suggested() -> None:
    """Engineer and engineer are one word."""
    assert WORDS.count("job_title", "engineer") == 2100
    assert WORDS.probable("job_title", "engneer", 5, 20) == "Engineer"


def test_rare_words_are_known_but_not_suggested() -> None:
    """A vocabulary may keep the words that few hold out of its index: they are still no slips themselves."""
    vocabulary = Vocabulary(least_suggested=20)
    vocabulary.add("city", {"Bremen": 15, "Brehmen": 5})
    assert vocabulary.count("city", "bremen") == 15
    assert vocabulary.probable("city", "bremn", 5, 2) == ""
    vocabulary.add("city", {"BREMEN": 5})
    assert vocabulary.probable("city", "bremn", 5, 2) == "Bremen"


def test_a_short_form_is_no_slip() -> None:
    """Engr is written short, and not a slip of a word that is like it."""
    vocabulary = Vocabulary.of({"job_title": {"Eng": 900, "Engd": 900}})
    assert [each.rule for each in findings({"job_title": "Engr"}, vocabulary=vocabulary)] == ["SHORT_FORM"]


def test_no_field_with_names_or_numbers_of_people_has_a_vocabulary() -> None:
    """Whatever a policy says, these are shown to nobody."""
    personal = {name for name in FIELDS if not has_vocabulary(name)}
    assert personal >= {
        *("given_name", "middle_name", "family_name", "full_name", "maiden_name", "other_name", "suffix"),
        *("email", "secondary_email", "phone", "mobile_phone", "birth_date", "national_id", "tax_id"),
        *("registration_number", "customer_number", "website"),
    }
    assert {name for name in FIELDS if has_vocabulary(name)} >= {"company_name", "city", "job_title"}


@pytest.mark.parametrize("asked", ["xabydefg", "abcdefgxy", "xyabcdefg", "bacdegf", "axbcdefyg"])
def test_two_slips_are_found_wherever_they_are(asked: str) -> None:
    """Also where they push letters out of the part that is taken apart."""
    index = NearWords()
    index.add(["abcdefg"])
    assert index.near(asked) == ([(2, "abcdefg")] if slip_limit(asked) == 2 else [])


LETTERS = st.text("abcß", min_size=3, max_size=12)


@given(st.lists(LETTERS, unique=True, max_size=40), LETTERS)
def test_the_index_finds_what_comparing_with_every_word_finds(words: list[str], asked: str) -> None:
    """Leaving letters out loses no word within the slips, and adds none."""
    index = NearWords()
    index.add(words)
    limit = slip_limit(asked)
    expected = {(slips, word) for word in words if (slips := OSA.distance(asked, word)) <= limit and limit}
    assert set(index.near(asked)) == expected
