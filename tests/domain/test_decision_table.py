"""The decision table, line by line: what domain.md says about who decides, and about what nobody may."""

import csv
from pathlib import Path

import pytest

from dedup_service.company_files import load_policy
from dedup_service.domain.decision import decide
from dedup_service.domain.policy import Impact, VetoRule
from tests.domain.decision_notation import Row, case_and_votes, said
from tests.domain.written_policy import WRITTEN_POLICY

TABLE = Path(__file__).with_name("decision_table.csv")
# Every rule of approval that a decision carries out has at least one line.
RULES = "2.1 2.2 2.3 2.4 2.5 3.1 3.2 4.1 4.2 4.3 4.4 4.5 4.6 5.1 5.2 6.1 6.2 6.3 7.2 7.3 7.4 7.5 7.6 8.5"


def _rows() -> list[Row]:
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [Row(cells) for cells in csv.DictReader(lines)]


ROWS = _rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['number']}-rule-{row['rule']}" for row in ROWS])
def test_the_decision_is_what_the_table_says(row: Row) -> None:
    """Each line of the table comes out as written; a failure shows the line and what came of it."""
    case, votes = case_and_votes(row)
    found = said(decide(case, votes), row["votes"].split())
    different = {column: text for column, text in found.items() if text != row[column]}
    assert not different, f"the line\n{row}\ncame out as {different}"


def test_the_table_covers_every_rule_veto_and_impact() -> None:
    """No rule, veto, impact, ballot or outcome is without a line."""
    assert {row["rule"] for row in ROWS} == set(RULES.split())
    vetoes = "; ".join(row["vetoes"] for row in ROWS)
    assert all(rule in vetoes for rule in VetoRule)
    assert {row["impact"] for row in ROWS} == set(Impact)
    assert {row["outcome"] for row in ROWS} == {"PENDING", "APPROVED", "REJECTED"}
    assert {row["execute"] for row in ROWS} == {"yes", "no"}
    assert {"nobody", "one person", "voices", "weights", "voices, finance last"} <= {
        row["ballot"] for row in ROWS
    }


def test_the_lines_are_numbered_and_say_why() -> None:
    """Lines are numbered without a gap, differ in what is given, and each gives its reason."""
    assert [row["number"] for row in ROWS] == [str(number) for number in range(1, len(ROWS) + 1)]
    given = [tuple(row[column] for column in ("members", "given", "votes", "period")) for row in ROWS]
    assert len(set(given)) == len(ROWS)
    assert all(row["why"].endswith(".") for row in ROWS)


@pytest.mark.parametrize(
    "part",
    [
        "functions",
        "sources",
        "other_sources",
        "stakes",
        "impact",
        "approval",
        "vetoes",
        "periods",
        "lead_dormant_after",
        "master_function",
    ],
)
def test_the_shipped_policy_is_the_one_the_table_was_written_for(part: str) -> None:
    """The policy that is shipped has the rules that the table and the oracle assume."""
    assert getattr(load_policy(None), part) == getattr(WRITTEN_POLICY, part)
