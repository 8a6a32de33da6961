"""What a user says of columns comes before what their names say, or is refused with what is wrong."""

import pytest

from scoring import Entity
from scoring.column_fields import FIELDS
from scoring.columns import ROLES, ColumnError, recognise, split_mapping
from tests.scoring.test_columns import mappings


def test_the_users_mapping_comes_first() -> None:
    """What was recognised for the field steps back, with a reason; an empty mapping leaves a field out."""
    found = recognise(
        ["id", "key", "name", "street", "no", "str", "phone"],
        Entity.PERSON,
        ["street=str+no|street", "record_id=key", "phone="],
    )
    assert mappings(found) == {"record_id=key", "full_name=name", "street=str+no|street"}
    assert {one.column: one.why for one in found.ignored} == {
        "id": "key is the record id",
        "phone": "not in the mapping given for phone",
    }


def test_columns_with_the_marks_in_their_names_can_be_mapped() -> None:
    """A column called 'a+b' is itself."""
    found = recognise(["a+b", "x"], Entity.PERSON, ["full_name=a+b"])
    assert found.fields[0].columns == ("a+b",)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("surnam=a", "'surnam' is no field; there are"),
        ("familyname=a", "do you mean 'family_name'?"),
        ("family_name=surnam", "has no column 'surnam'; do you mean 'surname'?"),
        ("family_name", "is no mapping; write field=column"),
        ("surnam=family_name", "has no column 'surnam'; do you mean 'surname'?"),
        ("surname=familyname", "do you mean 'family_name'?"),
        ("record_id=a+surname", "record_id is one column"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong_and_what_to_do(override: str, said: str) -> None:
    """The mapping, the problem, and the nearest thing that would work."""
    with pytest.raises(ColumnError) as caught:
        recognise(["a", "surname"], Entity.PERSON, [override])
    assert said in str(caught.value)
    assert override in caught.value.where


def test_a_mapping_may_be_written_either_way_round() -> None:
    """The column may stand first; where both readings make sense, the documented one holds."""
    found = recognise(["a", "b", "title"], Entity.PERSON, ["a+b=street", "title=job_title"])
    assert mappings(found) == {"street=a+b", "job_title=title"}
    swapped = ["title", "job_title"]
    assert recognise(swapped, Entity.PERSON, ["title=job_title"]).fields[0].mapping == "title=job_title"
    fields = (*FIELDS, *ROLES)
    assert split_mapping("title=job_title", swapped, fields) == ("title", "job_title")
    assert split_mapping("title=job_title", swapped, fields, column_first=True) == ("job_title", "title")


def test_a_field_is_mapped_once() -> None:
    """Two mappings of one field contradict one another."""
    with pytest.raises(ColumnError, match="mapped twice; join columns"):
        recognise(["a", "b"], Entity.PERSON, ["city=a", "city=b"])
