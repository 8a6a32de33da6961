"""Territories: who takes a lead, by the ladder of the company's rules (domain 9.4).

The rungs go in one order: named exceptions, then for the country government and industry, then local
geography, then the country alone, then the general queue. Which rung a rule stands on follows from its
conditions; on a rung the rules go in the order in which they are written, and the first that fits decides.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dedup_service.domain.countries import country_of
from dedup_service.domain.postal_codes import PREFIX, PostalRange, code_of
from dedup_service.domain.records import Fact
from scoring.attributes.email import normalise_email, split_emails
from scoring.attributes.place import normalise_region
from scoring.attributes.website import normalise_domain
from scoring.text import normalise

GENERAL_QUEUE = "general"
GOVERNMENT_FACT = "government"


class Rung(StrEnum):
    """The steps of the ladder, from the top."""

    EXCEPTION = "EXCEPTION"
    GOVERNMENT_OR_INDUSTRY = "GOVERNMENT_OR_INDUSTRY"
    LOCAL_GEOGRAPHY = "LOCAL_GEOGRAPHY"
    COUNTRY = "COUNTRY"
    GENERAL_QUEUE = "GENERAL_QUEUE"

    @property
    def words(self) -> str:
        """As a sentence says it: "local geography"."""
        return self.value.lower().replace("_", " ")


RULE_RUNGS = (Rung.GOVERNMENT_OR_INDUSTRY, Rung.LOCAL_GEOGRAPHY, Rung.COUNTRY)


class TeamMethod(StrEnum):
    """How a team shares out what it gets."""

    ROUND_ROBIN = "ROUND_ROBIN"
    BY_LOAD = "BY_LOAD"


@dataclass(frozen=True, slots=True)
class Team:
    """People of one function who share a territory; `members` are principals in the order of their turns."""

    name: str
    function: str
    members: tuple[str, ...]
    method: TeamMethod = TeamMethod.ROUND_ROBIN


@dataclass(frozen=True, slots=True)
class Target:
    """Who takes it: a team, a principal or a queue, exactly one of them; and a partner where one applies."""

    team: str = ""
    principal: str = ""
    queue: str = ""
    partner: str = ""

    @property
    def words(self) -> str:
        """As a person says it: "team dach, partner Nordlicht"."""
        said = {
            "team ": self.team,
            "": self.principal,
            "queue ": self.queue,
            "partner ": self.partner,
        }
        return ", ".join(f"{what}{name}" for what, name in said.items() if name)


@dataclass(frozen=True, slots=True)
class TerritoryException:
    """A named exception: it fits an account, a company or a domain that it names, whichever is known.

    `accounts` are names of account records, `companies` as `company_key` gives them, and `domains` as
    `normalise_domain` does.
    """

    name: str
    target: Target
    accounts: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TerritoryRule:
    """A rule of the ladder: every condition that it has must hold; without countries it is for all of them.

    `countries` are codes of ISO 3166-1 alpha-2 in capitals, `industries` as `industry_key` gives them, and
    `regions` as `region_key` does. `government` asks for the fact of that name.
    """

    name: str
    target: Target
    countries: frozenset[str] = frozenset()
    government: bool = False
    industries: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    postal_codes: tuple[PostalRange, ...] = ()

    @property
    def rung(self) -> Rung:
        """Where it stands, by its conditions."""
        if self.government or self.industries:
            return Rung.GOVERNMENT_OR_INDUSTRY
        if self.regions or self.postal_codes:
            return Rung.LOCAL_GEOGRAPHY
        return Rung.COUNTRY


@dataclass(frozen=True, slots=True)
class TerritoryPolicy:
    """The teams by name, and the rules in the order written; without any, all goes to the general queue."""

    teams: Mapping[str, Team] = field(default_factory=dict)
    exceptions: tuple[TerritoryException, ...] = ()
    rules: tuple[TerritoryRule, ...] = ()
    general_queue: str = GENERAL_QUEUE


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a lead goes: exactly one of `team`, `principal` and `queue` is set.

    `rule` is the name of the rule or exception that decided, empty at the general queue. `reasons` go from
    the top of the ladder to the rung that decided, and name no value but country, region and postal code.
    """

    rule: str
    rung: Rung
    team: str
    principal: str
    queue: str
    partner: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TeamTurns:
    """What a team's choice depends on: who was chosen last, empty before the first, and the load of each."""

    last_principal: str = ""
    loads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pick:
    """The member of a team whose turn it is, and why."""

    principal: str
    reason: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the rules of the ladder look at; empty where nothing usable is said."""

    country: str
    region: str
    postal_code: str
    industry: str
    government: bool


def company_key(text: str) -> str:
    """A company name as exceptions compare it."""
    return normalise(text)


def industry_key(text: str) -> str:
    """An industry as rules compare it."""
    return " ".join(text.casefold().split())


def region_key(text: str) -> str:
    """A region as rules compare it: "Ohio" and "OH" are one."""
    return normalise_region(text)


def place(
    values: Mapping[str, str], facts: Sequence[Fact], accounts: Collection[str], policy: TerritoryPolicy
) -> Placement:
    """Where somebody with these values and facts goes; always somewhere.

    `accounts` are the names of the records of the account that was recognised; none when none was.
    """
    reasons: list[str] = []
    exception = _exception(values, accounts, policy.exceptions, reasons)
    if exception is not None:
        return _placed(exception.name, Rung.EXCEPTION, exception.target, reasons)
    where = whereabouts(values, facts)
    rules = [rule for rule in policy.rules if not rule.countries or where.country in rule.countries]
    if not where.country:
        reasons.append(_without_country(values))
    elif not rules:
        reasons.append(f"no rule is for {where.country}")
    else:
        by_rung: dict[Rung, list[TerritoryRule]] = {rung: [] for rung in RULE_RUNGS}
        for each in rules:
            by_rung[each.rung].append(each)
        for rung, written in by_rung.items():
            rule = _first_that_fits(written, rung, where, reasons)
            if rule is not None:
                return _placed(rule.name, rung, rule.target, reasons)
    reasons.append(f"what no rule takes goes to the queue {policy.general_queue}")
    return _placed("", Rung.GENERAL_QUEUE, Target(queue=policy.general_queue), reasons)


def whereabouts(values: Mapping[str, str], facts: Iterable[Fact]) -> Whereabouts:
    """What the rules look at, each in one spelling."""
    country = country_of(values.get("country", ""))
    return Whereabouts(
        country=country,
        region=region_key(values.get("region", "")),
        postal_code=code_of(values.get("postal_code", ""), country),
        industry=industry_key(values.get("industry", "")),
        government=any(fact.name == GOVERNMENT_FACT and fact.flag is True for fact in facts),
    )


def pick_member(team: Team, turns: TeamTurns, absent: Collection[str]) -> Pick | None:
    """The member who takes the next one; None when all are absent, and the queue named after the team waits.

    By turns, it is the next after the last one in the order written; by load, whoever was given the least of
    late, and of several the next after the last one.
    """
    members = team.members
    after = members.index(turns.last_principal) + 1 if turns.last_principal in members else 0
    present = [name for name in members[after:] + members[:after] if name not in absent]
    if not present:
        return None
    away = f"; absent: {', '.join(missing)}" if (missing := [m for m in members if m in absent]) else ""
    if team.method is TeamMethod.ROUND_ROBIN:
        since = f"after {turns.last_principal}" if turns.last_principal else "as the first"
        return Pick(present[0], f"the turn in team {team.name} is theirs, {since}{away}")
    chosen = min(present, key=lambda name: turns.loads.get(name, 0))
    load = turns.loads.get(chosen, 0)
    return Pick(chosen, f"was given the fewest of team {team.name} of late: {load}{away}")


def _exception(
    values: Mapping[str, str],
    accounts: Collection[str],
    exceptions: Sequence[TerritoryException],
    reasons: list[str],
) -> TerritoryException | None:
    """The first exception that fits; why, or that none does, is added to `reasons`."""
    if not exceptions:
        return None
    company = company_key(values.get("company_name", ""))
    domains = _domains(values)
    for each in exceptions:
        fits = (
            "the account" if not each.accounts.isdisjoint(accounts) else "",
            "the company name" if company and company in each.companies else "",
            "the domain" if not each.domains.isdisjoint(domains) else "",
        )
        if any(fits):
            what = " and ".join(filter(None, fits))
            reasons.append(f"exceptions: {each.name} names {what}, {each.target.words}")
            return each
    reasons.append("exceptions: none names the account, the company or the domain")
    return None


def _domains(values: Mapping[str, str]) -> frozenset[str]:
    """The domains of mail and website that are a company's own."""
    addresses = [each for name in ("email", "secondary_email") for each in split_emails(values.get(name, ""))]
    hosts = [normalise_email(each).rpartition("@")[2] for each in addresses]
    found = (normalise_domain(host) for host in (*hosts, values.get("website", "")))
    return frozenset(filter(None, found))


