"""A profile file is read whole or not at all; every problem is told with its line and its path."""

from pathlib import Path

import pytest

from dedup_service.company_files import CompanyFileError
from dedup_service.domain.records import RecordKind
from dedup_service.source_profiles import (
    SourceProfile,
    UnknownProfile,
    load_profile_file,
    parse_profile,
    profile_named,
)
from tests.source_profiles.sample_files import SampleRow

OWN = """\
name: club
title: Members of a club
about: One row a member.
source: crm
times: {zone: Europe/Berlin, formats: ["%d.%m.%Y"]}
decimal_mark: ","
objects:
  members:
    export: The list of members.
    recognised_by: {columns: [Member No, Surname]}
    kinds:
      - {kind: CONTACT, when: {Paid: [true]}, id_prefix: member-}
      - {kind: LEAD}
    id: Member No
    fields: {family_name: Surname, custom.colour: Colour}
    facts: {last_touched: Last Visit}
    left_out: {Locker: is no part of a record}
"""


def problems(text: str) -> list[str]:
    """What is wrong with a text, as `line: path: message`."""
    with pytest.raises(CompanyFileError) as caught:
        parse_profile(text, "own.yaml")
    return [f"{each.line}: {each.path}: {each.message}" for each in caught.value.problems]


def changed(old: str, new: str) -> str:
    """The profile with a text replaced, which is in it once."""
    assert OWN.count(old) == 1
    return OWN.replace(old, new)


def test_a_profile_of_ones_own_is_read(tmp_path: Path) -> None:
    """From a file, by its path, as `--profile` takes it."""
    file = tmp_path / "club.yaml"
    file.write_text(OWN, "utf-8")
    profile = load_profile_file(file)
    assert isinstance(profile, SourceProfile)
    assert profile == profile_named(str(file))
    (members,) = profile.objects.values()
    assert [rule.kind for rule in members.kinds] == [RecordKind.CONTACT, RecordKind.LEAD]
    assert profile.decimal_mark == ","
    assert SampleRow(2, []).line == 2


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: club", "name: The Club", "1: name: must be 1 to 63 lower-case letters"),
        ("source: crm\n", "", "1: source: is missing"),
        ("Europe/Berlin", "Europe/Bern", "5: times.zone: is no time zone that is known"),
        ("%d.%m.%Y", "%d.%m.", "5: times.formats[0]: is no format"),
        ('","', '";"', '6: decimal_mark: unknown decimal mark ";"'),
        (
            "{columns: [Member No, Surname]}",
            "{columns: []}",
            "10: objects.members.recognised_by.columns: must name at least one column",
        ),
        ("kind: CONTACT,", "kind: MEMBER,", '12: objects.members.kinds[0].kind: unknown kind "MEMBER"'),
        ("{Paid: [true]}", "{Paid: true}", "12: objects.members.kinds[0].when.Paid: must be a list"),
        ("{Paid: [true]}", "{Paid: []}", "12: objects.members.kinds[0].when.Paid: must name at least one"),
        (
            "{kind: LEAD}",
            "{kind: LEAD, person_account: true}",
            "13: objects.members.kinds[1].person_account: only an ACCOUNT",
        ),
        ("    id: Member No\n", "", "8: objects.members: needs id, id_from or both"),
        (
            "family_name: Surname",
            "familyname: Surname",
            '15: objects.members.fields.familyname: unknown field "familyname"; did you mean family_name?',
        ),
        (
            "Surname, custom",
            "Sur + , custom",
            "15: objects.members.fields.family_name: must be names of columns",
        ),
        (
            "family_name: Surname",
            "family_name: {column: Surname, valeus: {a: b}}",
            '15: objects.members.fields.family_name.valeus: unknown key "valeus"; did you mean values?',
        ),
        (
            "family_name: Surname",
            "family_name: {values: {a: b}}",
            "15: objects.members.fields.family_name: must have one of column, text and open_children",
        ),
        ("last_touched:", "touched:", '16: objects.members.facts.touched: unknown fact "touched"'),
        (
            "last_touched: Last Visit",
            "open_pipeline: Hopes",
            "16: objects.members.facts.open_pipeline: needs currency",
        ),
        (
            "last_touched: Last Visit",
            "open_cases: {open_children: CASE}",
            "16: objects.members.facts.open_cases: counts children that no rule of children reads",
        ),
        (
            "last_touched: Last Visit",
            "legal_hold: {open_children: CASE}",
            "16: objects.members.facts.legal_hold: open_children gives a count, but legal_hold",
        ),
        ("is no part of a record", "''", "17: objects.members.left_out.Locker: must be a text"),
    ],
)
def test_a_slip_is_told_with_its_line(old: str, new: str, problem: str) -> None:
    """Where it is and what to write, one problem for one slip."""
    found = problems(changed(old, new))
    assert found[0].startswith(problem)


def test_all_problems_are_told_at_once() -> None:
    """Nobody has to try again for each."""
    text = changed("kind: CONTACT,", "kind: MEMBER,").replace("last_touched:", "touched:")
    assert len(problems(text)) == 2


def test_either_kind_or_kinds() -> None:
    """Both would contradict each other, and none says nothing."""
    both = changed("    id: Member No\n", "    kind: LEAD\n    id: Member No\n")
    assert problems(both) == ["8: objects.members: needs either kind or kinds"]


def test_a_profile_that_is_none_is_told_with_those_that_are() -> None:
    """And the one that was perhaps meant."""
    with pytest.raises(UnknownProfile, match="did you mean salesforce"):
        profile_named("salesfroce")
