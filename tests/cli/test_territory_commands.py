"""Territories from the command line: checked and shown, without a service."""

from pathlib import Path

from typer.testing import CliRunner, Result

from dedup_service.cli.main import app
from dedup_service.company_files import policy_text
from tests.cli.command_results import json_lines

SHIPPED = policy_text(None)
PRINCIPALS = """
users:
  ann: {functions: [sales]}
  paula: {functions: [partners]}
"""
TERRITORIES = """
territories:
  general_queue: front-desk
  teams:
    dach: {function: sales, members: [users/ann, users/paula]}
  exceptions:
    - {name: vip, domains: [zimmer.example], principal: users/ann}
  rules:
    - {name: de, countries: [DE, AT], team: dach}
    - {name: de-again, countries: [DE], principal: users/ann}
    - {name: munich, countries: [DE], postal_codes: ["80-82"], team: dach, partner: Isartal}
    - {name: ohio, countries: [US], regions: [Ohio], principal: users/ann}
"""


def territories(*arguments: str, code: int = 0) -> Result:
    """`territories ...` needs nobody to be, and reads no file but those that are named."""
    environment = {"DEDUP_POLICY": "", "DEDUP_PRINCIPALS": "", "DEDUP_PRINCIPAL": "", "COLUMNS": "200"}
    result = CliRunner().invoke(app, ["territories", *arguments], env=environment)
    assert result.exit_code == code, result.output
    return result


def policy_file(folder: Path, section: str = TERRITORIES) -> str:
    """A policy with these territories."""
    start, end = SHIPPED.index("territories:\n"), SHIPPED.index("# Points for who somebody is")
    file = folder / "policy.yaml"
    file.write_text(SHIPPED[:start] + section + SHIPPED[end:], "utf-8")
    return str(file)


def principals_file(folder: Path) -> str:
    file = folder / "principals.yaml"
    file.write_text(PRINCIPALS, "utf-8")
    return str(file)


def words(result: Result) -> list[str]:
    """The lines of a table, with single spaces."""
    return [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]


def test_the_shipped_territories_are_right() -> None:
    """Without a file, the shipped policy is looked at, with the people of the sample."""
    result = territories("check")
    assert words(result) == ["nothing to look at in the territories"]
    assert result.stderr == ""


def test_findings_are_a_table_and_errors_give_exit_code_1(tmp_path: Path) -> None:
    """The worst come first, each with the rule it is about and what to do."""
    result = territories(*("check", policy_file(tmp_path), "--principals", principals_file(tmp_path)), code=1)
    lines = words(result)
    assert lines[0] == "severity kind about what to do"
    assert [line.split()[0] for line in lines[1:]] == ["ERROR", "ERROR", "WARNING", "NOTE"]
    assert lines[1].startswith("ERROR unreachable de-again the rule de-again is never reached: de takes all")
    assert "users/paula of the team dach does not hold the function sales" in lines[2]
    assert "2 errors in the territories of" in result.stderr


def test_findings_are_told_to_programs(tmp_path: Path) -> None:
    """One object a line; a note does not fail."""
    section = "territories: {rules: [{name: de, countries: [DE], queue: q}]}\n"
    told = json_lines(territories("check", policy_file(tmp_path, section), "--json"))
    assert [(each["severity"], each["kind"], each["rules"]) for each in told] == [("NOTE", "GAP", [])]
    assert "queue general" in told[0]["sentence"]


def test_members_are_looked_up_only_where_it_is_known_who_there_is(tmp_path: Path) -> None:
    """The people of the sample say nothing about a policy of one's own."""
    section = (
        "territories: {teams: {t: {function: sales, members: [users/zoe]}}, rules: [{name: r, team: t}]}\n"
    )
    result = territories("check", policy_file(tmp_path, section))
    assert words(result) == [
        "nothing to look at in the territories",
        "Members were not looked up: name the principals file with --principals.",
    ]
    with_people = territories(
        *("check", policy_file(tmp_path, section), "--principals", principals_file(tmp_path)), code=1
    )
    assert "users/zoe of the team t is not one of the principals" in with_people.stdout


def test_a_policy_that_cannot_be_read_is_told_by_line(tmp_path: Path) -> None:
    """As `policy check` tells it."""
    result = territories("check", policy_file(tmp_path, "territories: {rule: []}\n"), code=1)
    assert "policy.yaml:" in result.stderr
    assert 'territories.rule: unknown key "rule"; did you mean rules?' in result.stderr


def test_the_ladder_is_shown_by_country(tmp_path: Path) -> None:
    """From the top to the rule beyond which nothing goes; then the general queue, and the teams."""
    assert words(territories("show", policy_file(tmp_path))) == [
        "Exceptions, whatever the country",
        "rule names goes to",
        "vip domains zimmer.example users/ann",
        "AT",
        "rung rule when goes to",
        "country de all others team dach",
        "DE",
        "rung rule when goes to",
        "local geography munich postal codes 80-82 team dach, partner Isartal",
        "country de all others team dach",
        "US",
        "rung rule when goes to",
        "local geography ohio regions oh users/ann",
        "general queue all others queue front-desk",
        "All other countries",
        "rung rule when goes to",
        "general queue all others queue front-desk",
        "Teams",
        "team function method members",
        "dach sales ROUND_ROBIN users/ann, users/paula",
    ]


def test_the_ladder_of_one_country_is_shown_by_any_of_its_names(tmp_path: Path) -> None:
    """As people call it."""
    (told,) = json_lines(territories("show", policy_file(tmp_path), "--country", "Germany", "--json"))
    assert told["countries"] == "DE"
    assert [each["rule"] for each in told["ladder"]] == ["munich", "de"]
    assert told["ladder"][0] == {
        "rung": "LOCAL_GEOGRAPHY",
        "rule": "munich",
        "conditions": ["postal codes 80-82"],
        "team": "dach",
        "principal": "",
        "queue": "",
        "partner": "Isartal",
    }
    assert told["general_queue"] == ""


def test_a_country_without_rules_goes_to_the_general_queue(tmp_path: Path) -> None:
    """That is a ladder too."""
    (told,) = json_lines(territories("show", policy_file(tmp_path), "--country", "FR", "--json"))
    assert (told["countries"], told["ladder"], told["general_queue"]) == ("FR", [], "front-desk")


def test_a_country_that_is_none_is_refused() -> None:
    """With what to say instead."""
    result = territories("show", "--country", "Atlantis", code=1)
    assert "Atlantis is no country that is known: say its two letters, such as DE" in result.stderr


def test_without_territories_all_goes_to_the_general_queue(tmp_path: Path) -> None:
    """The section may be left out."""
    file = policy_file(tmp_path, "")
    assert words(territories("show", file)) == [
        "All other countries",
        "rung rule when goes to",
        "general queue all others queue general",
    ]
    assert "nothing to look at" in territories("check", file).stdout
