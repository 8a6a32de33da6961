"""Where people work: firms of very unequal size, each with a domain, switchboard, office and mailbox form."""

from dataclasses import dataclass, field
from random import Random

from benchmarks.hard_crm.corruption import without_marks
from benchmarks.hard_crm.places import Address, Phone, address, landline
from benchmarks.hard_crm.vocabulary import Place, Vocabulary, Weighted

_DOMAINS = {
    "US": "com",
    "GB": "co.uk",
    "DE": "de",
    "FR": "fr",
    "ES": "es",
    "IT": "it",
    "NL": "nl",
    "SE": "se",
}
# One firm per so many records: a CRM knows a few people at most of its customers and hundreds at some.
RECORDS_PER_EMPLOYER = 16


def plain(text: str) -> str:
    """The letters and digits of a text, as they stand in a mailbox or a domain."""
    return "".join(letter for letter in without_marks(text).lower() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class Employer:
    """A firm as its people's records show it."""

    name: str
    legal_form: str
    short_name: str
    domain: str
    office: Address
    switchboard: Phone
    mailbox_pattern: int


@dataclass(slots=True)
class Mailboxes:
    """Every address given out, so that two people share a mailbox only where the population says so."""

    given_out: dict[str, int] = field(default_factory=dict)

    def own(self, local_part: str, domain: str) -> str:
        """The address, with a number behind the local part where somebody else has it."""
        wanted = mailbox = f"{local_part}@{domain}"
        while mailbox in self.given_out:
            self.given_out[wanted] += 1
            mailbox = f"{local_part}{self.given_out[wanted]}@{domain}"
        self.given_out[mailbox] = 1
        return mailbox

    def at_work(self, employer: Employer, given: str, family: str) -> str:
        """The address after the employer's pattern."""
        first, last = plain(given), plain(family)
        local_part = (
            f"{first}.{last}",
            f"{first[:1]}{last}",
            f"{first[:1]}.{last}",
            first,
            f"{last}{first[:1]}",
            f"{first}_{last}",
        )[employer.mailbox_pattern]
        return self.own(local_part or "office", employer.domain)


class Employers:
    """All firms, drawn by country and, as most people do, from the person's own city."""

    def __init__(self, words: Vocabulary, record_count: int, random: Random) -> None:
        self._in_country: dict[str, Weighted[Employer]] = {}
        self._in_city: dict[str, Weighted[Employer]] = {}
        firms: dict[str, list[tuple[Employer, float]]] = {}
        cities: dict[str, list[tuple[Employer, float]]] = {}
        domains: set[str] = set()
        for rank in range(max(12, record_count // RECORDS_PER_EMPLOYER)):
            country = words.countries.draw(random)
            place = words.places[country].draw(random)
            firm = _employer(words, place, random, domains)
            weight = (rank + 4) ** -0.75
            firms.setdefault(country, []).append((firm, weight))
            cities.setdefault(place.city, []).append((firm, weight))
        self._anywhere = Weighted([pair for rows in firms.values() for pair in rows])
        for country, rows in firms.items():
            self._in_country[country] = Weighted(rows)
        for city, rows in cities.items():
            self._in_city[city] = Weighted(rows)

    def near(self, place: Place, random: Random) -> Employer:
        """An employer of somebody who lives there."""
        if place.city in self._in_city and random.random() < 0.7:
            return self._in_city[place.city].draw(random)
        return self._in_country.get(place.country, self._anywhere).draw(random)


def firm_name(words: Vocabulary, country: str, random: Random) -> tuple[str, str]:
    """A name without its legal form, and the short form that people use of it."""
    kind = random.random()
    sector = words.words["sector"].draw(random).text
    if kind < 0.4:
        stem = words.words["stem"].draw(random).text
        return f"{stem} {sector}", stem if random.random() < 0.3 else f"{stem} {sector}"
    if kind < 0.65:
        family = words.family_names[country].draw(random)
        if random.random() < 0.3:
            other = words.family_names[country].draw(random)
            return f"{family} & {other} {sector}", f"{family} & {other}"
        return f"{family} {sector}", family
    brand = coined(words, random)
    return f"{brand} {sector}", brand


def coined(words: Vocabulary, random: Random) -> str:
    """An invented brand of two or three syllables."""
    return "".join(words.words["syllable"].draw(random).text for _ in range(random.choice((2, 2, 3)))).title()


def _employer(words: Vocabulary, place: Place, random: Random, domains: set[str]) -> Employer:
    name, short_name = firm_name(words, place.country, random)
    ending = "com" if random.random() < 0.5 else _DOMAINS.get(place.country, "com")
    label = plain(short_name) if random.random() < 0.4 else plain(name)
    domain = f"{label}.{ending}"
    if domain in domains:
        domain = f"{label}-{plain(place.city)[:6]}{random.randrange(90)}.{ending}"
    domains.add(domain)
    return Employer(
        name=name,
        legal_form=words.legal_forms[place.country].draw(random).text,
        short_name=short_name,
        domain=domain,
        office=address(words, place, random, flat_share=0.3),
        switchboard=landline(place, random),
        mailbox_pattern=random.choice((0, 0, 0, 1, 1, 2, 3, 4, 5)),
    )
