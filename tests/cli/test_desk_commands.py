"""Looking and deciding from the command line."""

import itertools
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dedup_service.cli.main import app
from dedup_service.cli.output import Output
from dedup_service.cli.waterfall_view import WIDEST_BAR, say_waterfall
from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import Owner, PairScore, RecordKind, Verdict
from dedup_service.v1.record_service_pb2 import Record
from tests.cli.command_results import Run, json_lines

ADA = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org", "phone": "+442079460000"}
ONE, TWO, OTHER = (f"sources/crm/records/{identity}" for identity in ("1", "2", "3"))


def contact(name: str, **values: str) -> Record:
    owner = Owner(principal="users/ben", function="sales")
    return Record(name=name, kind=RecordKind.RECORD_KIND_CONTACT, values=values, owner=owner)


@pytest.fixture
def people(client: DedupClient) -> None:
    """Two records of one person, one of another; a value of the second would move a terminal's cursor."""
    records = [
        contact(ONE, **ADA),
        contact(TWO, **{**ADA, "job_title": "Count\x1b[2Jess\u202e"}),
        contact(OTHER, given_name="Bob", family_name="Miller"),
    ]
    (done,) = client.ingest(records)
    assert done.answer.written_count == 3


def propose(dedup: Run) -> str:
    (proposal,) = json_lines(dedup("propose", ONE, TWO, "--json", who="services/matcher"))
    return str(proposal["name"])


@pytest.mark.usefixtures("people")
def test_a_stored_record_is_matched(dedup: Run) -> None:
    """The other record of the same person is found, with who it is and that nothing was left out."""
    result = dedup("match", ONE)
    assert TWO in result.stdout
    assert "Ada Lovelace" in result.stdout
    assert OTHER not in result.stdout
    assert "complete: " in result.stdout


@pytest.mark.usefixtures("people")
def test_an_unsaved_record_is_matched_and_explained(dedup: Run) -> None:
    """--set makes a candidate; --why shows the contributions."""
    values = [part for name, value in ADA.items() for part in ("--set", f"{name}={value}")]
    result = dedup("match", "--kind", "CONTACT", *values, "--why")
    assert ONE in result.stdout
    assert f"why {ONE}" in result.stdout
    (answer,) = json_lines(dedup("match", "--kind", "CONTACT", *values, "--json"))
    assert {match["record"] for match in answer["matches"]} == {ONE, TWO}


@pytest.mark.parametrize(
    "arguments", [(), (ONE, "--set", "email=a"), ("--set", "e_mail=a"), ("--set", "email")]
)
def test_a_query_that_is_none_is_a_usage_error(dedup: Run, arguments: tuple[str, ...]) -> None:
    """One record, or values of known fields: all else is exit code 2."""
    dedup("match", *arguments, code=2)


@pytest.mark.usefixtures("people")
def test_a_pair_is_scored_and_explained(dedup: Run) -> None:
    """The waterfall leads from the prior to the match weight; strangers are said to be never compared."""
    assert "MATCH" in dedup("score", ONE, TWO).stdout
    explained = dedup("explain", ONE, TWO).stdout
    assert "prior" in explained
    assert "blocking keys that both have" in explained
    assert "never compares these two" in dedup("explain", ONE, OTHER).stdout
    (answer,) = json_lines(dedup("explain", ONE, TWO, "--json"))
    assert answer["waterfall"][-1]["total_bits"] == pytest.approx(answer["score"]["match_weight_bits"])


def weights_of(table: str) -> list[tuple[str, float, float, int]]:
    """The rows of a waterfall on the terminal: the comparison, its bits, the total and the blocks."""
    row = re.compile(r"^(\S.*?) {2,}(?:\S+ +)?([+-]\d+\.\d) +([+-]\d+\.\d) +(█*)\|(█*)", re.MULTILINE)
    return [(each[0], float(each[1]), float(each[2]), len(each[3] + each[4])) for each in row.findall(table)]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("command", [("explain", ONE, TWO), ("score", ONE, TWO), ("match", ONE, "--why")])
def test_weights_add_up_and_are_drawn_to_one_scale(dedup: Run, command: tuple[str, ...]) -> None:
    """From the prior on each total is the sum so far; the widest weight has the widest bar; none is -0.0."""
    told = dedup(*command).stdout.partition("in words")[0]
    rows = weights_of(told)
    assert rows[0][0] == "prior"
    for before, after in itertools.pairwise(rows):
        assert after[2] == pytest.approx(before[2] + after[1], abs=0.11)
    (answer,) = json_lines(dedup("score", ONE, TWO, "--json"))
    assert rows[-1][2] == pytest.approx(answer["score"]["match_weight_bits"], abs=0.051)
    widest = max(abs(bits) for _, bits, _, _ in rows)
    assert {blocks for _, bits, _, blocks in rows if abs(bits) == widest} == {WIDEST_BAR}
    assert all(blocks < WIDEST_BAR for _, bits, _, blocks in rows if abs(bits) < 0.9 * widest)
    assert "-0.0" not in told


