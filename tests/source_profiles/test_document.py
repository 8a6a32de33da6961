"""docs/sources.md says what the profiles say, and its example is a profile."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from dedup_service.source_profiles import parse_profile
from dedup_service.source_profiles.profile_file import OBJECT_KEYS
from dedup_service.source_profiles.rules import Rule

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text("utf-8")
KEYS = PAGE.partition("| key of an object |")[2].partition("\n\n")[0]


def test_the_tables_are_the_profiles() -> None:
    """The page holds the very text that the profiles print."""
    shown = PAGE.partition("<!-- profiles -->\n")[2].partition("<!-- /profiles -->")[0]
    command = [sys.executable, "-m", "dedup_service.source_profiles"]
    assert shown == subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_example_is_a_profile() -> None:
    """Whoever copies it begins with one that is read."""
    example = PAGE.partition("<!-- own profile -->\n```yaml\n")[2].partition("```")[0]
    (members,) = parse_profile(example, "the example").objects.values()
    assert members.name == "members"


def test_every_key_of_an_object_is_explained() -> None:
    """Each key has a row, and no row has a key that is none."""
    first_cells = [line.split("|")[1] for line in KEYS.splitlines()[2:]]
    assert sorted(re.findall(r"`(\w+)`", "".join(first_cells))) == sorted(OBJECT_KEYS)


def test_every_option_of_a_rule_is_named() -> None:
    """The paragraph on rules names each key that a rule may have."""
    named = set(re.findall(r"`(\w+)", PAGE))
    known = {"column" if each.name == "columns" else each.name for each in fields(Rule)}
    assert known - named == set()
