"""How common values are: in the tables of a model, and as training counts them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scoring import Comparable, Entity, prepare, shipped_model
from scoring.model import SLIP, Level, build_entity_model
from scoring.model_parameters import EntityParameters, LevelParameters
from scoring.resolution.frequencies import PRIOR_RECORDS as FREQUENCY_RECORDS
from scoring.resolution.frequencies import floors, trained_frequencies
from tests.scoring.scored_records import score_values

PRIOR_RECORDS = 100
TABLE = {"john": 0.03, "anna": 0.01, "jon": 0.0004}
WORDS = {"trading": 0.02, "bakery": 0.004, "": 0.001}


def level(table: dict[str, float], floor: float = 0.0001) -> Level:
    """A level of a comparison of given names with this table."""
    parameters = shipped_model().people.parameters
    name = parameters.comparisons[0].levels[0].term_frequency
    given_name = parameters.comparisons[0]
    levels = tuple(replace(one, u=floor if at == 0 else 1.0) for at, one in enumerate(given_name.levels))
    changed = replace(given_name, levels=(levels[0], *_falling(levels[1:])), alternatives={})
    model = build_entity_model(
        replace(
            parameters,
            comparisons=(changed, *parameters.comparisons[1:]),
            term_frequencies=parameters.term_frequencies | {name: table},
        )
    )
    return model.comparisons[0].levels["exact"]


def _falling(levels: tuple[LevelParameters, ...]) -> tuple[LevelParameters, ...]:
    """Levels that weigh nothing, so that nothing bounds the one above."""
    return tuple(replace(one, m=0.5**at, u=1.0, term_frequency="") for at, one in enumerate(levels, start=12))


def test_a_value_is_as_frequent_as_the_table_says() -> None:
    """Known values have their own frequency, others the floor."""
    exact = level(TABLE)
    assert exact.frequency_of("john") == 0.03
    assert exact.frequency_of("zebediah") == 0.0001
    assert exact.frequency_of("") == 0.0001


def test_a_name_of_words_is_as_frequent_as_their_product() -> None:
    """Words are independent, unseen ones have a share of their own, and the floor holds."""
    exact = level(WORDS, floor=1e-9)
    assert exact.frequency_of("bakery trading") == pytest.approx(0.004 * 0.02)
    assert exact.frequency_of("zylo bakery") == pytest.approx(0.001 * 0.004)
    assert level(WORDS, floor=1e-5).frequency_of("zylo zenith") == 1e-5


def test_of_two_forms_the_commoner_counts() -> None:
    """What agrees in two ways of writing is as frequent as the commoner of them."""
    assert level(TABLE).frequency_of("anna|john") == 0.03
    assert level(TABLE).frequency_of("john|anna") == 0.03
    assert level(TABLE).frequency_of("zebediah|zeb") == 0.0001


def test_a_slip_is_rare() -> None:
    """Of two values that a slip tells apart, the rarer is no slip where it is common itself."""
    exact = level(TABLE)
    assert exact.frequency_of("jhon~john") == 0.03
    assert exact.frequency_of("jon~john") == pytest.approx(0.0004 / SLIP)
    assert exact.frequency_of("anna~john") == 1.0


@given(st.sampled_from(sorted(TABLE)), st.sampled_from([*sorted(TABLE), "zebediah"]))
def test_two_forms_come_in_any_order(one: str, other: str) -> None:
    """The order of the two changes nothing, and no frequency leaves (0, 1]."""
    for joint in "|~":
        frequency = level(TABLE).frequency_of(f"{one}{joint}{other}")
        assert frequency == level(TABLE).frequency_of(f"{other}{joint}{one}")
        assert max(TABLE[one], TABLE.get(other, 0.0)) <= frequency <= 1


def people(*names: str) -> list[Comparable]:
    return [prepare({"given_name": name, "family_name": "X"}, Entity.PERSON) for name in names]


def prior() -> EntityParameters:
    """The shipped parameters with a table of two given names."""
    shipped = shipped_model().people.parameters
    return replace(
        shipped, term_frequencies=shipped.term_frequencies | {"given_name": {"john": 0.03, "anna": 0.01}}
    )


def test_counts_leave_out_the_two_that_agree() -> None:
    """frequency = (max(count - 2, 0) + prior_records * prior) / (records + prior_records)."""
    records = people(*["John"] * 12, *["Zebediah"] * 20, "Anna", "Uriah", "Uriah")
    tables, factors = trained_frequencies(records, prior(), PRIOR_RECORDS)
    floor = floors(prior())["given_name"]
    whole = len(records) + PRIOR_RECORDS
    table = tables["given_name"]
    assert table["john"] == pytest.approx((10 + PRIOR_RECORDS * 0.03) / whole, rel=1e-3)
    assert table["zebediah"] == pytest.approx((18 + PRIOR_RECORDS * floor) / whole, rel=1e-3)
    assert table["anna"] == pytest.approx(PRIOR_RECORDS * 0.01 / whole, rel=1e-3)
    assert "uriah" not in table, "two records show nothing of anybody else"
    assert factors["given_name"] == pytest.approx(PRIOR_RECORDS / whole)


def test_a_value_that_all_records_share_is_common_however_few_they_are() -> None:
    """What was known before does not make a value rare that a form puts into every record."""
    records = people(*["Zebediah"] * 900, *["Anna"] * 100)
    table = trained_frequencies(records, prior())[0]["given_name"]
    assert table["zebediah"] == pytest.approx((898 - 3 * math.sqrt(900)) / 1000, rel=1e-3)
    mixed = (98 + FREQUENCY_RECORDS * 0.01) / (1000 + FREQUENCY_RECORDS)
    assert table["anna"] == pytest.approx(mixed, rel=1e-3), "a tenth of the records is no crowd"


def test_records_without_a_value_do_not_count() -> None:
    """Frequencies are shares of the records that have a value at all."""
    records = people(*["John"] * 10) + [prepare({"family_name": "X"}, Entity.PERSON)] * 50
    assert trained_frequencies(records, prior())[0] == trained_frequencies(records[:10], prior())[0] | {
        "family_name": trained_frequencies(records, prior())[0]["family_name"]
    }


def test_no_records_leave_the_tables() -> None:
    """Nothing counted leaves every known frequency and every floor."""
    tables, factors = trained_frequencies([], prior())
    assert set(factors.values()) == {1.0}
    assert tables["given_name"] == pytest.approx({"john": 0.03, "anna": 0.01})


def test_common_values_weigh_less() -> None:
    """Agreeing on a rare name says more than agreeing on a common one, and so with cities."""
    for field, common, rare in (
        ("family_name", ("Smith", "Smith"), ("Quillfeather", "Quillfeather")),
        ("city", ("London", "London"), ("Little Snoring", "Little Snoring")),
        ("given_name", ("John", "John"), ("Zebediah", "Zebediah")),
    ):
        weights = [
            score_values({field: one}, {field: other}, Entity.PERSON).contributions[0].weight_bits
            for one, other in (common, rare)
        ]
        assert weights[0] < weights[1]
