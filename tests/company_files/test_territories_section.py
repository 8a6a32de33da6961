"""The section `territories`: what is read, and everything that can be wrong in it, with its line."""

import time
from contextlib import suppress

import pytest

from dedup_service.company_files import CompanyFileError, load_policy, load_principals, parse_policy
from dedup_service.company_files.territories_section import MAX_MEMBERS, MAX_RULES, MAX_TEAMS
from dedup_service.domain.postal_codes import PostalRange
from dedup_service.domain.territories import (
    Rung,
    Target,
    Team,
    TeamMethod,
    TerritoryException,
    TerritoryPolicy,
    TerritoryRule,
)
from dedup_service.domain.territory_check import Severity, check
from tests.company_files.changed_texts import SHIPPED, changed, line_of, problems
from tests.company_files.test_hostile_texts import QUICK_SECONDS

POLICY = load_policy(None)
DACH = "{method: ROUND_ROBIN, function: sales, members: [users/ann, users/ben]}"
NORDHAFEN = (
    "{name: nordhafen, companies: [Nordhafen Logistik GmbH], domains: [nordhafen.example], "
    "principal: users/sara}"
)
MUNICH = (
    '{name: munich, countries: [DE], postal_codes: ["80-82", "85"], team: dach, partner: Isartal Systemhaus}'
)
AT = "territories.rules[2]"
VIP = "territories.exceptions[0]"

# What is replaced, by what, and the path and message of the problem that comes of it in the same line.
CASES = [
    ("general_queue: general", "general_queue: The queue", "territories.general_queue", "must be 1 to 63"),
    (
        "general_queue: general",
        "genral_queue: general",
        "territories.genral_queue",
        "did you mean general_queue?",
    ),
    (DACH, DACH.replace("sales", "sale"), "territories.teams.dach.function", "did you mean sales?"),
    (DACH, DACH.replace("function: sales, ", ""), "territories.teams.dach.function", "is missing"),
    (DACH, DACH.replace("ROBIN", "TABLE"), "territories.teams.dach.method", "did you mean ROUND_ROBIN?"),
    (DACH, DACH.replace("users/ann", "ann"), "territories.teams.dach.members[0]", "such as users/ann"),
    (DACH, DACH.replace("users/ann", "services/x"), "territories.teams.dach.members[0]", "must be a person"),
    (DACH, DACH.replace("users/ben", "users/ann"), "territories.teams.dach.members[1]", "is named twice"),
    (DACH, DACH.replace("users/ann, users/ben", ""), "territories.teams.dach.members", "at least one person"),
    (DACH, "sales", "territories.teams.dach", "must be a mapping"),
    ("    dach: {", "    DACH: {", "territories.teams.DACH", "the name must be 1 to 63 lower-case"),
    (NORDHAFEN, NORDHAFEN.replace("name: nordhafen", "name: Nord"), f"{VIP}.name", "must be 1 to 63"),
    (NORDHAFEN, NORDHAFEN.replace("name: nordhafen, ", ""), f"{VIP}.name", "is missing"),
    (NORDHAFEN, "{name: nord, queue: q}", VIP, "must name accounts, companies or domains"),
    (NORDHAFEN, "{name: nord, domains: [], queue: q}", f"{VIP}.domains", "must name at least one"),
    (NORDHAFEN, "{name: nord, companies: [--], queue: q}", f"{VIP}.companies[0]", "a letter or digit"),
    (NORDHAFEN, "{name: nord, companies: [2026], queue: q}", f"{VIP}.companies[0]", "put it in quotes"),
    (NORDHAFEN, "{name: n, companies: [A B, a.b], queue: q}", f"{VIP}.companies[1]", "is named twice"),
    (NORDHAFEN, "{name: n, accounts: [erp/1], queue: q}", f"{VIP}.accounts[0]", "must be an account record"),
    (NORDHAFEN, "{name: n, domains: [gmail.com], queue: q}", f"{VIP}.domains[0]", "many companies use"),
    (NORDHAFEN, "{name: n, domains: [x], queue: q}", f"{VIP}.domains[0]", "or is no domain"),
    (NORDHAFEN, "{name: n, domains: [a@b.example], queue: q}", f"{VIP}.domains[0]", "must be a domain"),
    (NORDHAFEN, "{name: n, domains: [www.b.example], queue: q}", f"{VIP}.domains[0]", "write b.example"),
    (NORDHAFEN, NORDHAFEN.replace("principal", "team"), f"{VIP}.team", 'unknown team "users/sara"'),
    (MUNICH, MUNICH.replace("team: dach", "team: dahc"), f"{AT}.team", "did you mean dach?"),
    (MUNICH, MUNICH.replace("team: dach, ", ""), AT, "must say one of team, principal and queue"),
    (MUNICH, MUNICH.replace("team: dach", "team: dach, queue: q"), AT, "queue, not team and queue"),
    (MUNICH, MUNICH.replace("team: dach", "principal: ben"), f"{AT}.principal", "such as users/ann"),
    (MUNICH, MUNICH.replace("team: dach", "queue: A B"), f"{AT}.queue", "must be 1 to 63"),
    (MUNICH, MUNICH.replace("Isartal Systemhaus", '""'), f"{AT}.partner", "must be a name of 1 to 200"),
    (MUNICH, MUNICH.replace("name: munich", "name: dach"), "territories.rules[5].name", "take another"),
    (MUNICH, MUNICH.replace("name: munich", "name: nordhafen"), f"{AT}.name", "already: take another"),
    (MUNICH, MUNICH.replace("[DE]", "DE"), f"{AT}.countries", "must be a list"),
    (MUNICH, MUNICH.replace("[DE]", "[]"), f"{AT}.countries", "leave the line out"),
    (MUNICH, MUNICH.replace("[DE]", "[de]"), f"{AT}.countries[0]", "two capital letters"),
    (MUNICH, MUNICH.replace("[DE]", "[Germany]"), f"{AT}.countries[0]", "two capital letters"),
    (MUNICH, MUNICH.replace("[DE]", "[DE, UK]"), f"{AT}.countries[1]", "write GB"),
    (MUNICH, MUNICH.replace("[DE]", "[QQ]"), f"{AT}.countries[0]", "no country has these"),
    (MUNICH, MUNICH.replace("[DE]", "[NO]"), f"{AT}.countries[0]", "put it in quotes"),
    (MUNICH, MUNICH.replace("[DE]", "[DE, DE]"), f"{AT}.countries[1]", "is named twice"),
    (MUNICH, MUNICH.replace("countries", "country"), f"{AT}.country", "did you mean countries?"),
    (MUNICH, MUNICH.replace('"80-82", "85"', "80"), f"{AT}.postal_codes[0]", "put it in quotes"),
    (MUNICH, MUNICH.replace('"80-82", "85"', ""), f"{AT}.postal_codes", "must name at least one"),
    (MUNICH, MUNICH.replace("80-82", "80-8"), f"{AT}.postal_codes[0]", "both with as many digits"),
    (MUNICH, MUNICH.replace("80-82", "8-82"), f"{AT}.postal_codes[0]", "both with as many digits"),
    (MUNICH, MUNICH.replace("80-82", "82-80"), f"{AT}.postal_codes[0]", "the lower one first"),
    (MUNICH, MUNICH.replace("80-82", "80-80"), f"{AT}.postal_codes[0]", "the lower one first"),
    (MUNICH, MUNICH.replace("80-82", "SW-SX"), f"{AT}.postal_codes[0]", "beginning of postal codes"),
    (MUNICH, MUNICH.replace("80-82", "80*"), f"{AT}.postal_codes[0]", "beginning of postal codes"),
    (MUNICH, MUNICH.replace('"85"', '"80 - 82"'), f"{AT}.postal_codes[1]", "is named twice"),
    (MUNICH, MUNICH.replace("team", "government: false, team"), f"{AT}.government", "must be true"),
    (MUNICH, MUNICH.replace("team", "government: yes, team"), f"{AT}.government", "must be true or false"),
    (MUNICH, MUNICH.replace("team", "industries: [A, a], team"), f"{AT}.industries[1]", "is named twice"),
    (MUNICH, MUNICH.replace("team", "regions: [Ohio, OH], team"), f"{AT}.regions[1]", "is named twice"),
    (MUNICH, MUNICH.replace("team", 'regions: [""], team'), f"{AT}.regions[0]", "1 to 200 characters"),
    (MUNICH, "munich", AT, "must be a mapping"),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), CASES)
