"""Each sample export becomes what the file of its name in `becomes` says, row by row."""

import pytest

from dedup_service.source_profiles import shipped_profiles
from tests.source_profiles.sample_files import (
    BECOMES,
    NAMES,
    becomes,
    record_file,
    records_of,
    rows_of,
    sample_text,
)


@pytest.mark.parametrize("name", NAMES)
def test_each_row_becomes_what_is_written(name: str) -> None:
    """Kinds, values, owners, links, facts and children, and the rows that become nothing."""
    assert becomes(name) == (BECOMES / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_header_alone_tells_which_file_it_is(name: str) -> None:
    """Among all objects of all profiles one fits, without the profile being named."""
    file = record_file(sample_text(name))
    assert f"{file.profile.name}-{file.rules.name}" == name


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_told_of_once(name: str) -> None:
    """None is lost and none comes twice, in records of several rows too."""
    text = sample_text(name)
    told = [row.line for record in records_of(text) for row in record.rows]
    assert sorted(told) == [row.line for row in rows_of(text)[1]]


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_read_or_left_out_with_a_reason(name: str) -> None:
    """The profiles speak of all columns of their samples."""
    left_out = record_file(sample_text(name)).columns().left_out
    assert [column for column, why in left_out if why == "the profile does not name it"] == []


def test_every_object_has_a_sample() -> None:
    """No object is shipped that nothing tries."""
    objects = [f"{profile.name}-{name}" for profile in shipped_profiles() for name in profile.objects]
    assert sorted(objects) == NAMES


def test_no_shipped_rule_reads_a_column_that_is_left_out() -> None:
    """A column is one or the other, within an object."""
    both = [
        (profile.name, rules.name, str(left_out))
        for profile in shipped_profiles()
        for rules in profile.objects.values()
        for left_out in rules.left_out
        if set(left_out.names) & {name for read in rules.columns_read() for name in read.names}
    ]
    assert both == []
