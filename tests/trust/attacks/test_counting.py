"""How the attacks are counted; the attacks themselves are tests of their own."""

from pathlib import Path

from tests.trust.attacks.part import LEAST_ATTACKS, Outcome, line_of, outcomes

REPORT = """<testsuites><testsuite>
<testcase classname="tests.attacks.test_a" name="test_one[x]"/>
<testcase classname="tests.attacks.test_a" name="test_one[y]"><failure/></testcase>
<testcase classname="tests.attacks.test_a" name="test_two"><skipped/></testcase>
<testcase classname="tests.attacks.test_b" name="test_one"/>
</testsuite></testsuites>"""
HELD = [Outcome(f"attack {n}", 1, ()) for n in range(LEAST_ATTACKS)]


def test_an_attack_is_held_off_in_all_of_its_cases_or_not_at_all(tmp_path: Path) -> None:
    """Cases of one attack are one attack; one that failed or was left out counts against it."""
    (tmp_path / "report.xml").write_text(REPORT)
    assert outcomes(tmp_path / "report.xml") == [
        Outcome("tests.attacks.test_a.test_one", 2, ("test_one[y]",)),
        Outcome("tests.attacks.test_a.test_two", 1, ("test_two",)),
        Outcome("tests.attacks.test_b.test_one", 1, ()),
    ]


def test_what_falls_short() -> None:
    """A single failure, too few attacks, or a run that pytest itself gave up."""
    assert line_of(HELD, 0, "").holds
    assert not line_of(HELD[1:], 0, "").holds
    assert not line_of([*HELD, Outcome("one more", 2, ("a case",))], 1, "").holds
    assert not line_of(HELD, 2, "interrupted").holds
    assert not line_of([], 0, "").holds