def test_a_wrong_value_is_named_with_its_line_its_path_and_what_to_write(
    old: str, new: str, path: str, message: str
) -> None:
    """Each kind of mistake is a problem with its path, in the line where it was made."""
    text = changed((old, new))
    found = [each for each in problems(text) if each.path == path and message in each.message]
    line = line_of("countries: [DE, AT, CH, LI]") if "rules[5]" in path else line_of(old)
    assert [each.line for each in found] == [line]


def section(text: str) -> str:
    """The shipped policy with another section."""
    start, end = SHIPPED.index("territories:\n"), SHIPPED.index("# Points for who somebody is")
    return f"{SHIPPED[:start]}{text}\n{SHIPPED[end:]}"


def test_a_policy_may_leave_territories_out() -> None:
    """Policies already written stay valid: all goes to the general queue."""
    assert parse_policy(section("")).territories == TerritoryPolicy()
    assert parse_policy(section("territories: {}")).territories.general_queue == "general"


def test_a_team_is_asked_for_where_none_is_written() -> None:
    """Without teams, a rule that names one is wrong, not unchecked."""
    text = section("territories:\n  rules:\n    - {name: rest, team: sales}")
    (found,) = problems(text)
    assert (found.line, found.path) == (line_of("- {name: rest", text), "territories.rules[0].team")
    assert found.message.startswith("there are no teams: ")


