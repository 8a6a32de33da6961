"""Names of people, in the spellings, orders and scripts in which one person is written down."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Comparable
from scoring.attributes.name_likeness import compare_family_words, compare_given_words
from scoring.attributes.person_name import (
    compare_family,
    compare_given,
    compare_middle,
    full_names_of,
    parse_person_name,
)
from scoring.comparators import PERSON_COMPARATORS
from scoring.reading import compare_readings, reading_of
from scoring.vocabulary import given_name_genders, name_spellings, nicknames
from tests.scoring.scored_records import person

LEVELS = {one.name: one.levels for one in PERSON_COMPARATORS}
WORDS = st.sampled_from(
    [
        "bob",
        "robert",
        "li",
        "van",
        "o",
        "mueller",
        "muller",
        "jean",
        "9",
        "習",
        "近平",
        "محمد",
        "김",
        "",
        "von berg",
    ]
) | st.text(max_size=12)


def named(full_name: str) -> Comparable:
    return person(full_name=full_name)


def levels_of(left: Comparable, right: Comparable) -> tuple[str | None, str | None]:
    found = compare_given(left, right), compare_family(left, right)
    return (found[0].level if found[0] else None, found[1].level if found[1] else None)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("bob", "robert"),
        ("wm", "william"),
        ("sasha", "aleksandr"),
        ("pepe", "jose"),
        ("gosia", "malgorzata"),
        ("uschi", "ursula"),
        ("vova", "volodymyr"),
        ("stephen", "steven"),
        ("catherine", "katharine"),
        ("mohamed", "muhammad"),
        ("sergey", "sergei"),
        ("yousef", "youssef"),
        ("vladimir", "volodymyr"),
        ("goekhan", "gokhan"),
    ],
)
def test_short_forms_and_spellings_are_one_name(left: str, right: str) -> None:
    """A short form, or another spelling, of a name stands for it."""
    assert compare_given_words(left, right) == "nickname"


@pytest.mark.parametrize(("left", "right"), [("johann", "jean"), ("giuseppe", "joseph"), ("jorge", "george")])
def test_names_are_translated(left: str, right: str) -> None:
    """What a name is called in another language is near to it."""
    assert compare_given_words(left, right) == "close"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("daniel", "daniela"),
        ("jon", "joe"),
        ("christian", "christina"),
        ("paul", "paula"),
        ("erik", "erika"),
        ("tom", "tim"),
        ("mario", "maria"),
    ],
)
def test_well_known_names_are_no_slips(left: str, right: str) -> None:
    """Two names that both exist, of a sister and a brother, are not one misspelt."""
    assert compare_given_words(left, right) == "different"


def test_marie_and_maria_are_alike_only() -> None:
    """Two names of one gender a letter apart may be one person's in two languages, or two sisters'."""
    assert compare_given_words("marie", "maria") == "similar"


@pytest.mark.parametrize(
    ("left", "right"), [("9obert", "robert"), ("m1cha3l", "michael"), ("ja50n", "jason")]
)
def test_digits_read_for_letters(left: str, right: str) -> None:
    """A digit in the place of a letter is a slip of reading."""
    assert compare_given_words(left, right) == "close"


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("mueller", "muller", "exact"),
        ("schmitd", "schmidt", "close"),
        ("yushchenko", "juschtschenko", "close"),
        ("yushchenko", "iouchtchenko", "close"),
        ("selenskyj", "zelenskyy", "close"),
        ("hussein", "husayn", "close"),
        ("lee", "yi", "close"),
        ("park", "pak", "close"),
        ("monteiro", "montenegro", "similar"),
        ("smith", "jones", "different"),
        ("li", "ly", "similar"),
    ],
)
def test_family_names(left: str, right: str, level: str) -> None:
    """Umlauts written out, slips and foreign spellings are near; a beginning in common is not enough."""
    assert compare_family_words(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "levels"),
    [
        ("Anna van der Berg", "Anna Vanderberg", ("exact", "exact")),
        ("Sean O'Brien", "Sean O Brien", ("exact", "exact")),
        ("Bashar al-Assad", "Hafez al-Assad", ("different", "exact")),
        ("Yusuf al-Harbi", "Yusuf al-Hakim", ("exact", "different")),
        ("Osama bin Laden", "Usama ibn Laden", ("nickname", "close")),
        ("Maria Garcia Lopez", "Maria Garcia", ("exact", "part")),
        ("Kim Jong Un", "Jong Un Kim", ("exact", "exact")),
        ("Nagy Istvan", "Istvan Nagy", ("swapped", "swapped")),
        ("VladimirPutin", "Vladimir Putin", ("exact", "exact")),
        ("Vladimirputin", "Vladimir Putin", (None, "close")),
        ("Abd al-Rahman Khalil", "Abdulrahman Khalil", ("nickname", "exact")),
        ("Asad Khan Zarkari Mohmand", "Zarkari Mohmand Asad Kahn", ("swapped", "swapped")),
    ],
)
def test_whole_names(left: str, right: str, levels: tuple[str | None, str | None]) -> None:
    """Particles, spaces, order and second surnames make no stranger of a name; other names do."""
    assert levels_of(named(left), named(right)) == levels
    assert levels_of(named(right), named(left)) == levels


def test_a_misspelt_family_name_has_not_changed_places() -> None:
    """Where all names stand where they stood, a slip is a slip and no other order."""
    assert levels_of(named("Malik Ruslan Barakhoev"), named("Malik Ruslan Barkhanoev")) == (
        "exact",
        "similar",
    )


def test_one_name_divided_differently_over_the_fields() -> None:
    """The same words in the same order are the same name, wherever the fields divide them."""
    left = person(given_name="María del Carmen", family_name="García López")
    assert levels_of(left, named("Maria del Carmen Garcia Lopez")) == ("exact", "exact")
    right = person(given_name="Maria", family_name="del Carmen García López")
    assert levels_of(left, right) == ("exact", "exact")
    left = person(given_name="Jeanpierre", family_name="Dupont")
    assert levels_of(left, person(given_name="Jean-Pierre", family_name="Dupont")) == ("exact", "exact")


@pytest.mark.parametrize("short", ["J R", "JR", "J.R.", "J.-R."])
def test_initials_of_given_names(short: str) -> None:
    """Initials, spaced or not, are those of the given names."""
    found = compare_given(
        person(given_name=short, family_name="Ewing"), person(given_name="John Robert", family_name="Ewing")
    )
    assert found is not None
    assert found.level == "initial"


@pytest.mark.parametrize(
    ("native", "latin"),
    [
        ("Владимир Путин", "Vladimir Putin"),
        ("Αλέξης Τσίπρας", "Alexis Tsipras"),
        ("فرناندو بيريز", "Fernando Pérez"),
        ("محمد صلاح", "Mohamed Salah"),
        ("בנימין נתניהו", "Binyamin Netanyahu"),
        ("नरेन्द्र मोदी", "Narendra Modi"),
        ("习近平", "Xi Jinping"),
        ("毛泽东", "Mao Tse-tung"),
        ("김정은", "Kim Jong Un"),
        ("박근혜", "Park Geun-hye"),
        ("バラク・オバマ", "Barack Obama"),
        ("ბარაკ ობამა", "Barack Obama"),
        ("Արամ Խաչատրյան", "Aram Khachatryan"),
    ],
)
def test_names_meet_across_scripts(native: str, latin: str) -> None:
    """A name in its own script and in Latin letters is one name."""
    assert set(levels_of(named(native), named(latin))) <= {"exact", "nickname", "close"}


@pytest.mark.parametrize(
    ("native", "latin"),
    [("محمد علي", "George Peterson"), ("김정은", "Park Chung Hee"), ("Иван Петров", "Olga Lang")],
)
def test_other_names_differ_across_scripts(native: str, latin: str) -> None:
    """Where a script says how a name sounds, another name is another name."""
    assert levels_of(named(native), named(latin)) == ("different", "different")


def test_japanese_characters_say_nothing_of_their_reading() -> None:
    """A reading that no table knows is missing, and no contradiction."""
    assert levels_of(named("高市早苗"), named("Sanae Takaichi")) == (None, None)


def test_one_character_makes_another_name() -> None:
    """Names of two or three characters are not misspelt by a whole character, but written in two ways."""
    assert levels_of(named("习近朋"), named("习近平"))[0] == "different"
    assert levels_of(named("張偉"), named("张伟")) == ("close", "close")


def test_kana_is_read_with_its_small_letters() -> None:
    """Small kana change the syllable before them."""
    assert compare_readings("しょうた", "shota") == "close"
    assert reading_of("きょうこ") == "kyouko"


def test_other_names_count() -> None:
    """A native name or alias among the other names is as good as the name itself."""
    left = person(given_name="Sanae", family_name="Takaichi", other_name="高市早苗")
    assert levels_of(left, named("高市早苗")) == ("exact", "exact")


def test_former_family_names_count() -> None:
    """A maiden name links the name by birth to the name by marriage."""
    left = person(given_name="Ann", family_name="Smith", maiden_name="Jones")
    assert levels_of(left, person(given_name="Ann", family_name="Jones")) == ("exact", "part")


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("P", "Paul", "close"),
        ("Viktorovich", "Ivanovich", "different"),
        ("Anna Maria", "Maria", "close"),
        ("ben Ahmed ben Ali", "ben Omar ben Ali", "different"),
        ("Ahmed ben Ali", "Ahmad bin Ali", "close"),
    ],
)
def test_middle_names(left: str, right: str, level: str) -> None:
    """All of the shorter list of middle names must be in the longer one."""
    found = compare_middle(person(middle_name=left), person(middle_name=right))
    assert found is not None
    assert found.level == level


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ("Mr. Dr. John Smith", ("john", "", "smith", "", "m")),
        ("Prof. Dr. med. Anna Schmidt", ("anna", "", "schmidt", "", "")),
        ("Jack Ma", ("jack", "", "ma", "", "")),
        ("Don Johnson", ("don", "", "johnson", "", "")),
        ("João Silva Filho", ("joao", "", "silva", "jr", "")),
        ("John Smith Jr., MD, PhD", ("john", "", "smith", "jr", "")),
        ("欧阳娜娜", ("娜娜", "", "欧阳", "", "")),
        ("高市さなえ", ("さなえ", "", "高市", "", "")),
    ],
)
def test_full_names_of_the_world(full: str, expected: tuple[str, ...]) -> None:
    """Titles, degrees and suffixes come off, but where they are names; native names divide as they should."""
    assert tuple(parse_person_name("", "", "", full)) == expected


def test_a_full_name_adds_only_what_the_fields_lack() -> None:
    """A name that is known from its field is not taken for the missing one."""
    assert parse_person_name("Jones", "", "", "Jones").family == ""
    assert parse_person_name("William", "", "", "Elstob William").family == "elstob"
    assert parse_person_name("", "", "Elstob", "William Elstob").given == "william"


def test_a_title_alone_is_no_name() -> None:
    """A field that holds nothing but a title is empty, and says the gender."""
    found = parse_person_name("Mrs", "", "Smith")
    assert (found.given, found.gender) == ("", "f")


@pytest.mark.parametrize(
    ("form", "full_name"), [("bob", "robert"), ("alex", "alexander"), ("bill", "william")]
)
def test_the_likeliest_full_name_comes_first(form: str, full_name: str) -> None:
    """Whoever can use a few full names only takes the first ones."""
    assert full_names_of(form)[0] == full_name


def test_full_names_have_one_spelling() -> None:
    """Keys made of full names meet for all spellings and short forms."""
    assert full_names_of("steven") == full_names_of("stephen") == full_names_of("stephon")
    assert not set(full_names_of("steve")) & set(name_spellings())
    assert set(full_names_of("steve")) >= set(full_names_of("steven"))


@given(WORDS, WORDS, WORDS, WORDS)
def test_comparisons_are_symmetric_and_keep_to_the_levels(a: str, b: str, c: str, d: str) -> None:
    """Whatever the names, both sides may change places, and the level is one that the model knows."""
    left, right = person(given_name=a, family_name=b), person(full_name=f"{c} {d}")
    assert levels_of(left, right) == levels_of(right, left)
    given_level, family_level = levels_of(left, right)
    assert given_level is None or given_level in LEVELS["given_name"]
    assert family_level is None or family_level in LEVELS["family_name"]


def test_evidence_carries_no_name() -> None:
    """What is said of two names holds none of their words, so that it may outlive them."""
    for left, right in (
        ("Bob Quux", "Robert Quux"),
        ("Bob Quux", "Bob Quux"),
        ("Kim Jong Un", "Jong Un Kim"),
        ("习近平", "Xi Jinping"),
    ):
        for found in (compare_given(named(left), named(right)), compare_family(named(left), named(right))):
            assert found is not None
            said = set(found.evidence.lower().split())
            assert not said & set(f"{left} {right}".lower().split())


def test_tables_are_normalised_and_without_contradiction() -> None:
    """No spelling stands for two names, and every entry is as `normalise` leaves it."""
    spellings = name_spellings()
    assert not set(spellings) & set(spellings.values())
    for name in (*spellings, *nicknames(), *given_name_genders()):
        assert name.isalpha()
        assert name == name.lower()


def test_long_names_cost_little() -> None:
    """A pair of names of hundreds of words is compared in milliseconds."""
    left, right = named(" ".join(f"ab{n}" for n in range(200))), named(" ".join(f"cd{n}" for n in range(200)))
    started = time.perf_counter()
    levels_of(left, right)
    compare_middle(left, right)
    assert time.perf_counter() - started < 0.5
