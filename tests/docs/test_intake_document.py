"""docs/intake.md: its example prints what the page says, and its tables have every word of the API."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from dedup_service.domain.intake.answers import ConversionAction, IntakeAction, IntakeStep
from dedup_service.domain.territories import Rung
from dedup_service.workflows.intake.assigning import NAMES, OWNED, REPRESENTATIVE
from tests.served_desk import served_desk

PAGE = (Path(__file__).parents[2] / "docs" / "intake.md").read_text("utf-8")


def first_cells(header: str) -> list[str]:
    """The words in backticks of the first column, below every table whose first column is called so."""
    found: list[str] = []
    inside = False
    for line in PAGE.splitlines():
        cell = line.removeprefix("| ").partition(" |")[0] if line.startswith("| ") else ""
        inside = line.startswith("|") and (inside or cell == header)
        if inside and cell.startswith("`"):
            found.append(cell.strip("`"))
    return found


def test_the_example_prints_what_the_page_says(database_url: str, redis_url: str) -> None:
    """The Python of the page, at the address of a real desk, ends with the output below it."""
    ((code, printed),) = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    said = io.StringIO()
    with served_desk(database_url, redis_url) as desk, redirect_stdout(said):
        assert "127.0.0.1:50051" in code
        exec(code.replace("127.0.0.1:50051", desk.address), {})
    assert said.getvalue() == printed


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("action", [*IntakeAction, *ConversionAction]),
        ("step", [*IntakeStep]),
        ("rung", [OWNED, REPRESENTATIVE, NAMES, *Rung]),
    ],
)
def test_tables_have_every_word_in_its_order(header: str, words: list[str]) -> None:
    """What the API may answer is on the page, and nothing else is."""
    assert first_cells(header) == words
