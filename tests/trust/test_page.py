from pathlib import Path

import pytest

from tests.trust.__main__ import parts_lines
from tests.trust.page import DOCUMENT, RESULTS_FILE, PartRun, figures_text, print_page, results_table
from tests.trust.report import Line, Plan, write_lines

GOOD = Line("12 cases", ("B-1", "B-3"), {"cases": 12, "seconds": 1.25})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "part.log"
    path.write_text("first\nthe trace of what went wrong\n")
    return path


def test_a_part_that_came_to_its_end_says_its_lines(tmp_path: Path, log: Path) -> None:
    write_lines(tmp_path / "lines.json", [GOOD])
    assert parts_lines(tmp_path / "lines.json", 0, log) == [GOOD]


@pytest.mark.parametrize(("code", "said"), [(None, "hung"), (1, "status 1"), (-9, "status -9")])
def test_a_part_that_ended_otherwise_falls_short_whatever_it_wrote(
    code: int | None, said: str, tmp_path: Path, log: Path
) -> None:
    write_lines(tmp_path / "lines.json", [GOOD])
    (line,) = parts_lines(tmp_path / "lines.json", code, log)
    assert said in line.short
    assert line.details[-1] == "the trace of what went wrong"


def test_a_part_that_says_nothing_falls_short(tmp_path: Path, log: Path) -> None:
    write_lines(tmp_path / "lines.json", [])
    (line,) = parts_lines(tmp_path / "lines.json", 0, log)
    assert not line.holds


def test_a_part_that_wrote_nothing_falls_short(tmp_path: Path, log: Path) -> None:
    (line,) = parts_lines(tmp_path / "lines.json", 0, log)
    assert not line.holds


def test_the_page_shows_what_broke(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Line("3 cases", ("A-1",), {"cases": 3}, "1 case left half a merge", ("case 2 of seed 7",))
    print_page([PartRun("model", 3.0, [GOOD, broken])], seed=7, share=1, seconds=60)
    page = capsys.readouterr().out
    assert "FALLS SHORT: 1 case left half a merge" in page
    assert "case 2 of seed 7" in page
    assert page.count("FALLS SHORT") == 1


def test_figures_are_shown_as_counted() -> None:
    assert figures_text({"steps": 100_000, "ms a step": 12.34}) == "steps 100,000, ms a step 12.3"


def test_a_share_of_a_count_is_never_nothing() -> None:
    assert Plan(1, 0.001, Path()).count(100) == 1


def test_the_table_of_the_document_is_that_of_the_results() -> None:
    assert results_table(RESULTS_FILE) in DOCUMENT.read_text("utf-8")