def test_what_is_written_is_what_is_read() -> None:
    """Each value in the spelling in which it is compared, in the order of the file."""
    territories = parse_policy(
        section(
            """
territories:
  general_queue: front-desk
  teams:
    world: {function: sales, members: [users/ben, users/ann]}
    partners: {method: BY_LOAD, function: partners, members: [users/paula]}
  exceptions:
    - name: vip
      accounts: [sources/erp/records/77]
      companies: [Zimmer & Söhne]
      domains: [ZIMMER.example]
      queue: v
  rules:
    - {name: bund, countries: [DE, "NO"], government: true, industries: [Public  Sector], team: world}
    - name: local
      regions: [Ohio, Bayern]
      postal_codes: [sw1 a, "80 - 83", "01"]
      principal: users/ann
      partner: P
"""
        )
    ).territories
    assert territories == TerritoryPolicy(
        teams={
            "world": Team("world", "sales", ("users/ben", "users/ann"), TeamMethod.ROUND_ROBIN),
            "partners": Team("partners", "partners", ("users/paula",), TeamMethod.BY_LOAD),
        },
        exceptions=(
            TerritoryException(
                name="vip",
                target=Target(queue="v"),
                accounts=frozenset({"sources/erp/records/77"}),
                companies=frozenset({"zimmer sohne"}),
                domains=frozenset({"zimmer.example"}),
            ),
        ),
        rules=(
            TerritoryRule(
                name="bund",
                target=Target(team="world"),
                countries=frozenset({"DE", "NO"}),
                government=True,
                industries=frozenset({"public sector"}),
            ),
            TerritoryRule(
                name="local",
                target=Target(principal="users/ann", partner="P"),
                regions=frozenset({"oh", "bayern"}),
                postal_codes=(PostalRange("SW1A", "SW1A"), PostalRange("80", "83"), PostalRange("01", "01")),
            ),
        ),
        general_queue="front-desk",
    )


@pytest.mark.parametrize(
    ("text", "path", "most"),
    [
        (
            "territories: {rules: ["
            + ",".join(f"{{name: r{i}, queue: q}}" for i in range(MAX_RULES + 1))
            + "]}",
            "territories.rules",
            MAX_RULES,
        ),
        (
            "territories: {teams: {"
            + ",".join(f"t{i}: {{function: sales, members: [users/a]}}" for i in range(MAX_TEAMS + 1))
            + "}}",
            "territories.teams",
            MAX_TEAMS,
        ),
        (
            "territories: {teams: {t: {function: sales, members: ["
            + ",".join(f"users/u{i}" for i in range(MAX_MEMBERS + 1))
            + "]}}}",
            "territories.teams.t.members",
            MAX_MEMBERS,
        ),
    ],
    ids=["rules", "teams", "members"],
)
def test_there_may_be_so_many_and_no_more(text: str, path: str, most: int) -> None:
    """What is over the limit is one problem."""
    (found,) = problems(section(text))
    assert found.path == path
    assert f"at most {most}" in found.message
    assert f"not {most + 1}" in found.message


def many(template: str, count: int) -> str:
    return ",".join(template.format(number) for number in range(count))


TEAMS = many("a{}: {{function: sales, members: [users/a]}}", 200)


@pytest.mark.parametrize(
    "text",
    [
        f"{{rules: [{many('{{name: r{}, team: x}}', 9000)}]}}",
        f"{{rules: [{{name: a, queue: q, countries: [{many('Q{}', 25_000)}]}}]}}",
        f"{{rules: [{{name: a, queue: q, regions: [{many('É{}', 20_000)}]}}]}}",
        f"{{rules: [{{name: a, queue: q, postal_codes: [{many('X{}', 20_000)}]}}]}}",
        f"{{exceptions: [{{name: a, queue: q, companies: [{many('Müller {}', 15_000)}]}}]}}",
        f"{{exceptions: [{{name: a, queue: q, domains: [{many('a{}.b.example', 12_000)}]}}]}}",
        f"{{teams: {{{TEAMS}}}, rules: [{many('{{name: r{}, team: b}}', 2000)}]}}",
    ],
    ids=lambda text: text[:40],
)
def test_no_territories_take_long(text: str) -> None:
    """A policy proposed by anybody may not hold up everybody."""
    begin = time.process_time()
    with suppress(CompanyFileError):
        parse_policy(section(f"territories: {text}"))
    assert time.process_time() - begin < QUICK_SECONDS


def test_the_shipped_territories_fit_the_shipped_people() -> None:
    """Every rule is reached, every team is used, and every member exists and holds the function."""
    directory = load_principals(None, POLICY)
    found = check(POLICY.territories, directory.find)
    assert [each for each in found if each.severity is not Severity.NOTE] == []


def test_the_shipped_territories_show_each_rung_and_both_methods() -> None:
    """They are an example too: government, postal codes, a partner, turns and load."""
    territories = POLICY.territories
    assert {rule.rung for rule in territories.rules} == set(Rung) - {Rung.EXCEPTION, Rung.GENERAL_QUEUE}
    assert {team.method for team in territories.teams.values()} == set(TeamMethod)
    assert territories.exceptions
    assert any(rule.target.partner for rule in territories.rules)
    assert any(rule.government for rule in territories.rules)
