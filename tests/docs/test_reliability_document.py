"""docs/reliability.md names every promise once, and only what is there."""

import re

from tests.trust.__main__ import ALONE, BESIDE_OTHERS, ROOT

TEXT = (ROOT / "docs" / "reliability.md").read_text("utf-8")
PROMISE = re.compile(r"^\| ([A-F]-\d) \| (.+) \| (.+) \|$", re.MULTILINE)
COUNTS = {"A": 5, "B": 6, "C": 5, "D": 6, "E": 4, "F": 6}


def test_every_invariant_is_a_promise_once() -> None:
    expected = [f"{group}-{number}" for group, count in COUNTS.items() for number in range(1, count + 1)]
    assert [found[0] for found in PROMISE.findall(TEXT)] == expected


def test_each_promise_is_shown_by_something_that_is_there() -> None:
    for number, _, shown_by in PROMISE.findall(TEXT):
        named = re.findall(r"`([^`]+)`", shown_by)
        assert named, number
        for name in named:
            assert name in {*BESIDE_OTHERS, *ALONE} or (ROOT / name).is_file(), f"{number}: {name}"


def test_the_parts_are_those_that_run() -> None:
    table = TEXT.partition("| part | what it does |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {*BESIDE_OTHERS, *ALONE}
    for name in (*BESIDE_OTHERS, *ALONE):
        assert (ROOT / "tests" / "trust" / name / "part.py").is_file()


def test_each_bug_says_how_to_see_it_again() -> None:
    record = TEXT.partition("<!-- bugs -->")[2].partition("<!-- /bugs -->")[0]
    bugs = re.split(r"^### ", record, flags=re.MULTILINE)[1:]
    assert bugs
    for bug in bugs:
        title = bug.partition("\n")[0]
        assert re.search(r"\b[A-F]-\d\b", bug), title
        for path in re.findall(r"`(tests/[\w/.]+\.py)", bug):
            assert (ROOT / path).is_file(), f"{title}: {path}"
        assert "`make " in bug or re.search(r"`tests/[\w/.]+\.py", bug), title
