"""What numbers say of pairs at a first look is what the comparators say of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein, Indel

from scoring import Comparable, Entity
from scoring.comparators import Comparator, comparators
from scoring.resolution.fields import Fields, combined
from scoring.resolution.letter_bits import letter_bits, letters_apart
from scoring.resolution.level_bits import OPEN
from scoring.resolution.screens import look_at
from scoring.resolution.text_ends import WIDTH, places_apart, text_ends
from tests.scoring.near_records import near_records, slipped
from tests.scoring.scored_records import generated

CASES = [(entity, comparator) for entity in Entity for comparator in comparators(entity)]
TEXTS = st.text("abcdexyz019 .é李", max_size=14)
# Of so many hard pairs, a look decides so many for each of these comparisons: else it would be of no use.
TELLING = {
    "given_name",
    "family_name",
    "email",
    "phone",
    "street",
    "place",
    "company_name",
    "branch",
    "website",
}


def check(comparator: Comparator, records: list[Comparable]) -> tuple[int, int]:
    """Compare all pairs either way round; how many there are that have both values, and are decided."""
    fields = Fields(records, {name for one in comparators(records[0].entity) for name in one.reads})
    pairs = np.array(list(itertools.permutations(range(len(records)), 2)), np.int32)
    look = look_at(comparator, fields, pairs[:, 0], pairs[:, 1])
    known = decided = 0
    for at, (one, other) in enumerate(pairs.tolist()):
        finding = comparator.compare(records[one], records[other])
        known += finding is not None
        if look is None or look.levels[at] == OPEN:
            assert look is not None or finding is None
            continue
        level = look.levels[at]
        decided += level > 0
        assert (finding.level if finding else "") == ("", *comparator.levels)[level]
        if look.terms is not None and look.terms[at]:
            assert finding is not None
            assert finding.value == look.value_of(int(look.terms[at]))
        elif finding is not None:
            assert not finding.value
    return known, decided


@pytest.mark.parametrize(("entity", "comparator"), CASES, ids=[f"{one}-{two.name}" for one, two in CASES])
@settings(max_examples=150, deadline=None)  # a loaded machine takes its time
@given(data=st.data())
def test_a_look_says_what_the_comparator_does(
    entity: Entity, comparator: Comparator, data: st.DataObject
) -> None:
    """Of records of any values with much in common, a level that is not open is the comparator's, and so is
    the value agreed on.
    """
    check(comparator, data.draw(near_records(entity, comparator.reads)))


@pytest.mark.parametrize(("entity", "comparator"), CASES, ids=[f"{one}-{two.name}" for one, two in CASES])
def test_a_look_decides_most_hard_pairs(entity: Entity, comparator: Comparator) -> None:
    """So it is on the records of a hard CRM, where a look at what most records have decides most pairs."""
    labelled = generated(entity, 1200, 41)
    order = sorted(range(1200), key=labelled.clusters.__getitem__)[:90]
    known, decided = check(comparator, [labelled.comparables[at] for at in order])
    if comparator.name in TELLING:
        assert decided > 0.5 * known > 100


@given(TEXTS, st.data())
def test_letters_apart_bound_the_edits(text: str, data: st.DataObject) -> None:
    """Two texts have at least half as many edits between them as places where their letters differ, and as
    many letters to add and take away.
    """
    other = data.draw(TEXTS | (slipped(text) if text.strip() else TEXTS))
    first, second = letter_bits([text, other, ""])[:2]
    apart = int(letters_apart(first[None], second[None])[0])
    assert apart <= 2 * DamerauLevenshtein.distance(text, other)
    assert apart <= Indel.distance(text, other)
    assert text != other or apart == 0


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_ends_are_those_of_the_texts(texts: list[str]) -> None:
    """Equal ends are equal as numbers, and different Latin ones are not."""
    ends = text_ends(texts)
    places = np.arange(len(texts), dtype=np.int32)
    for letters in (1, 4, WIDTH):
        begins, stops = ends.begin(places, letters), ends.end(places, letters)
        for one, other in itertools.combinations(range(len(texts)), 2):
            if (texts[one] + texts[other]).isascii():
                assert (begins[one] == begins[other]) == (texts[one][:letters] == texts[other][:letters])
                assert (stops[one] == stops[other]) == (texts[one][-letters:] == texts[other][-letters:])
    assert ends.size.tolist() == list(map(len, texts))


@given(st.text("ab", min_size=WIDTH, max_size=WIDTH), st.text("ab", min_size=WIDTH, max_size=WIDTH))
def test_places_apart_are_counted(first: str, second: str) -> None:
    """Of two words as long as an end, each place that differs is counted."""
    ends = text_ends([first, second]).first
    expected = sum(one != other for one, other in zip(first, second, strict=True))
    assert places_apart(ends[:1], ends[1:]).tolist() == [expected]


WIDE = st.sampled_from((0, 1, 2**30, 2**31 - 1))


@given(st.lists(WIDE, min_size=4, max_size=4), st.integers(0, 3), WIDE)
def test_keys_are_equal_where_all_columns_are(row: list[int], changed: int, value: int) -> None:
    """Rows of wide numbers, more bits together than a key has, have one key exactly where all are equal."""
    other = [*row[:changed], value, *row[changed + 1 :]]
    rows = [row, other, [2**31 - 1] * 4, row]
    keys = combined([np.array(column, np.int32) for column in zip(*rows, strict=True)]).tolist()
    for one, two in itertools.combinations(range(4), 2):
        assert (keys[one] == keys[two]) == (rows[one] == rows[two])


def test_names_spaced_differently_are_no_strangers() -> None:
    """Of names with the same letters, words that begin in other ways say nothing of strangers."""
    records = [Comparable(Entity.COMPANY, company=core) for core in ("ukz uk group", "uk zuk group")]
    comparator = next(one for one in comparators(Entity.COMPANY) if one.name == "company_name")
    finding = comparator.compare(*records)
    assert finding is not None
    assert finding.level == "same_words"
    assert check(comparator, records) == (2, 0)