def _first_that_fits(
    rules: Sequence[TerritoryRule], rung: Rung, where: Whereabouts, reasons: list[str]
) -> TerritoryRule | None:
    """The first of the rules of a rung that fits; why, or why none does, is added to `reasons`."""
    for rule in rules:
        found = _fit(rule, where)
        if found is not None:
            reasons.append(f"{rung.words}: {rule.name} fits {' and '.join(found)}, {rule.target.words}")
            return rule
    why = _passed_over(rules, rung, where) if rules else ""
    reasons.append(f"{rung.words}: no rule for {where.country}{why}")
    return None


def _fit(rule: TerritoryRule, where: Whereabouts) -> list[str] | None:
    """What a rule of the right country goes by, in words; None when a condition does not hold."""
    found = [where.country]
    if rule.government:
        if not where.government:
            return None
        found.append("government")
    if rule.industries:
        if where.industry not in rule.industries:
            return None
        found.append("the industry")
    if rule.regions:
        if where.region not in rule.regions:
            return None
        found.append(f"region {where.region}")
    if rule.postal_codes:
        code, country = where.postal_code, where.country
        held = next((each for each in rule.postal_codes if code and each.holds(code, country)), None)
        if held is None:
            return None
        found.append(f"postal code {held.written}")
    return found


