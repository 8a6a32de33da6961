"""Golden values are a function of members, choices and policy version: the same bytes always (B-6)."""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import msgspec

from dedup_service.domain.golden import Choice, GoldenRecord, GoldenState, image_of, survivorship
from dedup_service.domain.records import Child, ChildKind, RecordState
from tests.domain.cases import golden
from tests.merge_desk import JANUARY, POLICY, contact, key

SCRIPT = """
import sys, msgspec
sys.path[:0] = {path!r}
from tests.domain.test_golden_values import sample
sys.stdout.write(sample())
"""


def _crowd() -> GoldenRecord:
    drafts = [
        replace(
            contact(f"{source}/{number}", family_name=f"Name {number % 3}", email=f"{number}@x.example"),
            source_update_time=JANUARY + timedelta(days=number % 4),
            children=(Child(ChildKind.CASE, f"c{number}"),),
        )
        for number, source in enumerate(("crm", "erp", "desk", "shop", "marketing", "partner") * 3)
    ]
    return golden("g", *drafts)


def sample() -> str:
    """The image of a golden record of many members, as JSON in the order in which it was computed."""
    crowd = _crowd()
    chosen = replace(crowd.row, choices=(Choice("email", key("desk/2"), "m"),))
    return msgspec.json.encode(image_of(GoldenRecord(chosen, crowd.members), POLICY)).decode()


def test_values_are_the_same_bytes_under_any_hash_seed() -> None:
    """Computed in processes of different hash seeds, the image has the same bytes."""
    script = SCRIPT.format(path=[p for p in sys.path if p])
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert said == {sample()}


def test_values_do_not_depend_on_the_order_of_members() -> None:
    """Members in any order give the same bytes."""
    crowd = _crowd()
    expected = msgspec.json.encode(survivorship(crowd.members, (), POLICY))
    members = list(crowd.members)
    for seed in range(5):
        random.Random(seed).shuffle(members)
        assert msgspec.json.encode(survivorship(members, (), POLICY)) == expected


def test_values_that_no_rule_tells_apart_do_not_depend_on_it_either() -> None:
    """Where trust, time and length are the same, the member of the smaller name gives the value."""
    one, other = (
        replace(contact(name, city=city), source_update_time=JANUARY)
        for name, city in (("a", "Kiel"), ("b", "Bonn"))
    )
    for members in (golden("g", one, other).members, golden("g", other, one).members):
        assert survivorship(members, (), POLICY)["city"].value == "Kiel"


def test_the_later_choice_wins_and_one_of_a_stranger_rests() -> None:
    """A choice names an active member's value; the last such choice of a field survives."""
    pair = golden("g", contact("a", email="a@x.example"), contact("b", email="b@x.example"))
    one, other, lost = (Choice("email", key(name), "m") for name in ("a", "b", "stranger"))
    assert survivorship(pair.members, (one, other), POLICY)["email"].value == "b@x.example"
    assert survivorship(pair.members, (other, one, lost), POLICY)["email"].value == "a@x.example"
    gone = (pair.members[0], replace(pair.members[1], state=RecordState.DELETED))
    assert survivorship(gone, (one, other), POLICY)["email"].value == "a@x.example"


def test_an_image_of_what_is_gone_shows_no_values() -> None:
    """A golden record merged away, deleted or erased has no values, members or children in a change."""
    crowd = _crowd()
    for state in (GoldenState.MERGED, GoldenState.DELETED, GoldenState.ERASED):
        image = image_of(GoldenRecord(replace(crowd.row, state=state), crowd.members), POLICY)
        assert (image.values, image.members, image.children) == ({}, (), ())
