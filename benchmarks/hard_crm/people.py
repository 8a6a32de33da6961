"""The people behind the records: households, jobs, and the changes that a life brings.

A household shares address, landline and at times a mailbox; colleagues share office, switchboard and domain.
Whoever moved, changed the job or married has a former and a present state, and a record shows either.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from benchmarks.hard_crm.employers import Employer, Employers, Mailboxes, plain
from benchmarks.hard_crm.places import Address, Phone, address, landline, mobile
from benchmarks.hard_crm.vocabulary import Place, Vocabulary, Word

_FREE_MAIL = {
    "US": ("gmail.com", "yahoo.com", "outlook.com", "icloud.com", "aol.com", "comcast.net"),
    "GB": ("gmail.com", "hotmail.co.uk", "btinternet.com", "yahoo.co.uk", "outlook.com"),
    "DE": ("gmx.de", "web.de", "t-online.de", "gmail.com"),
    "FR": ("orange.fr", "gmail.com", "free.fr", "laposte.net"),
    "ES": ("gmail.com", "hotmail.es", "telefonica.net"),
    "IT": ("libero.it", "gmail.com", "tiscali.it"),
    "NL": ("gmail.com", "ziggo.nl", "kpnmail.nl"),
    "SE": ("gmail.com", "telia.com", "hotmail.se"),
    "IN": ("gmail.com", "rediffmail.com", "yahoo.co.in"),
}
_HANDLES = (
    "sunny",
    "bluesky",
    "runner",
    "mini",
    "dragon",
    "coffee",
    "golf",
    "rider",
    "star",
    "music",
    "book",
)
THIS_YEAR = 2025


@dataclass(slots=True)
class Home:
    """Where a household lives or lived, with what its members share."""

    address: Address
    landline: Phone | None
    mailbox: str


@dataclass(slots=True)
class Job:
    """A position with an employer."""

    employer: Employer
    title: Word
    mailbox: str
    direct_line: Phone


@dataclass(slots=True)
class Person:
    """One person; a list holds the present value first and the former one, if any, behind it."""

    country: str
    gender: str
    given: str
    middle: str
    families: list[str]
    suffix: str
    birth: tuple[int, int, int]
    called: str
    homes: list[Home]
    jobs: list[Job] = field(default_factory=list)
    mobiles: list[Phone] = field(default_factory=list)
    mailboxes: list[str] = field(default_factory=list)
    relation: str = "single"
    partner_mobile: Phone | None = None


class Population:
    """Draws households until the caller has records enough."""

    def __init__(self, words: Vocabulary, record_count: int, random: Random) -> None:
        self._words = words
        self._random = random
        self._employers = Employers(words, record_count, random)
        self._mailboxes = Mailboxes()

    def households(self) -> Iterator[list[Person]]:
        """Households without end; the members of each are different people."""
        while True:
            yield self._household()

    def _household(self) -> list[Person]:
        random, words = self._random, self._words
        country = words.countries.draw(random)
        family = self._family_name(country)
        homes = [self._home(words.places[country].draw(random), family)]
        if random.random() < 0.3:
            near = homes[0].address.place if random.random() < 0.6 else words.places[country].draw(random)
            homes.append(self._home(near, family))
        kind = random.random()
        year = THIS_YEAR - 22 - int(random.betavariate(2, 2.6) * 60)
        if kind < 0.63:
            members = [self._person(country, random.choice("MF"), family, year, homes, "single")]
        elif kind < 0.83:
            members = self._couple(country, family, year, homes)
        elif kind < 0.915:
            members = self._couple(country, family, year, homes)
            for _ in range(random.randrange(1, 3)):
                born = year + 20 + random.randrange(14)
                members.append(self._person(country, random.choice("MF"), family, born, homes, "child"))
        elif kind < 0.945:
            members = self._namesakes(country, family, year, homes)
        else:
            members = self._siblings(country, family, year, homes)
        self._tell_apart(members)
        for person in members:
            self._settle(person)
        if len(members) > 1:
            members[0].partner_mobile = members[1].mobiles[0]
            members[1].partner_mobile = members[0].mobiles[0]
        return members

    def _tell_apart(self, members: list[Person]) -> None:
        """No parents name two children alike; only father and son, or mother and daughter, share a name."""
        taken: set[str] = set()
        for person in members:
            names = self._words.given_names[person.country, person.gender]
            while person.given in taken and person.relation != "namesake":
                person.given = person.called = names.draw(self._random)
            taken.add(person.given)

    def _family_name(self, country: str) -> str:
        # People move between countries, and bring their names.
        origin = self._words.countries.draw(self._random) if self._random.random() < 0.08 else country
        names = self._words.family_names[origin]
        first = names.draw(self._random)
        if country == "ES" and self._random.random() < 0.85:
            return f"{first} {names.draw(self._random)}"
        return first

    def _home(self, place: Place, family: str) -> Home:
        random = self._random
        where = address(self._words, place, random)
        mailbox = ""
        if random.random() < 0.22:
            stem = plain(family)
            forms = (f"the{stem}s", f"{stem}family", f"{stem}.home", f"{stem}{where.number}")
            mailbox = self._mailboxes.own(random.choice(forms), random.choice(_FREE_MAIL[place.country]))
        return Home(where, landline(place, random) if random.random() < 0.6 else None, mailbox)

    def _person(
        self, country: str, gender: str, family: str, year: int, homes: list[Home], relation: str
    ) -> Person:
        random = self._random
        names = self._words.given_names[country, gender]
        given = names.draw(random)
        middle = names.draw(random) if random.random() < 0.6 else ""
        born = (max(1931, min(year, 2006)), random.randrange(1, 13), random.randrange(1, 29))
        return Person(
            country, gender, given, middle, [family], "", born, given, list(homes), relation=relation
        )

    def _couple(self, country: str, family: str, year: int, homes: list[Home]) -> list[Person]:
        random = self._random
        first = self._person(country, "M", family, year, homes, "couple")
        second = self._person(country, "F", family, year + random.randrange(-4, 6), homes, "couple")
        own = self._family_name(country)
        married = random.random()
        if married < 0.25 or country == "ES":
            second.families = [own]
        elif married < 0.6:
            # Some systems met her before the wedding.
            joined = f"{own}-{family}" if random.random() < 0.2 else family
            second.families = [joined, own]
            if len(second.homes) == 1:
                second.homes.append(self._home(homes[0].address.place, own))
        return [first, second]

    def _namesakes(self, country: str, family: str, year: int, homes: list[Home]) -> list[Person]:
        father = self._person(country, "M", family, min(year, 1980), homes, "namesake")
        son = self._person(
            country, "M", family, father.birth[0] + 21 + self._random.randrange(14), homes, "namesake"
        )
        son.given = son.called = father.given
        if self._random.random() < 0.5:
            son.middle = father.middle
        if country in {"US", "GB", "IN"} and self._random.random() < 0.7:
            son.suffix = "Jr"
            father.suffix = "Sr" if self._random.random() < 0.4 else ""
        return [father, son]

    def _siblings(self, country: str, family: str, year: int, homes: list[Home]) -> list[Person]:
        random = self._random
        first = self._person(country, random.choice("MF"), family, max(year, 1980), homes, "sibling")
        second = self._person(
            country, random.choice("MF"), family, first.birth[0] + random.randrange(1, 5), homes, "sibling"
        )
        if random.random() < 0.4:
            second.birth = first.birth
            first.relation = second.relation = "twin"
        return [first, second]

    def _settle(self, person: Person) -> None:
        """Gives the person a name to be called by, mobiles, mailboxes and jobs."""
        random = self._random
        short = self._words.short_forms.get(person.given)
        if short and random.random() < 0.55:
            person.called = short[random.randrange(len(short))]
        elif person.middle and random.random() < 0.12:
            person.called = person.middle
        place = person.homes[0].address.place
        person.mobiles = [mobile(place, random) for _ in range(2 if random.random() < 0.25 else 1)]
        person.mailboxes = [self._own_mailbox(person) for _ in range(2 if random.random() < 0.35 else 1)]
        if random.random() < 0.72 and person.birth[0] < 2004:
            for _ in range(2 if random.random() < 0.35 else 1):
                self._hire(person, place)

    def _hire(self, person: Person, place: Place) -> None:
        random = self._random
        firm = self._employers.near(place, random)
        family = person.families[-1] if random.random() < 0.5 else person.families[0]
        mailbox = self._mailboxes.at_work(
            firm, person.called if random.random() < 0.3 else person.given, family
        )
        line = Phone(
            firm.switchboard.country,
            firm.switchboard.area,
            firm.switchboard.subscriber[:-3] + f"{random.randrange(1000):03d}",
        )
        person.jobs.append(Job(firm, self._words.words["job"].draw(random), mailbox, line))

    def _own_mailbox(self, person: Person) -> str:
        random = self._random
        first, last = plain(person.given), plain(person.families[-1])
        year = person.birth[0]
        kind = random.randrange(9)
        local_part = (
            f"{first}.{last}",
            f"{first}{last}",
            f"{first[:1]}{last}{year % 100:02d}",
            f"{last}.{first}",
            f"{plain(person.called)}{last[:1]}{random.randrange(100)}",
            f"{first}{year}",
            f"{plain(person.called)}.{last}",
            f"{random.choice(_HANDLES)}{random.choice(_HANDLES)}{random.randrange(1000)}",
            f"{first[:1]}.{last}",
        )[kind]
        return self._mailboxes.own(local_part, random.choice(_FREE_MAIL[person.country]))
