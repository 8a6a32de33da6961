"""Territories written short: a rule's conditions as words, and whom it gives leads to as one word."""

from dedup_service.domain.postal_codes import PostalRange
from dedup_service.domain.records import Fact
from dedup_service.domain.territories import (
    Target,
    Team,
    TeamMethod,
    TerritoryException,
    TerritoryPolicy,
    TerritoryRule,
    company_key,
    industry_key,
    region_key,
)

GOVERNMENT = Fact("government", flag=True)


def to(who: str) -> Target:
    """ "team dach", "users/ann" or "queue vip", each with "+ Partner" where one applies."""
    who, _, partner = who.partition(" + ")
    what, _, name = who.partition(" ")
    if not name:
        return Target(principal=what, partner=partner)
    return Target(team=name, partner=partner) if what == "team" else Target(queue=name, partner=partner)


def codes(text: str) -> PostalRange:
    """ "80" or "80-83"."""
    first, _, last = text.partition("-")
    return PostalRange(first, last or first)


def rule(
    name: str,
    who: str,
    countries: str = "",
    *,
    government: bool = False,
    industries: tuple[str, ...] = (),
    regions: tuple[str, ...] = (),
    postal: str = "",
) -> TerritoryRule:
    """A rule; countries and postal codes are words."""
    return TerritoryRule(
        name=name,
        target=to(who),
        countries=frozenset(countries.split()),
        government=government,
        industries=frozenset(map(industry_key, industries)),
        regions=frozenset(map(region_key, regions)),
        postal_codes=tuple(map(codes, postal.split())),
    )


def exception(
    name: str, who: str, *, accounts: str = "", companies: tuple[str, ...] = (), domains: str = ""
) -> TerritoryException:
    """An exception; accounts and domains are words."""
    return TerritoryException(
        name=name,
        target=to(who),
        accounts=frozenset(accounts.split()),
        companies=frozenset(map(company_key, companies)),
        domains=frozenset(domains.split()),
    )


def team(
    name: str, members: str, method: TeamMethod = TeamMethod.ROUND_ROBIN, function: str = "sales"
) -> Team:
    """A team of people by their short names."""
    return Team(name, function, tuple(f"users/{each}" for each in members.split()), method)


def policy(*written: Team | TerritoryException | TerritoryRule) -> TerritoryPolicy:
    """Teams, exceptions and rules in the order given."""
    return TerritoryPolicy(
        teams={each.name: each for each in written if isinstance(each, Team)},
        exceptions=tuple(each for each in written if isinstance(each, TerritoryException)),
        rules=tuple(each for each in written if isinstance(each, TerritoryRule)),
    )
