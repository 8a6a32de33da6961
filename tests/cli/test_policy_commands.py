"""The company's rules from the command line: shown, checked, compared, simulated and put in force."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dedup_service.cli.main import app
from dedup_service.client import DedupClient
from dedup_service.company_files import policy_text
from tests.cli.command_results import Run, json_lines
from tests.cli.proposed_merges import propose_contacts

SHIPPED = policy_text(None)


def edited(file: Path, *edits: tuple[str, str]) -> str:
    """A file with the shipped policy after these edits."""
    text = SHIPPED
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    file.write_text(text, "utf-8")
    return str(file)


@pytest.fixture
def stricter(tmp_path: Path) -> str:
    """A policy by which contacts of sales need two people."""
    low = "        - {kind: LEAD, lead_class: NAME, minimum_probability: 0.99}\n    quorum: 1"
    low = low.replace("        -", "      -")
    return edited(
        tmp_path / "stricter.yaml",
        ("version: default-4", "version: acme-3"),
        (low, low.replace("quorum: 1", "quorum: 2")),
        ("marketing: 1}", "marketing: 2}"),
    )


def check(file: str, *arguments: str, code: int) -> Result:
    """`policy check` needs no service, and nobody to be."""
    result = CliRunner().invoke(app, ["policy", "check", file, *arguments], env={"DEDUP_PRINCIPAL": ""})
    assert result.exit_code == code, result.output
    return result


def test_a_file_that_is_right_is_said_to_be(stricter: str) -> None:
    """Without a service."""
    assert "nothing is wrong; version acme-3" in check(stricter, code=0).stdout


def test_every_problem_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    """Two problems are two lines, in the form in which compilers write them, and exit code 1."""
    file = edited(tmp_path / "wrong.yaml", ("dormant_days: 180", "dormant_days: soon"), ("EUR\n", "euro\n"))
    result = check(file, code=1)
    lines = SHIPPED.splitlines()
    at = {
        number
        for number, line in enumerate(lines, 1)
        if "dormant_days: 180" in line or "currency: EUR" in line
    }
    told = json_lines(check(file, "--json", code=1))
    assert {each["line"] for each in told} == at
    assert {each["path"] for each in told} == {"leads.dormant_days", "impact.currency"}
    for number in at:
        assert f"wrong.yaml:{number}: " in result.stdout.replace("\n  ", " ")
    assert "2 problems in" in result.stderr


def test_the_policy_shown_is_its_file(dedup: Run) -> None:
    """stdout can be kept as a file; what is known about the version goes to stderr."""
    shown = dedup("policy", "show")
    assert shown.stdout == SHIPPED
    assert "version default-4, in force from" in shown.stderr
    assert dedup("policy", "show", "--version", "default-4").stdout == SHIPPED
    assert "does not exist" in dedup("policy", "show", "--version", "none", code=1).stderr


def test_the_difference_is_told_by_key(dedup: Run, stricter: str, tmp_path: Path) -> None:
    """Keys with their values, from what the file says and not from its text."""
    told = dedup("policy", "diff", stricter).stdout
    assert "changes 3 keys of version default-4" in told
    assert "  approval.HIGH.CONTACT.weights.marketing: 1 -> 2\n" in told
    assert "  approval.LOW.quorum: 1 -> 2\n" in told
    assert json_lines(dedup("policy", "diff", stricter, "--json"))[0]["key"] == "version"
    same = edited(tmp_path / "same.yaml", ("# Who must approve.", "# Who has to agree."))
    assert "says what version default-4, in force, says" in dedup("policy", "diff", same).stdout


def test_a_file_that_is_wrong_is_not_sent(dedup: Run, tmp_path: Path) -> None:
    """diff, simulate and update say what check says."""
    file = edited(tmp_path / "wrong.yaml", ("dormant_days: 180", "dormant_days: soon"))
    for command in (("diff", file), ("simulate", file), ("update", file, "-m", "better")):
        assert "leads.dormant_days" in dedup("policy", *command, code=1).stderr


def test_a_simulation_says_what_would_be_decided_otherwise(
    dedup: Run, client: DedupClient, stricter: str
) -> None:
    """The proposal that was carried by one person would wait for another; nothing is changed."""
    proposal = propose_contacts(client)
    dedup("approve", proposal.name)
    told = dedup("policy", "simulate", stricter).stdout
    assert "looked at 1 open and 0 past proposals: version acme-3 would decide 1 of them otherwise" in told
    assert f"{proposal.name}  APPROVED" in told
    assert "votes: may be executed -> pending; waits for: none -> sales" in told
    assert "default-4" in dedup("policy", "show").stderr


def test_a_simulation_names_who_is_newly_asked(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """Functions and people who would be asked and are not, and the other way round."""
    propose_contacts(client)
    file = edited(
        tmp_path / "moved.yaml",
        ("version: default-4", "version: acme-3"),
        ("crm: {function: sales,", "crm: {function: partners,"),
    )
    told = dedup("policy", "simulate", file).stdout
    assert "newly asked: partners (users/paula, users/pavel, users/petra)" in told


def test_an_edit_is_put_in_force_with_its_difference(dedup: Run, stricter: str) -> None:
    """By people of the policy's function alone; --preview changes nothing; a repetition has nothing to do."""
    update = ("policy", "update", stricter, "-m", "two pairs of eyes")
    assert "finance" in dedup(*update, code=1).stderr
    assert "nothing is changed" in dedup(*update, "--preview", who="users/fiona").stdout
    done = dedup(*update, who="users/fiona").stdout
    assert "approval.LOW.quorum: 1 -> 2" in done
    assert "version acme-3 is in force" in done
    listed = dedup("policy", "versions").stdout
    assert listed.index("acme-3") < listed.index("default-4")
    assert "two pairs of eyes" in listed
    assert "nothing to do" in dedup(*update, who="users/fiona", code=1).stderr


def test_an_edit_without_a_version_of_its_own_is_refused(dedup: Run, tmp_path: Path) -> None:
    """The difference already says that it needs one."""
    file = edited(tmp_path / "same.yaml", ("marketing: 1}", "marketing: 2}"))
    assert "give it a new version" in dedup("policy", "diff", file).stdout
    refused = dedup("policy", "update", file, "-m", "more", who="users/fiona", code=1).stderr
    assert "give the text a new version" in refused


def test_an_edit_of_an_older_version_is_refused(dedup: Run, stricter: str, tmp_path: Path) -> None:
    """`--from` says which version the file was made from: what came into force since is not taken back."""
    dedup("policy", "update", stricter, "-m", "two pairs of eyes", who="users/fiona")
    late = edited(
        tmp_path / "late.yaml", ("version: default-4", "version: acme-4"), ("quorum: 1", "quorum: 3")
    )
    update = ("policy", "update", late, "-m", "three", "--from", "default-4")
    assert "acme-3" in dedup(*update, who="users/fiona", code=1).stderr
    assert "acme-4" not in dedup("policy", "versions").stdout
