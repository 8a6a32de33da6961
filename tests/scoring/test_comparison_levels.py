"""The level that each kind of difference between two values reaches."""

import pytest

from scoring import Entity, Verdict
from tests.scoring.scored_records import HOME, HOME_AGAIN, Values, levels, score_values


@pytest.mark.parametrize(
    ("comparison", "left", "right", "level"),
    [
        ("given_name", {"given_name": "Bob"}, {"given_name": "Rob"}, "nickname"),
        ("given_name", {"given_name": "さくら"}, {"given_name": "サクラ"}, "exact"),
        ("given_name", {"given_name": "Ramesh"}, {"given_name": "Rajesh"}, "similar"),
        ("given_name", {"given_name": "Nilesh"}, {"given_name": "Nitesh"}, "similar"),
        ("given_name", {"given_name": "Danielle"}, {"given_name": "Daniel"}, "different"),
        ("given_name", {"given_name": "Emily"}, {"given_name": "Emma"}, "different"),
        ("given_name", {"full_name": "Liu Xiaoming"}, {"full_name": "Liu Xiao-hong"}, "similar"),
        ("given_name", {"full_name": "Lee Ji-hye"}, {"full_name": "Lee Jihae"}, "close"),
        ("given_name", {"given_name": "B."}, {"given_name": "Bob"}, "initial"),
        ("given_name", {"given_name": "Jonahtan"}, {"given_name": "Jonathan"}, "close"),
        ("given_name", {"given_name": "Jonatan"}, {"given_name": "Jonathan"}, "nickname"),
        ("family_name", {"family_name": "García López"}, {"family_name": "García"}, "part"),
        ("family_name", {"family_name": "Schmitd"}, {"family_name": "Schmidt"}, "close"),
        ("birth_date", {"birth_date": "1980-03-04"}, {"birth_date": "1980-04-03"}, "swapped"),
        ("birth_date", {"birth_date": "1980-01-01"}, {"birth_date": "1980-01-01"}, "weak"),
        ("birth_date", {"birth_date": "1980-03-04"}, {"birth_date": "1980-01-01"}, "year"),
        ("email", {"email": "bob.brown@acme.com"}, {"email": "bob.brown@acme.con"}, "close"),
        ("email", {"email": "bob.brown@acme.com"}, {"email": "bob.brown@zylo.de"}, "same_local"),
        ("email", {"email": "bob.brown@acme.com"}, {"email": "jo.white@acme.com"}, "same_domain"),
        ("email", {"email": "bob.brown@acme.com"}, {"email": "bobbrown@acme.com"}, "same_local"),
        ("email", {"email": "bob.brown@acme.com"}, {"email": "bob.brown2@acme.com"}, "numbered"),
        ("email", {"email": "bob.brown1981@acme.com"}, {"email": "bob.brown1918@acme.com"}, "close"),
        ("email", {"email": "smith1@acme.com"}, {"email": "smith2@acme.com"}, "numbered"),
        ("email", {"email": "emp1001@acme.com"}, {"email": "emp1002@acme.com"}, "numbered"),
        ("email", {"email": "emp1001x@acme.com"}, {"email": "emp1002x@acme.com"}, "numbered"),
        ("email", {"email": "bob.brown85@acme.com"}, {"email": "bob.brwon85@acme.com"}, "close"),
        ("email", {"email": "bob.brown@acme1.com"}, {"email": "bob.brown@acme2.com"}, "same_local"),
        ("email", {"email": "bob.brown@acmelink.com"}, {"email": "bob.brown@acme1ink.com"}, "close"),
        ("email", {"email": "bob.brown@acme.com"}, {"email": "info@acme.com"}, "same_domain"),
        ("email", {"email": "sales@acme.com"}, {"email": "sales@acme.com"}, "shared_mailbox"),
        ("phone", {"mobile_phone": "+447700900123"}, {"phone": "+447700900123"}, "mobile"),
        ("phone", {"phone": "+442079460958"}, {"phone": "+442079460958"}, "exact"),
        ("phone", {"phone": "+442079460958"}, {"phone": "020 7946 0958"}, "national"),
        ("phone", {"phone": "+442079460958"}, {"phone": "+442079460959"}, "close"),
        ("phone", {"phone": "+442079460958 ext 1"}, {"phone": "+442079460958"}, "switchboard"),
        ("street", HOME, HOME_AGAIN, "exact"),
        ("street", HOME, HOME | {"street": "12 Hihg Street"}, "close"),
        ("street", {"street": "12 High St"}, {"street": "High Street"}, "close"),
        ("street", HOME, HOME | {"street": "14 High Street"}, "other_number"),
        ("street", HOME, HOME | {"street": "99 Mill Lane"}, "different"),
        ("place", HOME, HOME_AGAIN, "postal_code"),
        ("place", HOME, {"street": "大手3丁目 19", "postal_code": "AL1 2AB"}, "postal_code"),
        ("place", HOME, HOME | {"postal_code": "AL1 2AC"}, "close_code"),
        ("place", HOME, HOME | {"postal_code": "AL9 9ZZ"}, "city_other_code"),
        ("place", {"city": "Munich"}, {"city": "München"}, "city"),
        ("place", {"city": "Munich"}, {"city": "Leeds"}, "different"),
        ("place", {"city": "London", "country": "GB"}, {"city": "London", "country": "CA"}, "different"),
        ("suffix", {"given_name": "Bob", "suffix": "Jr"}, {"given_name": "Bob"}, "one_sided"),
        ("given_name", {"given_name": "Pettus"}, {"given_name": "Prtrus"}, "similar"),
        ("given_name", {"given_name": "Wim"}, {"given_name": "Willem"}, "nickname"),
        (
            "given_name",
            {"given_name": "Mohammed", "family_name": "Al Hashimi"},
            {"given_name": "Al Hashimi", "family_name": "Mohammed"},
            "swapped",
        ),
        ("family_name", {"family_name": "García López"}, {"family_name": "García Ruiz"}, "similar"),
        (
            "street",
            HOME | {"street": "12 High St Flat 1"},
            HOME | {"street": "12 High St Flat 2"},
            "other_unit",
        ),
        ("tax_id", {"tax_id": "DE 123-456"}, {"tax_id": "123456"}, "same"),
    ],
)
def test_levels(comparison: str, left: Values, right: Values, level: str) -> None:
    """Each kind of difference reaches the level that stands for it."""
    assert levels(score_values(left, right, Entity.PERSON))[comparison] == level