def _passed_over(rules: Sequence[TerritoryRule], rung: Rung, where: Whereabouts) -> str:
    """Why none of the rules of a rung fits."""
    known = []
    if any(rule.government for rule in rules):
        known.append("it is government" if where.government else "nothing says that it is government")
    if any(rule.industries for rule in rules):
        known.append("its industry is another" if where.industry else "no industry is given")
    if rung is Rung.LOCAL_GEOGRAPHY and any(rule.regions for rule in rules):
        known.append("its region is another" if where.region else "no region is given")
    if rung is Rung.LOCAL_GEOGRAPHY and any(rule.postal_codes for rule in rules):
        code = where.postal_code if PREFIX.fullmatch(where.postal_code) else ""
        given = f"postal code {code}" if code else "its postal code is another"
        known.append(given if where.postal_code else "no postal code is given")
    return f" fits: {', '.join(known)}"


def _without_country(values: Mapping[str, str]) -> str:
    if values.get("country", "").strip():
        return "the country is none that is known, so no rule can be looked for: correct it"
    return "no country is given, so no rule can be looked for: ask for it"


def _placed(rule: str, rung: Rung, target: Target, reasons: Sequence[str]) -> Placement:
    return Placement(rule, rung, target.team, target.principal, target.queue, target.partner, tuple(reasons))