def test_what_changes_next_to_nothing_is_one_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named, with its sum, and without a block; the total is what it was."""
    monkeypatch.setenv("COLUMNS", "200")
    score = PairScore(match_weight_bits=5.97, prior_bits=-4.0, verdict=Verdict.VERDICT_MATCH)
    for name, bits in (("email", 10.0), ("group", -0.02), ("namesake", -0.01)):
        score.contributions.add(comparison=name, level="possible", weight_bits=bits, evidence="why")
    say_waterfall(Output(as_json=False), score)
    told = capsys.readouterr().out
    assert [row[0] for row in weights_of(told)] == ["prior", "email", "2 that change little"]
    assert weights_of(told)[-1][1:] == (0.0, 6.0, 0)
    assert "group, namesake" in told


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("picture", "code", "said"),
    [("why.png", 2, "name a file that ends in .svg"), ("nowhere/why.svg", 1, "there is no folder")],
)
def test_a_picture_that_cannot_be_written_is_refused(
    dedup: Run, tmp_path: Path, picture: str, code: int, said: str
) -> None:
    """Another ending would hold SVG all the same; a missing folder is told in words."""
    result = dedup("explain", ONE, TWO, "--picture", str(tmp_path / picture), code=code)
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert not (tmp_path / picture).exists()


@pytest.mark.usefixtures("people")
def test_a_merge_goes_from_proposal_to_undo(dedup: Run) -> None:
    """Propose, list, show, approve, execute and undo, each saying the plan that it acts on."""
    name = propose(dedup)
    assert name in dedup("proposals", "--filter", "state = PENDING").stdout
    shown = dedup("show", name).stdout
    for part in ("plan hash", "survives", "who decides", "still missing", "LOW"):
        assert part in shown
    refused = dedup("execute", name, code=1)
    assert refused.stderr.startswith("dedup: approvals are missing")
    assert "acting on plan" in dedup("approve", name, "-m", "same").stdout
    (merge,) = json_lines(dedup("execute", name, "--json"))
    assert f"undo {merge['name']}" in dedup("show", merge["name"]).stdout
    golden = merge["merged_golden_records"][0]["golden_record"]
    assert "merged into this one since" in dedup("show", golden).stdout
    dedup("undo", merge["name"], "--reason", "wrong", "--preview")
    assert "UNDONE" in dedup("undo", merge["name"], "--reason", "two people", "--keep-apart").stdout
    changes = json_lines(dedup("changes", "--type", "MERGED", "--type", "UNDONE", "--json"))
    assert [change["type"] for change in changes] == ["CHANGE_TYPE_MERGED", "CHANGE_TYPE_UNDONE"]


@pytest.mark.usefixtures("people")
def test_a_rejected_proposal_is_over(dedup: Run) -> None:
    """Rejecting ends it; a later vote is refused in one line."""
    name = propose(dedup)
    assert "REJECTED" in dedup("reject", name, "-m", "sisters").stdout
    assert "REJECTED" in dedup("approve", name, code=1).stderr


@pytest.mark.usefixtures("people")
def test_a_plan_that_was_not_the_one_shown_is_refused(dedup: Run) -> None:
    """--etag acts on that plan only, and says what to do when it has changed."""
    refused = dedup("approve", propose(dedup), "--etag", "0" * 64, code=1).stderr
    assert "dedup show" in refused
    assert refused.count("\n") == 1


@pytest.mark.usefixtures("people")
def test_a_service_account_may_not_approve(dedup: Run) -> None:
    """Who may not decide is told so in one line."""
    refused = dedup("approve", propose(dedup), who="services/importer", code=1)
    assert "service account" in refused.stderr


@pytest.mark.usefixtures("people")
def test_what_a_terminal_would_obey_is_shown_as_marks(dedup: Run) -> None:
    """Escapes and direction marks of a stored value are inert."""
    shown = dedup("show", TWO).stdout
    assert "Count<U+001B>[2Jess<U+202E>" in shown
    assert "\x1b" not in shown


@pytest.mark.usefixtures("people")
def test_a_field_choice_decides_whose_value_survives(dedup: Run) -> None:
    """--choose is part of the plan; --preview stores nothing."""
    arguments = ("propose", ONE, TWO, "--choose", f"phone={TWO}", "--preview")
    (preview,) = json_lines(dedup(*arguments, "--json"))
    assert preview["plan"]["values"]["phone"]["value"]["record"] == TWO
    assert json_lines(dedup("proposals", "--json")) == []
    dedup("propose", ONE, TWO, "--choose", "phone", code=2)


@pytest.mark.usefixtures("people")
def test_the_audit_is_verified_against_a_head(dedup: Run) -> None:
    """A head that was printed holds later; one that never was is told as a broken chain."""
    head = next(
        line.removeprefix("head ") for line in dedup("verify-audit").stdout.splitlines() if "head " in line
    )
    propose(dedup)
    dedup("verify-audit", "--head", head)
    token = head.rpartition(":")[0]
    broken = dedup("verify-audit", "--head", f"{token}:{'0' * 64}", code=1)
    assert "broken" in broken.stderr


def test_a_name_of_nothing_is_a_usage_error(dedup: Run) -> None:
    """Only the four kinds of name can be shown; one that leads nowhere is told."""
    dedup("show", "people/1", code=2)
    assert "does not exist" in dedup("show", "mergeProposals/none", code=1).stderr


def test_who_asks_must_be_said() -> None:
    """Without a principal there is a usage error that says how to give one."""
    result = CliRunner().invoke(app, ["proposals"], env={"DEDUP_PRINCIPAL": ""})
    assert result.exit_code == 2
    assert "DEDUP_PRINCIPAL" in result.stderr


@pytest.mark.usefixtures("people")
def test_changes_go_on_from_the_token_printed(dedup: Run) -> None:
    """A part of the list ends with the token of the rest."""
    first = dedup("changes", "-n", "2").stdout
    token = first.splitlines()[-1].removeprefix("go on with --after ")
    rest = json_lines(dedup("changes", "--after", token, "--json"))
    assert [change["record"] for change in rest] == [OTHER]