@pytest.mark.parametrize(
    ("comparison", "left", "right", "level"),
    [
        ("company_name", "Zenith Foods", "Zenith Foods Canarias", "subset"),
        ("company_name", "Zenith Foods", "Zenith Fods", "close"),
        ("company_name", "明珠物流", "明珠物流投资", "subset"),
        ("branch", "Zenith Foods", "Zenith Fods", "same"),
        ("branch", "Zenith Foods", "Zenith Foods Leeds", "place"),
        ("branch", "Zenith Foods", "Zenith Foods St Albans", "place"),
        ("branch", "Zenith Foods", "Zenith Foods Holding", "one_sided"),
        ("branch", "Zenith Foods Leasing", "Zenith Foods Branch", "different"),
        ("branch", "明珠物流", "明珠物流投资", "one_sided"),
    ],
)
def test_levels_of_company_names(comparison: str, left: str, right: str, level: str) -> None:
    """An extra word is no slip of the pen, and what it says of a group or place is a level of its own."""
    score = score_values({"company_name": left, "city": "St Albans"}, {"company_name": right}, Entity.COMPANY)
    assert levels(score)[comparison] == level


def test_swapped_names_weigh_the_same_from_either_side() -> None:
    """Where the two sides bring values of different frequency, the order still changes no bit."""
    left = {"given_name": "John", "family_name": "Zebulon"}
    right = {"given_name": "Zebulon", "family_name": "John"}
    assert score_values(left, right, Entity.PERSON) == score_values(right, left, Entity.PERSON)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"full_name": "Kim Min-ji", "birth_date": "1995-03-03"}, {"full_name": "Kim Min-jun"}),
        ({"full_name": "Lee Ha-jun", "birth_date": "1995-03-03"}, {"full_name": "Lee Ha-eun"}),
        ({"full_name": "Jose Garcia", "birth_date": "1980-05-05"}, {"birth_date": "1980-05-06"}),
        ({"full_name": "Ramesh Kumar", "company_name": "Infosys"}, {"full_name": "Rajesh Kumar"}),
        (
            {"full_name": "Daniel Lee", "company_name": "Acme", "email": "daniel.lee@acme.com"},
            {"full_name": "Danielle Lee", "email": "danielle.lee@acme.com"},
        ),
    ],
)
def test_a_name_or_date_nearly_the_same_is_no_match(left: Values, right: Values) -> None:
    """Siblings, colleagues and namesakes with names or birthdays alike are for a person to judge."""
    assert score_values(left, left | right, Entity.PERSON).verdict is not Verdict.MATCH


def test_a_slip_in_a_date_of_birth_is_none_of_another_person() -> None:
    """Where the telephone agrees too, a day of difference is a slip of the pen."""
    left = {"full_name": "Jose Garcia", "birth_date": "1980-05-05", "phone": "+1 415 555 2671"}
    assert score_values(left, left | {"birth_date": "1980-05-06"}, Entity.PERSON).verdict is Verdict.MATCH


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Park Ji-sung", "Jisung Park"),
        ("Liu Xiao-ming", "Xiaoming Liu"),
        ("Kim Dae Jung", "Daejung Kim"),
        ("Чайковский Пётр Ильич", "Pyotr Tchaikovsky"),
        ("さとう はなこ", "サトウ ハナコ"),
        ("SMITH JOHN A", "John A. Smith"),
        ("محمد عبد الله", "Mohammed Abdullah"),
    ],
)
def test_one_name_in_two_orders_or_scripts_is_a_match(left: str, right: str) -> None:
    """With one birthday, a name is that of one person in each order, spacing and script."""
    first = {"full_name": left, "birth_date": "1981-02-25"}
    score = score_values(first, first | {"full_name": right}, Entity.PERSON)
    assert score.verdict is Verdict.MATCH
