"""docs/security-checklist.md: every requirement once, with a verdict, and shown by what is there.

`python -m tests.docs.test_security_checklist` prints the table of counts.
"""

import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security-checklist.md").read_text("utf-8")
VERDICTS = ("holds", "operator", "not applicable", "does not hold")
# The requirements of levels 1 and 2 of ASVS 5.0.0: after each section the numbers in it, or up to which.
REQUIREMENTS = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2
2.1:1-3 2.2:1-3 2.3:1-4 2.4:1
3.2:1-2 3.3:1-4 3.4:1-6 3.5:1-5 3.7:1-2
4.1:1-3 4.2:1 4.3:1-2 4.4:1-4
5.1:1 5.2:1-3 5.3:1-2 5.4:1-3
6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4
7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2
8.1:1-2 8.2:1-3 8.3:1 8.4:1
9.1:1-3 9.2:1-4
10.1:1-2 10.2:1-2 10.3:1-4 10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3
11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1
12.1:1-3 12.2:1-2 12.3:1-4
13.1:1 13.2:1-5 13.3:1-2 13.4:1-5
14.1:1-2 14.2:1-4 14.3:1-3
15.1:1-3 15.2:1-3 15.3:1-7
16.1:1 16.2:1-5 16.3:1-4 16.4:1-3 16.5:1-3
17.1:1 17.2:1-4 17.3:1-2
"""
# What the standard wants written down: a document shows it.
OF_DOCUMENTS = re.compile(r"(2|6|7|8|11|13|14|15|16)\.1\.\d+")
ROW = re.compile(r"^\| ([\d.]+|[A-Z][\w ]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PATH = re.compile(
    r"`((?:\.dockerignore|SECURITY\.md|(?:dedup_service|tests|docs|deploy|tools)/[\w/.-]+)[^`]*)`"
)


def _rows() -> list[tuple[str, str, str]]:
    """The number or guide, the verdict and what shows it, of every row that has a verdict."""
    return [
        (number, verdict, shown_by)
        for number, _, verdict, shown_by in ROW.findall(TEXT)
        if number not in ("chapter", "number", "guide") and not number.startswith("-")
    ]


def _requirements() -> list[str]:
    found = []
    for each in REQUIREMENTS.split():
        section, _, numbers = each.partition(":")
        first, _, last = numbers.partition("-")
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def _of_the_standard() -> list[tuple[str, str, str]]:
    return [row for row in _rows() if row[0][0].isdigit() and "." in row[0]]


def counts_table() -> str:
    """How many requirements of each chapter have each verdict."""
    titles = dict(re.findall(r"^## (V\d+) (.+)$", TEXT, re.MULTILINE))
    counted = Counter((f"V{number.partition('.')[0]}", verdict) for number, verdict, _ in _of_the_standard())
    lines = [f"| chapter | {' | '.join(VERDICTS)} | in all |", f"|---|{'---|' * (len(VERDICTS) + 1)}"]
    total = Counter[str]()
    for chapter, title in titles.items():
        here = [counted[chapter, verdict] for verdict in VERDICTS]
        total.update(dict(zip(VERDICTS, here, strict=True)))
        lines.append(f"| {chapter} {title} | {' | '.join(map(str, here))} | {sum(here)} |")
    lines.append(f"| all | {' | '.join(str(total[each]) for each in VERDICTS)} | {total.total()} |")
    return "\n".join(lines)


@cache
def _tests_of(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE))


def test_every_requirement_stands_there_once() -> None:
    """Those of levels 1 and 2, in the order of the standard, and no others."""
    assert len(_requirements()) == 253
    assert [number for number, _, _ in _of_the_standard()] == _requirements()


def test_every_verdict_is_one_of_four() -> None:
    """Nothing is said that the table of verdicts does not explain."""
    assert {verdict for _, verdict, _ in _rows()} <= set(VERDICTS)
    assert all(f"| {verdict} |" in TEXT.partition("<!-- counts -->")[0] for verdict in VERDICTS)


def test_the_counts_are_those_of_the_rows() -> None:
    """Nobody counts by hand."""
    shown = TEXT.partition("<!-- counts -->\n")[2].partition("<!-- /counts -->")[0]
    assert shown.strip() == counts_table()


@pytest.mark.parametrize(("number", "verdict", "shown_by"), _rows(), ids=[row[0] for row in _rows()])
def test_what_shows_it_is_there(number: str, verdict: str, shown_by: str) -> None:
    """Each path is a file, each test is in it; what holds has a test and what it is about, or a document."""
    named = PATH.findall(shown_by)
    for each in named:
        path, _, test = each.partition("::")
        assert (ROOT / path).is_file(), each
        assert not test or test in _tests_of(ROOT / path), each
    if verdict != "holds":
        assert verdict != "does not hold" or len(shown_by) > 40, "say how far"
        return
    if OF_DOCUMENTS.fullmatch(number):
        assert any(each.startswith(("docs/", "SECURITY.md")) for each in named)
        return
    assert any(each.startswith("tests/") for each in named), "no test shows it"
    assert any(not each.startswith("tests/") for each in named), "no file does it"


if __name__ == "__main__":
    sys.stdout.write(f"{counts_table()}\n")
