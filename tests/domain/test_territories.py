"""Who takes a lead: the ladder rung by rung, and whose turn it is in a team (domain 9.4)."""

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup_service.domain.records import Fact
from dedup_service.domain.territories import (
    Rung,
    TeamMethod,
    TeamTurns,
    TerritoryPolicy,
    TerritoryRule,
    company_key,
    pick_member,
    place,
)
from tests.domain.ladders import GOVERNMENT, exception, policy, rule, team

LADDER = policy(
    exception("vip", "users/sara", accounts="sources/erp/records/77", companies=("Nordhafen Logistik GmbH",)),
    exception("partners", "queue partners", domains="isartal.example"),
    rule("de", "team dach", "DE AT"),
    rule("de-bund", "team public", "DE", government=True),
    rule("de-health-south", "users/ida", "DE", industries=("Health Care",), postal="8"),
    rule("de-health", "users/hal", "DE", industries=("Health Care", "Hospitals")),
    rule("munich", "team dach + Isartal", "DE", postal="80-82 85"),
    rule("bavaria", "users/ben", "DE", regions=("Bayern", "Bavaria")),
    rule("all-8", "queue eights", postal="8"),
    rule("london", "users/lea", "GB", postal="SW S"),
    rule("ohio", "users/ann", "US", regions=("Ohio",)),
    rule("any-government", "queue embassies", government=True),
    rule("wales", "users/rhys", "GB", regions=("Wales",), postal="CF SA"),
)

NO_RULE_OF_INDUSTRY = "government or industry: no rule for DE fits"
NO_GOVERNMENT = "nothing says that it is government"

# What the lead says, in the notation of `said`; the rule that takes it; its rung; and who it goes to.
CASES = [
    ("country=DE", "de", "COUNTRY", "team dach"),
    ("country=Deutschland", "de", "COUNTRY", "team dach"),
    ("country=Austria postal_code=8010", "all-8", "LOCAL_GEOGRAPHY", "queue eights"),
    ("country=AT postal_code=1010", "de", "COUNTRY", "team dach"),
    ("country=DE government", "de-bund", "GOVERNMENT_OR_INDUSTRY", "team public"),
    ("country=AT government", "any-government", "GOVERNMENT_OR_INDUSTRY", "queue embassies"),
    ("country=DE postal_code=80331", "munich", "LOCAL_GEOGRAPHY", "team dach, partner Isartal"),
    ("country=DE postal_code=D-85001", "munich", "LOCAL_GEOGRAPHY", "team dach, partner Isartal"),
    ("country=DE postal_code=83022", "all-8", "LOCAL_GEOGRAPHY", "queue eights"),
    ("country=DE postal_code=83022 region=Bayern", "bavaria", "LOCAL_GEOGRAPHY", "users/ben"),
    ("country=DE postal_code=80331 region=Bayern", "munich", "LOCAL_GEOGRAPHY", "team dach, partner Isartal"),
    ("country=DE industry=HOSPITALS", "de-health", "GOVERNMENT_OR_INDUSTRY", "users/hal"),
    ("country=DE industry=health_care", "de-health", "GOVERNMENT_OR_INDUSTRY", "users/hal"),
    (
        "country=DE industry=Health_Care postal_code=81000",
        "de-health-south",
        "GOVERNMENT_OR_INDUSTRY",
        "users/ida",
    ),
    ("country=DE industry=Health_Care government", "de-bund", "GOVERNMENT_OR_INDUSTRY", "team public"),
    ("country=DE industry=Health", "de", "COUNTRY", "team dach"),
    ("country=US region=OH", "ohio", "LOCAL_GEOGRAPHY", "users/ann"),
    ("country=USA region=Ohio", "ohio", "LOCAL_GEOGRAPHY", "users/ann"),
    ("country=US region=Iowa", "", "GENERAL_QUEUE", "queue general"),
    ("country=UK postal_code=SW1A_1AA", "london", "LOCAL_GEOGRAPHY", "users/lea"),
    ("country=UK postal_code=SA1_1AA", "", "GENERAL_QUEUE", "queue general"),
    ("country=UK postal_code=SA1_1AA region=Wales", "wales", "LOCAL_GEOGRAPHY", "users/rhys"),
    ("country=UK region=Wales", "", "GENERAL_QUEUE", "queue general"),
    ("country=FR", "", "GENERAL_QUEUE", "queue general"),
    ("country=FR government", "any-government", "GOVERNMENT_OR_INDUSTRY", "queue embassies"),
    ("postal_code=80331", "", "GENERAL_QUEUE", "queue general"),
    ("government", "", "GENERAL_QUEUE", "queue general"),
    ("country=Atlantis postal_code=80331", "", "GENERAL_QUEUE", "queue general"),
    ("", "", "GENERAL_QUEUE", "queue general"),
    ("account=sources/erp/records/77", "vip", "EXCEPTION", "users/sara"),
    ("account=sources/erp/records/78 country=DE", "de", "COUNTRY", "team dach"),
    ("company_name=NORDHAFEN_Logistik_GmbH. country=DE government", "vip", "EXCEPTION", "users/sara"),
    ("company_name=Nordhafen country=DE", "de", "COUNTRY", "team dach"),
    ("email=ida@shop.isartal.example", "partners", "EXCEPTION", "queue partners"),
    ("secondary_email=ida@isartal.example", "partners", "EXCEPTION", "queue partners"),
    ("website=https://www.isartal.example/about", "partners", "EXCEPTION", "queue partners"),
    ("email=ida@isartal.example company_name=Nordhafen_Logistik_GmbH", "vip", "EXCEPTION", "users/sara"),
    ("email=ida@other-isartal.example country=DE", "de", "COUNTRY", "team dach"),
]


