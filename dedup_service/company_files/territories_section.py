"""The section `territories` of a policy: who takes a lead, by the ladder (domain 9.4)."""

import re
from collections.abc import Mapping

from dedup_service.company_files.named_entries import NAME_RULE, distinct, named_entries
from dedup_service.company_files.places import Place, Section, words
from dedup_service.domain.countries import COUNTRIES, country_of
from dedup_service.domain.postal_codes import PREFIX, PostalRange
from dedup_service.domain.records import SOURCE_PATTERN, SOURCE_RECORD_ID_PATTERN
from dedup_service.domain.territories import (
    GENERAL_QUEUE,
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
from scoring.attributes.website import normalise_domain

MAX_RULES = 2000
MAX_TEAMS = 200
MAX_MEMBERS = 200

_TARGET_KEYS = ("team", "principal", "queue", "partner")
_PERSON = re.compile(r"users/[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")
_PERSON_RULE = "must be a person such as users/ann"
_PARTNER = re.compile(r"[^\t\n\r]{1,200}")
_PARTNER_RULE = "must be a name of 1 to 200 characters in one line"
_COUNTRY = re.compile(r"[A-Z]{2}")
_COUNTRY_RULE = "must be the two capital letters of a country such as DE (ISO 3166-1)"
_CODES = re.compile(r"[0-9A-Za-z ]{1,16}(-[0-9 ]{1,16})?")
_CODES_RULE = 'must be the beginning of postal codes such as "80" or SW1, or a range of them such as "80-83"'
_RANGE = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")
_ACCOUNT = re.compile(rf"sources/{SOURCE_PATTERN.pattern}/records/{SOURCE_RECORD_ID_PATTERN.pattern}")
_ACCOUNT_RULE = "must be an account record such as sources/erp/records/4711"
_DOMAIN = re.compile(r"[^\s/@:]{1,253}")
_DOMAIN_RULE = "must be a domain such as acme.example, without www, @ or a path"


def read_territories(place: Place, functions: Mapping[str, str]) -> TerritoryPolicy:
    """Teams of these functions, exceptions and rules; without the section all goes to the general queue."""
    top = place.section("general_queue", "teams", "exceptions", "rules")
    teams = _teams(top.get("teams"), functions)
    taken: dict[str, int] = {}
    return TerritoryPolicy(
        general_queue=top.get("general_queue").text(SOURCE_PATTERN, NAME_RULE, default=GENERAL_QUEUE),
        teams=teams,
        exceptions=tuple(
            _exception(name, entry, teams)
            for name, entry in named_entries(
                top.get("exceptions"),
                ("accounts", "companies", "domains", *_TARGET_KEYS),
                taken,
                MAX_RULES,
                "exceptions",
            )
        ),
        rules=tuple(
            _rule(name, entry, teams)
            for name, entry in named_entries(
                top.get("rules"),
                ("countries", "government", "industries", "regions", "postal_codes", *_TARGET_KEYS),
                taken,
                MAX_RULES,
                "rules",
            )
        ),
    )


def _teams(place: Place, functions: Mapping[str, str]) -> dict[str, Team]:
    found = {}
    entries = place.named(SOURCE_PATTERN, NAME_RULE)
    if len(entries) > MAX_TEAMS:
        place.wrong(f"must have at most {MAX_TEAMS} teams, not {len(entries)}")
    for name, entry in list(entries.items())[:MAX_TEAMS]:
        team = entry.section("function", "method", "members")
        members = team["members"]
        people = members.items()
        if len(people) > MAX_MEMBERS:
            members.wrong(f"must name at most {MAX_MEMBERS} people, not {len(people)}")
        if isinstance(members.value, tuple) and not people:
            members.wrong("must name at least one person")
        found[name] = Team(
            name=name,
            function=team["function"].one_of(functions, "function", ""),
            method=team.get("method").one_of(words(TeamMethod), "method", TeamMethod.ROUND_ROBIN),
            members=_members(people[:MAX_MEMBERS]),
        )
    return found


def _members(people: tuple[Place, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item in people:
        name = item.text(_PERSON, _PERSON_RULE)
        if name and name in found:
            item.wrong("is named twice: keep one")
        found[name] = None
    return tuple(found)


def _exception(name: str, entry: Section, teams: Mapping[str, Team]) -> TerritoryException:
    named = [entry.get(key) for key in ("accounts", "companies", "domains")]
    if isinstance(entry.place.value, Mapping) and all(each.absent for each in named):
        entry.place.wrong("must name accounts, companies or domains")
    accounts, companies, domains = named
    for item in domains.items():
        _check_domain(item)
    return TerritoryException(
        name=name,
        target=_target(entry, teams),
        accounts=distinct(accounts, str, _ACCOUNT, _ACCOUNT_RULE),
        companies=distinct(companies, company_key),
        domains=distinct(domains, str.casefold, _DOMAIN, _DOMAIN_RULE),
    )


def _check_domain(item: Place) -> None:
    """A domain must be one that only one company has, written as the values of records are read."""
    text = item.written.casefold()
    if not _DOMAIN.fullmatch(text):
        return
    own = normalise_domain(text)
    if not own:
        item.wrong("belongs to a provider or platform that many companies use, or is no domain: leave it out")
    elif own != text:
        item.wrong(f"is a part of {own}, and domains are compared as a whole: write {own}")


def _rule(name: str, entry: Section, teams: Mapping[str, Team]) -> TerritoryRule:
    government = entry.get("government")
    if not government.absent and not government.flag(default=True):
        government.wrong("must be true: a rule without it is for government and all others")
    return TerritoryRule(
        name=name,
        target=_target(entry, teams),
        countries=_countries(entry.get("countries")),
        government=not government.absent,
        industries=distinct(entry.get("industries"), industry_key),
        regions=distinct(entry.get("regions"), region_key),
        postal_codes=_postal_codes(entry.get("postal_codes")),
    )


def _countries(place: Place) -> frozenset[str]:
    found = distinct(place, str, _COUNTRY, _COUNTRY_RULE)
    unknown = found - COUNTRIES
    for item in place.items():
        if item.written in unknown:
            meant = country_of(item.written)
            item.wrong(f"{_COUNTRY_RULE}; {f'write {meant}' if meant else 'no country has these'}")
    return found


def _postal_codes(place: Place) -> tuple[PostalRange, ...]:
    found: dict[PostalRange, None] = {}
    for item in place.items():
        text = item.text(_CODES, _CODES_RULE).replace(" ", "").upper()
        codes = _postal_range(text)
        if text and codes is None:
            item.wrong(f"{_CODES_RULE}, both with as many digits and the lower one first")
        elif codes in found:
            item.wrong("is named twice: keep one")
        elif codes is not None:
            found[codes] = None
    if isinstance(place.value, tuple) and not place.value:
        place.wrong("must name at least one: leave the line out where any will do")
    return tuple(found)


def _postal_range(text: str) -> PostalRange | None:
    if PREFIX.fullmatch(text):
        return PostalRange(text, text)
    ends = _RANGE.fullmatch(text)
    if ends is None or len(ends[1]) != len(ends[2]) or ends[1] >= ends[2]:
        return None
    return PostalRange(ends[1], ends[2])


def _target(entry: Section, teams: Mapping[str, Team]) -> Target:
    """Who takes it: exactly one of a team, a person and a queue; and a partner if one is named."""
    given = [key for key in ("team", "principal", "queue") if not entry.get(key).absent]
    if isinstance(entry.place.value, Mapping) and len(given) != 1:
        said = f", not {' and '.join(given)}" if given else ""
        entry.place.wrong(f"must say one of team, principal and queue{said}")
    team = entry.get("team")
    if not teams and not team.absent:
        team.wrong("there are no teams: write it under teams, or give a principal or a queue")
    return Target(
        team=team.one_of({name: name for name in teams}, "team", ""),
        principal=entry.get("principal").text(_PERSON, _PERSON_RULE),
        queue=entry.get("queue").text(SOURCE_PATTERN, NAME_RULE),
        partner=entry.get("partner").text(_PARTNER, _PARTNER_RULE),
    )
