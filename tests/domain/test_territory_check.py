"""Gaps, overlaps, rules that are never reached, and members who are nobody."""

from dataclasses import replace

import pytest

from dedup_service.domain.principals import Principal, PrincipalType
from dedup_service.domain.territories import (
    Team,
    TerritoryException,
    TerritoryRule,
)
from dedup_service.domain.territory_check import ProblemKind, Severity, TerritoryProblem, check
from tests.domain.ladders import exception, policy, rule, team

Written = Team | TerritoryException | TerritoryRule
REST = rule("rest", "queue rest")


def told(*written: Written) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is found, without the sentences."""
    return [(each.severity, each.kind, each.rules) for each in check(policy(*written))]


# What is written, and the findings: severity, kind, and the rules that they are about.
CASES: list[tuple[str, list[Written], list[tuple[str, str, tuple[str, ...]]]]] = [
    ("nothing at all", [], []),
    ("one rule for all", [REST], []),
    ("a country and the rest", [rule("de", "users/ann", "DE"), REST], []),
    (
        "countries that no rule names",
        [rule("de", "users/ann", "DE")],
        [("NOTE", "GAP", ())],
    ),
    (
        "a country without a rule for it alone",
        [rule("de-80", "users/ann", "DE", postal="80"), rule("at", "users/ann", "AT")],
        [("WARNING", "GAP", ("de-80",)), ("NOTE", "GAP", ())],
    ),
    (
        "the same country twice",
        [rule("de", "users/ann", "DE"), rule("again", "users/ben", "DE"), REST],
        [("ERROR", "UNREACHABLE", ("again", "de"))],
    ),
    (
        "the rest written first",
        [REST, rule("de", "users/ann", "DE")],
        [("ERROR", "UNREACHABLE", ("de", "rest"))],
    ),
    (
        "two countries, each taken by another rule",
        [
            rule("de", "users/ann", "DE"),
            rule("at", "users/ben", "AT"),
            rule("dach", "users/cy", "DE AT"),
            REST,
        ],
        [("ERROR", "UNREACHABLE", ("dach", "at", "de"))],
    ),
    (
        "countries that overlap in part",
        [rule("dach", "users/ann", "DE AT CH"), rule("alps", "users/ben", "AT CH IT"), REST],
        [("WARNING", "OVERLAP", ("alps", "dach"))],
    ),
    (
        "one country out of several first",
        [rule("at", "users/ann", "AT"), rule("dach", "users/ben", "DE AT CH"), REST],
        [("NOTE", "OVERLAP", ("dach", "at"))],
    ),
    (
        "an overlap that gives the leads to the same",
        [rule("dach", "users/ann", "DE AT CH"), rule("alps", "users/ann", "AT CH IT"), REST],
        [],
    ),
    (
        "postal codes taken by ranges that meet",
        [
            rule("low", "users/ann", "AT", postal="10-14"),
            rule("high", "users/ben", "AT", postal="15-19"),
            rule("one", "users/cy", "AT", postal="1"),
            REST,
        ],
        [("ERROR", "UNREACHABLE", ("one", "low", "high"))],
    ),
    (
        "postal codes of which one is left",
        [
            rule("low", "users/ann", "AT", postal="10-13"),
            rule("high", "users/ann", "AT", postal="15-19"),
            rule("one", "users/ann", "AT", postal="1"),
            REST,
        ],
        [],
    ),
    (
        "a hole between postal codes",
        [
            rule("low", "users/ann", "AT", postal="80-83"),
            rule("high", "users/ann", "AT", postal="85-89"),
            REST,
        ],
        [("NOTE", "GAP", ("low", "high"))],
    ),
    (
        "towns far apart",
        [rule("towns", "users/ann", "AT", postal="10 80"), REST],
        [],
    ),
    (
        "a hole that falls to the general queue",
        [rule("towns", "users/ann", "AT", postal="10 80"), rule("de", "users/ann", "DE")],
        [("WARNING", "GAP", ("towns",)), ("WARNING", "GAP", ("towns",)), ("NOTE", "GAP", ())],
    ),
    (
        "all codes, but none may be given",
        [
            rule("codes", "users/ann", "AT", postal="0-9"),
            rule("ohio", "users/ben", "AT", regions=("O",)),
            REST,
        ],
        [("WARNING", "OVERLAP", ("ohio", "codes"))],
    ),
    (
        "British districts",
        [rule("s", "users/ann", "GB", postal="S"), rule("sw", "users/ben", "GB", postal="SW SW1"), REST],
        [],
    ),
    (
        "a British district within its area",
        [rule("sw", "users/ann", "GB", postal="SW"), rule("sw1", "users/ben", "GB", postal="SW1 SW1A"), REST],
        [("ERROR", "UNREACHABLE", ("sw1", "sw"))],
    ),
    (
        "letters that in another country are an area",
        [
            rule("s", "users/ann", "GB IE", postal="S"),
            rule("sw", "users/ben", "IE", postal="SW"),
            REST,
        ],
        [("ERROR", "UNREACHABLE", ("sw", "s"))],
    ),
    (
        "letters that are an area in one of two countries",
        [
            rule("s", "users/ann", "AT GB", postal="S"),
            rule("sw", "users/ben", "AT GB", postal="SW"),
            REST,
        ],
        [("WARNING", "OVERLAP", ("sw", "s"))],
    ),
    (
        "a rule that takes all, beside one that takes a part",
        [
            rule("town", "users/cy", "AT", postal="10"),
            rule("at", "users/ann", "AT"),
            rule("again", "users/ben", "AT"),
            REST,
        ],
        [("ERROR", "UNREACHABLE", ("again", "at"))],
    ),
    (
        "a hole that only some industries fill",
        [
            rule("low", "users/ann", "AT", postal="80-83"),
            rule("health", "users/ann", "AT", industries=("Health",), postal="84"),
            rule("high", "users/ann", "AT", postal="85-89"),
            REST,
        ],
        [("NOTE", "GAP", ("low", "high"))],
    ),
    (
        "a note and a warning",
        [team("idle", "ann"), rule("de", "users/ann", "DE")],
        [("WARNING", "UNUSED_TEAM", ("idle",)), ("NOTE", "GAP", ())],
    ),
    (
        "government and an industry",
        [
            rule("health", "users/ann", "AT", industries=("Health",)),
            rule("government", "users/ben", "AT", government=True),
            REST,
        ],
        [("WARNING", "OVERLAP", ("government", "health"))],
    ),
    (
        "a rung above takes all of a rule below",
        [
            rule("health", "users/ann", "AT", industries=("Health",)),
            rule("ohio-health", "users/ben", "AT", industries=("health",), regions=("Ohio",)),
            REST,
        ],
        [("ERROR", "UNREACHABLE", ("ohio-health", "health"))],
    ),
    (
        "rungs do not overlap",
        [
            rule("health", "users/ann", "AT", industries=("Health",)),
            rule("ohio", "users/ben", "AT", regions=("Ohio",)),
            REST,
        ],
        [],
    ),
    (
        "an exception that is named before",
        [
            exception("one", "users/ann", companies=("A", "B"), domains="a.example"),
            exception("two", "users/ben", accounts="sources/erp/records/1"),
            exception("three", "users/cy", companies=("B",), accounts="sources/erp/records/1"),
            REST,
        ],
        [("ERROR", "UNREACHABLE", ("three", "two", "one"))],
    ),
    (
        "an exception that is named before in part",
        [
            exception("one", "users/ann", companies=("A", "B")),
            exception("two", "users/ben", companies=("B", "C")),
            REST,
        ],
        [("WARNING", "OVERLAP", ("two", "one"))],
    ),
    (
        "a company of the name of a domain",
        [
            exception("one", "users/ann", companies=("a.example",)),
            exception("two", "users/ben", domains="a.example"),
            REST,
        ],
        [],
    ),
    (
        "a team that gets nothing",
        [team("idle", "ann"), team("busy", "ben"), rule("rest", "team busy")],
        [("WARNING", "UNUSED_TEAM", ("idle",))],
    ),
    (
        "a team of an exception",
        [team("vip", "ann"), exception("vip", "team vip", domains="a.example"), REST],
        [],
    ),
]


@pytest.mark.parametrize(("written", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_wrong_with_a_ladder_is_found(
    written: list[Written], found: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    """And nothing else is; the worst comes first."""
    assert told(*written) == found


MOVE_UP = "move it up if they are on one rung, narrow them, or take it out"
FILL_HOLE = "they go to the rule for the country: add them to one if that is not meant"
TO_THE_QUEUE = "what fits none of these rules goes to the queue general"


def only(*written: Written) -> TerritoryProblem:
    (found,) = check(policy(*written))
    return found


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            [rule("de", "users/ann", "DE"), rule("again", "users/ben", "DE"), REST],
            f"the rule again is never reached: de takes all that fits it; {MOVE_UP}",
        ),
        (
            [
                rule("low", "users/ann", "AT", postal="800-834"),
                rule("high", "users/ann", "AT", postal="836-839 84"),
                REST,
            ],
            f"AT: no rule takes the postal codes 835 between those of these rules; {FILL_HOLE}",
        ),
        (
            [
                rule("low", "users/ann", "AT", postal="0-2"),
                rule("high", "users/ann", "AT", postal="50-79"),
                REST,
            ],
            f"AT: no rule takes the postal codes 3-4 between those of these rules; {FILL_HOLE}",
        ),
        (
            [rule("government", "users/ann", government=True)],
            f"countries that no rule names: {TO_THE_QUEUE}; write a rule without conditions",
        ),
    ],
)
def test_a_finding_says_what_to_do(written: list[Written], sentence: str) -> None:
    """In one sentence, with the names that the policy uses."""
    assert only(*written).sentence == sentence


PEOPLE = {
    name: Principal(name, kind, frozenset(functions))
    for name, kind, functions in (
        ("users/ann", PrincipalType.HUMAN, {"sales"}),
        ("users/paula", PrincipalType.HUMAN, {"partners"}),
        ("services/importer", PrincipalType.SERVICE, {"sales"}),
    )
}


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ("users/ann", ""),
        ("users/nobody", "users/nobody of the team t is not one of the principals"),
        ("users/paula", "users/paula of the team t does not hold the function sales"),
        ("services/importer", "services/importer of the team t is a service account, which works no leads"),
    ],
)
def test_members_are_people_of_the_function(member: str, problem: str) -> None:
    """Somebody who has left, or changed their function, is an error."""
    of_one = replace(team("t", "ann"), members=(member,))
    found = check(policy(of_one, rule("rest", "team t")), PEOPLE.get)
    said = [f"{problem}: correct the team or the principals"] if problem else []
    assert [each.sentence for each in found] == said
    assert {each.severity for each in found} <= {Severity.ERROR}


def test_a_rule_gives_leads_to_a_person_who_exists() -> None:
    """Rules and exceptions are looked at; whatever function the person holds."""
    written = policy(
        exception("vip", "users/gone", domains="a.example"),
        rule("rest", "users/paula"),
        rule("de", "x", "DE"),
    )
    found = [each for each in check(written, PEOPLE.get) if each.kind is ProblemKind.MEMBER]
    assert [each.rules for each in found] == [("vip",), ("de",)]


def test_many_rules_are_not_all_listed() -> None:
    """A sentence stays readable; the finding names them all."""
    many = [rule(f"r{number}", f"users/u{number}", "DE", postal=f"{number}0") for number in range(1, 10)]
    every = rule("all", "users/ann", "DE", postal="1-9")
    (found,) = check(policy(*many, every, REST))
    assert found.rules == ("all", *(each.name for each in many))
    assert found.sentence.startswith("r1, r2, r3, r4, r5 and 4 others take a part of all first")
