"""The companies behind the records: single firms, groups, branches and franchises.

What looks alike is shared on purpose: a group its domain and part of its name, branches their website,
neighbours in a serviced office their address, clients of one accountant the accountant's telephone.
Each is an entity of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from benchmarks.hard_crm.employers import Mailboxes, coined, plain
from benchmarks.hard_crm.places import Address, Phone, address, landline
from benchmarks.hard_crm.vocabulary import Place, Vocabulary, Word

_ENDINGS = {
    "US": "com",
    "GB": "co.uk",
    "DE": "de",
    "FR": "fr",
    "ES": "es",
    "IT": "it",
    "NL": "nl",
    "SE": "se",
    "IN": "in",
}
_FREE_MAIL = {
    "US": "gmail.com",
    "GB": "btconnect.com",
    "DE": "t-online.de",
    "FR": "orange.fr",
    "IN": "gmail.com",
}
_TAX_PREFIX = {
    "US": "",
    "GB": "GB",
    "DE": "DE",
    "FR": "FR",
    "ES": "ES",
    "IT": "IT",
    "NL": "NL",
    "SE": "SE",
    "IN": "",
}
# One building and one accountant for so many companies of a city.
_COMPANIES_PER_BUILDING = 100
_DIVISIONS = (
    "Holding",
    "Services",
    "Logistics",
    "Real Estate",
    "Finance",
    "Systems",
    "Trading",
    "Europe",
    "Digital",
)


@dataclass(slots=True)
class Company:
    """One legal entity, or one branch that the CRM keeps by itself; the present value first in each list."""

    country: str
    words: list[str]
    legal_form: Word
    brand: str
    former_name: str
    place_word: str
    offices: list[Address]
    phones: list[Phone]
    website: str
    mailboxes: list[str]
    tax_id: str
    registration_number: str
    relation: str = "single"
    accountant: Phone | None = None


@dataclass(slots=True)
class _City:
    buildings: list[Address] = field(default_factory=list)
    accountants: list[Phone] = field(default_factory=list)
    company_count: int = 0


class Companies:
    """Draws groups of companies, most of them of one, until the caller has records enough."""

    def __init__(self, words: Vocabulary, random: Random) -> None:
        self._words = words
        self._random = random
        self._cities: dict[Place, _City] = {}
        self._mailboxes = Mailboxes()
        # How many domains of a label there are, so that the next one takes the next number.
        self._domains: dict[str, int] = {}

    def groups(self) -> Iterator[list[Company]]:
        """Groups without end; the members of each are different companies."""
        while True:
            kind = self._random.random()
            if kind < 0.85:
                yield [self._company(self._name(), "single")]
            elif kind < 0.91:
                yield self._holding()
            elif kind < 0.975:
                yield self._branches()
            else:
                yield self._franchise()

    def _place(self, country: str = "") -> Place:
        return self._words.places[country or self._words.countries.draw(self._random)].draw(self._random)

    def _name(self, country: str = "US") -> list[str]:
        random, words = self._random, self._words.words
        sector = words["sector"].draw(random).text
        kind = random.random()
        if kind < 0.42:
            start = [words["stem"].draw(random).text]
        elif kind < 0.72:
            start = [self._words.family_names[country].draw(random)]
            if random.random() < 0.25:
                start += ["&", self._words.family_names[country].draw(random)]
        else:
            start = [coined(self._words, random)]
        name = [*start, sector]
        if random.random() < 0.3:
            other = words["sector"].draw(random).text
            if other != sector:
                name += ["&", other] if random.random() < 0.5 else [other]
        return name

    def _domain(self, label: str, place: Place) -> str:
        ending = "com" if self._random.random() < 0.4 else _ENDINGS[place.country]
        domain = f"{label}.{ending}"
        if domain in self._domains:
            domain = f"{label}-{plain(place.city)[:8]}.{ending}"
        wanted = domain
        while domain in self._domains:
            self._domains[wanted] += 1
            domain = f"{wanted.removesuffix(f'.{ending}')}{self._domains[wanted]}.{ending}"
        self._domains[domain] = 1
        return domain

    def _office(self, place: Place) -> Address:
        random = self._random
        city = self._cities.setdefault(place, _City())
        city.company_count += 1
        wanted = 1 + city.company_count // _COMPANIES_PER_BUILDING
        if len(city.buildings) < wanted:
            city.buildings.append(address(self._words, place, random, flat_share=0))
            city.accountants.append(landline(place, random))
        if random.random() < 0.035:
            shared = city.buildings[random.randrange(len(city.buildings))]
            suite = str(random.randrange(100, 999)) if random.random() < 0.7 else ""
            return Address(place, shared.street, shared.number, suite, shared.postal_code)
        return address(self._words, place, random, flat_share=0.2)

    def _company(
        self, name: list[str], relation: str, place: Place | None = None, domain: str = ""
    ) -> Company:
        random = self._random
        where = place or self._place()
        if relation == "single" and random.random() < 0.5:
            name = self._name(where.country)
        offices = [self._office(where)]
        if random.random() < 0.22:
            offices.append(self._office(where if random.random() < 0.75 else self._place(where.country)))
        brand = coined(self._words, random) if relation == "single" and random.random() < 0.1 else ""
        own = domain or (self._domain(self._label(name, brand), where) if random.random() < 0.75 else "")
        phones = [landline(office.place, random) for office in offices]
        if random.random() < 0.35:
            phones.append(landline(where, random))
        city = self._cities[where]
        prefix = _TAX_PREFIX[where.country]
        return Company(
            country=where.country,
            words=name,
            legal_form=self._words.legal_forms[where.country].draw(random),
            brand=brand,
            former_name=" ".join(self._name(where.country)) if random.random() < 0.05 else "",
            place_word="",
            offices=offices,
            phones=phones,
            website=own,
            mailboxes=self._company_mailboxes(name, own, where.country),
            tax_id=f"{prefix}{random.randrange(10**8, 10**9)}",
            registration_number=f"{random.randrange(10**6, 10**8):08d}",
            relation=relation,
            accountant=random.choice(city.accountants) if random.random() < 0.06 else None,
        )

    def _label(self, name: list[str], brand: str) -> str:
        if brand:
            return plain(brand)
        kind = self._random.random()
        if kind < 0.5:
            return plain("".join(name)) or "company"
        if kind < 0.8:
            return plain(name[0]) or "company"
        return "".join(plain(word)[:1] for word in name) + plain(name[-1])[1:]

    def _company_mailboxes(self, name: list[str], domain: str, country: str) -> list[str]:
        random = self._random
        if not domain:
            return [self._mailboxes.own(plain("".join(name[:2])), _FREE_MAIL.get(country, "gmail.com"))]
        boxes = [f"{random.choice(('info', 'office', 'contact', 'sales'))}@{domain}"]
        for _ in range(random.randrange(1, 4)):
            gender = random.choice("MF")
            given = self._words.given_names[country, gender].draw(random)
            family = self._words.family_names[country].draw(random)
            boxes.append(self._mailboxes.own(f"{plain(given)}.{plain(family)}", domain))
        return boxes

    def _holding(self) -> list[Company]:
        """A parent and subsidiaries, some behind the same door."""
        random = self._random
        place = self._place()
        name = self._name(place.country)
        parent = self._company(name, "group", place)
        domain = parent.website if random.random() < 0.65 else ""
        members = [parent]
        for division in random.sample(_DIVISIONS, random.choice((1, 1, 1, 2, 2, 3))):
            same_door = random.random() < 0.28
            where = place if same_door or random.random() < 0.5 else self._place()
            member = self._company([*name[:1], division], "group", where, domain)
            if same_door:
                member.offices[0] = parent.offices[0]
                if random.random() < 0.5:
                    member.phones[0] = parent.phones[0]
            members.append(member)
        return members

    def _branches(self) -> list[Company]:
        """One name in several cities; each branch has its own staff and books."""
        random = self._random
        country = self._words.countries.draw(random)
        name = self._name(country)
        domain = self._domain(self._label(name, ""), self._place(country))
        places = {self._place(country).city: None for _ in range(random.randrange(2, 7))}
        by_city = {place.city: place for place in self._words.places[country].items}
        members = [self._company(name, "branch", by_city[city], domain) for city in places]
        for member in members:
            member.place_word = member.offices[0].place.city
            if random.random() < 0.6:
                # The head office answers for all.
                member.mailboxes[0] = members[0].mailboxes[0]
            member.legal_form = members[0].legal_form
            member.tax_id = members[0].tax_id
        return members

    def _franchise(self) -> list[Company]:
        """One brand, and one owner in each town."""
        random = self._random
        brand = self._words.words["franchise"].draw(random).text
        country = random.choice(("US", "US", "GB"))
        domain = f"{plain(brand)}.{_ENDINGS[country]}"
        members = []
        for _ in range(random.randrange(1, 4)):
            place = self._place(country)
            owner = self._words.family_names[country].draw(random)
            member = self._company([*brand.split(" ")], "franchise", place, domain)
            member.place_word = place.city
            member.brand = f"{owner} {random.choice(('Enterprises', 'Group', 'Holdings', 'Ventures'))}"
            members.append(member)
        return members