def said(text: str) -> tuple[dict[str, str], list[Fact], list[str]]:
    """Values as field=value with _ for a space, the word government for the fact, and account=NAME."""
    values: dict[str, str] = {}
    facts: list[Fact] = []
    accounts: list[str] = []
    for word in text.split():
        name, _, value = word.partition("=")
        if name == "government":
            facts.append(GOVERNMENT)
        elif name == "account":
            accounts.append(value)
        else:
            values[name] = value.replace("_", " ")
    return values, facts, accounts


@pytest.mark.parametrize(("lead", "name", "rung", "who"), CASES)
def test_the_first_rule_from_the_top_of_the_ladder_takes_the_lead(
    lead: str, name: str, rung: str, who: str
) -> None:
    """Exceptions, government and industry, local geography, the country, the general queue."""
    placed = place(*said(lead), LADDER)
    given_to = [
        f"team {placed.team}" if placed.team else "",
        placed.principal,
        f"queue {placed.queue}" if placed.queue else "",
        f"partner {placed.partner}" if placed.partner else "",
    ]
    assert (placed.rule, placed.rung, ", ".join(filter(None, given_to))) == (name, rung, who)


@pytest.mark.parametrize(
    ("lead", "reasons"),
    [
        (
            "country=DE postal_code=83022",
            [
                "exceptions: none names the account, the company or the domain",
                f"{NO_RULE_OF_INDUSTRY}: {NO_GOVERNMENT}, no industry is given",
                "local geography: all-8 fits DE and postal code 8, queue eights",
            ],
        ),
        (
            "country=DE postal_code=10115 region=Berlin industry=Mining",
            [
                "exceptions: none names the account, the company or the domain",
                f"{NO_RULE_OF_INDUSTRY}: {NO_GOVERNMENT}, its industry is another",
                "local geography: no rule for DE fits: its region is another, postal code 10115",
                "country: de fits DE, team dach",
            ],
        ),
        (
            "",
            [
                "exceptions: none names the account, the company or the domain",
                "no country is given, so no rule can be looked for: ask for it",
                "what no rule takes goes to the queue general",
            ],
        ),
        (
            "country=Atlantis",
            [
                "exceptions: none names the account, the company or the domain",
                "the country is none that is known, so no rule can be looked for: correct it",
                "what no rule takes goes to the queue general",
            ],
        ),
        (
            "email=ida@isartal.example country=DE",
            ["exceptions: partners names the domain, queue partners"],
        ),
    ],
)
def test_the_reasons_go_down_the_ladder_to_what_decided(lead: str, reasons: list[str]) -> None:
    """Each rung passed over says why, and the last line who takes it."""
    assert list(place(*said(lead), LADDER).reasons) == reasons


