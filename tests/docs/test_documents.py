"""Documents that repeat what the code says must say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.accuracy import table as accuracy
from benchmarks.report import README, RESULTS, table
from dedup_service.rpc import limit_table

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def test_settings_table_is_the_codes() -> None:
    """docs/operating.md holds the very table that the code prints."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    table = text.split("<!-- settings -->\n")[1].split("<!-- /settings -->")[0]
    command = [sys.executable, "-m", "dedup_service.settings"]
    assert table == subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


# Those of the proof are in docs/reliability.md: tests/trust/test_page.py holds them against it.
BENCHMARKS = [path for path in sorted(RESULTS.glob("*.json")) if path.stem != "trust"]


@pytest.mark.parametrize("results", BENCHMARKS, ids=lambda path: path.stem)
def test_figures_are_the_measured_ones(results: Path) -> None:
    """benchmarks/README.md shows each benchmark's figures as its last run wrote them."""
    shown = accuracy.table() if results.stem == "accuracy" else table(results.stem)
    assert f"<!-- {results.stem} -->\n{shown}<!-- /" in README.read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document names a file that exists."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_the_manual_shows_the_limits() -> None:
    """The table is the one that the program prints, from where each limit is kept to."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    table = text.split("<!-- limits -->\n")[1].split("<!-- /limits -->")[0]
    assert table.strip() == limit_table.markdown_table()
