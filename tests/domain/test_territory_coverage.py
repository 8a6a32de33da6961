"""What rules cover, computed exactly: held against trying every lead of a small world."""

from collections.abc import Iterator
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from dedup_service.domain.records import Fact
from dedup_service.domain.territories import TerritoryPolicy, place
from dedup_service.domain.territory_check import ProblemKind, check
from dedup_service.domain.territory_coverage import Box, grounds, left_over
from tests.domain.ladders import GOVERNMENT, policy, rule


def test_what_takes_too_long_to_find_out_is_not_claimed() -> None:
    """A rule is called unreachable only where that is certain."""
    whole: Box = (3, 3, 3, 3)
    halves: list[Box] = [(1, 3, 3, 3), (2, 3, 3, 3)]
    assert not left_over(whole, halves)
    assert left_over(whole, halves, most=1)


def test_countries_with_the_same_rules_are_one_group() -> None:
    """Each country is in one group at most, and those without any rule in none."""
    found = grounds([rule("dach", "users/ann", "DE AT CH"), rule("at", "users/ben", "AT", postal="1")])
    assert sorted(each.countries for each in found) == [("AT",), ("CH", "DE")]


# A small world in which every lead can be tried; codes of these countries are taken as they are written.
COUNTRIES = ("AT", "PL", "NO")
INDUSTRIES = ("Health", "Mining")
REGIONS = ("Oslo", "Graz")
BEGINNINGS = ("0", "1", "2", "0-4", "5-9", "00-49", "50-99", "10", "15", "11-19", "1-8", "0-9")


def everybody() -> Iterator[tuple[dict[str, str], tuple[Fact, ...]]]:
    """Every lead of the small world, and some who say something that no rule knows."""
    codes = ["", *(f"{number:02}" for number in range(100))]
    for country, government, industry, region, code in product(
        COUNTRIES, (False, True), ("", "Other", *INDUSTRIES), ("", "Other", *REGIONS), codes
    ):
        values = {"country": country, "industry": industry, "region": region, "postal_code": code}
        yield values, (GOVERNMENT,) if government else ()


def some(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    """Often none: only rules that ask for little cover others."""
    return st.just(()) | st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


@st.composite
def ladders(draw: st.DrawFn) -> TerritoryPolicy:
    """A few rules that get in each other's way."""
    rules = [
        rule(
            f"r{number}",
            f"users/u{draw(st.integers(1, 2))}",
            " ".join(draw(some(COUNTRIES))),
            government=draw(st.sampled_from([False, False, True])),
            industries=draw(some(INDUSTRIES)),
            regions=draw(some(REGIONS)),
            postal=" ".join(draw(some(BEGINNINGS, 3))),
        )
        for number in range(draw(st.integers(1, 7)))
    ]
    return policy(*rules)


@settings(max_examples=10, deadline=None)
@given(ladders())
def test_a_rule_is_called_unreachable_just_when_no_lead_reaches_it(ladder: TerritoryPolicy) -> None:
    """Every lead of a small world goes down the ladder; the check needs none of them to know the same."""
    unreached = {each.rules[0] for each in check(ladder) if each.kind is ProblemKind.UNREACHABLE}
    reached: set[str] = set()
    for values, facts in everybody():
        reached.add(place(values, facts, (), ladder).rule)
    assert unreached == {each.name for each in ladder.rules} - reached