def test_a_rung_without_rules_for_the_country_is_said_to_have_none() -> None:
    """Nobody looks for a rule that is not there."""
    placed = place({"country": "AT"}, (), (), policy(rule("at", "users/ann", "AT")))
    assert list(placed.reasons) == [
        "government or industry: no rule for AT",
        "local geography: no rule for AT",
        "country: at fits AT, users/ann",
    ]


def test_without_a_policy_all_goes_to_the_general_queue() -> None:
    """An absent section is no error."""
    placed = place({"country": "DE"}, (), (), TerritoryPolicy())
    assert (placed.queue, placed.rung, placed.rule) == ("general", Rung.GENERAL_QUEUE, "")
    assert placed.reasons == ("no rule is for DE", "what no rule takes goes to the queue general")


def test_a_flag_that_is_not_set_is_no_government() -> None:
    """A source may also say that somebody is not."""
    facts = [Fact("government", flag=False), Fact("current_account", flag=True)]
    assert place({"country": "DE"}, facts, (), LADDER).rule == "de"


def test_free_mail_is_nobodys_domain() -> None:
    """An exception can be about a company only."""
    ladder = policy(exception("mail", "users/ann", domains="gmail.com"))
    assert place({"email": "someone@gmail.com"}, (), (), ladder).rung is Rung.GENERAL_QUEUE


def test_reasons_repeat_no_personal_value() -> None:
    """Country, region and postal code may be told; and a code that is none is not repeated."""
    values = {
        "full_name": "Zoe Zimmer",
        "email": "zoe@zimmer.example",
        "company_name": "Zimmer KG",
        "industry": "Zithers",
        "region": "Zell am See",
        "postal_code": "call zoe on 555 0142 instead",
        "country": "AT",
    }
    told = " ".join(place(values, (), (), LADDER).reasons).lower()
    assert [word for word in ("zoe", "zim", "zither", "zell", "555") if word in told] == []


RULES = st.builds(
    rule,
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(["team t", "users/ann", "queue q", "users/ben + P"]),
    st.sampled_from(["", "DE", "GB DE", "US"]),
    government=st.booleans(),
    industries=st.sampled_from([(), ("Mining",)]),
    regions=st.sampled_from([(), ("Ohio", "Bayern")]),
    postal=st.sampled_from(["", "8", "80-83 SW"]),
)
VALUES = st.dictionaries(
    st.sampled_from(["country", "region", "postal_code", "industry", "email", "website", "company_name"]),
    st.sampled_from(["DE", "UK", "Ohio", "80331", "SW1A 1AA", "mining", "a@b.example", "@", ""]) | st.text(),
)


# The first draw of a text is slow on a busy machine, whatever is drawn.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.booleans(), st.lists(RULES, max_size=6), st.randoms(use_true_random=False))
def test_everybody_goes_somewhere_whatever_they_say(
    values: dict[str, str], government: bool, rules: list[TerritoryRule], order: random.Random
) -> None:
    """There is always exactly one target, and the order in which values are sent does not matter."""
    ladder = policy(*rules)
    facts = [GOVERNMENT] if government else []
    placed = place(values, facts, (), ladder)
    assert sum(map(bool, (placed.team, placed.principal, placed.queue))) == 1
    assert placed.reasons
    items = list(values.items())
    order.shuffle(items)
    assert place(dict(items), facts, (), ladder) == placed


def test_company_names_are_compared_without_accents_and_punctuation() -> None:
    """The same name typed by two people is one."""
    assert company_key("Müller & Söhne, K.G.") == company_key("MULLER & SOHNE K G")


def test_turns_go_in_the_order_written() -> None:
    """After the last one of the list comes the first."""
    three = team("dach", "ann ben cleo")
    turns = ["", "users/ann", "users/ben", "users/cleo", "users/gone"]
    picks = [pick_member(three, TeamTurns(last), ()) for last in turns]
    chosen = [pick.principal for pick in picks if pick]
    assert chosen == ["users/ann", "users/ben", "users/cleo", "users/ann", "users/ann"]


def test_an_absent_member_is_passed_over_and_named() -> None:
    """The choice says why it was not the next one."""
    pick = pick_member(team("dach", "ann ben cleo"), TeamTurns("users/ann"), {"users/ben"})
    assert pick
    assert pick.principal == "users/cleo"
    assert pick.reason == "the turn in team dach is theirs, after users/ann; absent: users/ben"


def test_a_team_that_is_all_absent_picks_nobody() -> None:
    """What it gets waits in its queue."""
    both = {"users/ann", "users/ben"}
    assert pick_member(team("dach", "ann ben"), TeamTurns(), both) is None
    assert pick_member(team("dach", "ann ben", TeamMethod.BY_LOAD), TeamTurns(), both) is None


LOADED = team("world", "ann ben cleo", TeamMethod.BY_LOAD)


@pytest.mark.parametrize(
    ("last", "loads", "absent", "chosen"),
    [
        ("", {"users/ann": 3, "users/ben": 1, "users/cleo": 2}, "", "users/ben"),
        ("", {"users/ann": 3, "users/ben": 1}, "", "users/cleo"),
        ("users/ben", {}, "", "users/cleo"),
        ("users/cleo", {"users/ann": 2, "users/ben": 2, "users/cleo": 2}, "", "users/ann"),
        ("users/ann", {"users/ann": 2, "users/ben": 2, "users/cleo": 2}, "", "users/ben"),
        ("", {"users/ann": 3, "users/ben": 1, "users/cleo": 2}, "users/ben", "users/cleo"),
    ],
)
def test_by_load_whoever_has_the_least_is_next(
    last: str, loads: dict[str, int], absent: str, chosen: str
) -> None:
    """Among equals, the next after the last one; nobody who is absent."""
    pick = pick_member(LOADED, TeamTurns(last, loads), {absent})
    assert pick
    assert pick.principal == chosen


def test_the_choice_by_load_says_how_much_there_is() -> None:
    """The reason is kept with the choice."""
    pick = pick_member(LOADED, TeamTurns("", {"users/ann": 4, "users/ben": 1, "users/cleo": 9}), ())
    assert pick
    assert pick.reason == "was given the fewest of team world of late: 1"


PEOPLE = ["ann", "ben", "cleo", "dan", "eva"]


@given(st.integers(1, 5), st.sets(st.sampled_from(PEOPLE)), st.integers(1, 4), st.sampled_from(TeamMethod))
def test_turns_are_fair(size: int, away: set[str], rounds: int, method: TeamMethod) -> None:
    """Over whole rounds everybody present gets the same, by turns and, as loads grow with it, by load."""
    sharing = team("t", " ".join(PEOPLE[:size]), method)
    absent = {f"users/{name}" for name in away}
    present = [name for name in sharing.members if name not in absent]
    got: Counter[str] = Counter()
    last = ""
    for _ in range(rounds * len(present)):
        pick = pick_member(sharing, TeamTurns(last, got), absent)
        assert pick
        last = pick.principal
        got[last] += 1
    assert got == Counter(dict.fromkeys(present, rounds) if present else {})
