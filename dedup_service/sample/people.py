"""People as they are: households, namesakes, movers, and those who changed their name."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dedup_service.sample.companies import Company
from dedup_service.sample.dice import Dice
from dedup_service.sample.places import (
    Address,
    Phone,
    draw_address,
    draw_city,
    draw_landline,
    draw_mobile,
)
from dedup_service.sample.words import Country, GivenName, Word, feminine, folded

JOBS = (
    "Buyer",
    "Head of Purchasing",
    "CEO",
    "IT Manager",
    "Office Manager",
    "Engineer",
    "Accountant",
    "Sales Director",
    "Warehouse Lead",
    "Quality Manager",
    "Assistant",
    "CFO",
)
_NAMESAKE_WINDOW = 500


@dataclass(slots=True)
class Person:
    """One real person. `former_home` and `former_family` held until `changed_time`."""

    entity: str
    country: Country
    female: bool
    given: GivenName
    family: Word
    middle: str
    suffix: str
    birth_date: date
    home: Address
    home_phone: Phone
    mobile: Phone
    email: str
    former_home: Address | None = None
    former_family: Word | None = None
    changed_time: datetime | None = None
    employer: Company | None = None
    work_email: str = ""
    job_title: str = ""


class Population:
    """Draws people and gives each an entity and addresses of their own."""

    def __init__(self, dice: Dice, countries: tuple[Country, ...], now: datetime) -> None:
        self._dice = dice
        self._now = now
        self._countries = tuple(country for country in countries for _ in range(country.weight))
        self._latin = tuple(country for country in countries if not country.native_script)
        self._emails: dict[str, int] = {}
        self._recent: dict[str, list[Person]] = {}
        self._count = 0

    def draw_employee(self, company: Company) -> Person:
        """Somebody who works at the company and lives near it."""
        dice = self._dice
        city = company.address.city
        home = draw_address(company.country, city, dice)
        person = self._person(company.country, home, draw_landline(company.country, city, dice))
        person.employer = company
        person.job_title = dice.pick(JOBS)
        person.work_email = self._work_email(person, company)
        return person

    def draw_household(self) -> list[Person]:
        """One to four people at one address, most of them of one surname."""
        dice = self._dice
        country = dice.pick(self._countries)
        city = draw_city(country, dice)
        home, phone = (
            draw_address(country, city, dice),
            draw_landline(country, city, dice),
        )
        members = [self._person(country, home, phone)]
        head = members[0]
        if dice.chance(0.55):
            return members
        shared_mailbox = dice.chance(0.12)
        for position in range(1, 2 + dice.between(0, 2)):
            member = self._person(country, home, phone, relative=head if dice.chance(0.85) else None)
            if position == 1 and dice.chance(0.4):
                self._make_junior(head, member)
            if shared_mailbox:
                member.email = head.email
            members.append(member)
        return members

    def _person(
        self,
        country: Country,
        home: Address,
        phone: Phone,
        relative: Person | None = None,
    ) -> Person:
        dice = self._dice
        self._count += 1
        female = dice.chance(0.5)
        origin = dice.pick(self._latin) if dice.chance(0.07) else country
        given = self._given(origin, female)
        family = self._family(origin, female)
        if relative is not None:
            family = feminine(relative.family, country.feminine) if female else relative.family
        elif country.code in self._recent and dice.chance(0.05):
            namesake = dice.pick(self._recent[country.code])
            female, given, family = namesake.female, namesake.given, namesake.family
        born = self._now.date() - timedelta(days=dice.between(19 * 365, 80 * 365))
        person = Person(
            entity=f"person:{self._count:06}",
            country=country,
            female=female,
            given=given,
            family=family,
            middle=chr(65 + dice.between(0, 25)) if country.code in ("US", "GB") else "",
            suffix="",
            birth_date=born,
            home=home,
            home_phone=phone,
            mobile=draw_mobile(country, dice),
            email="",
        )
        person.email = self._private_email(person)
        self._add_past(person, female)
        self._remember(person)
        return person

    def _given(self, country: Country, female: bool) -> GivenName:
        dice = self._dice
        stems, endings = country.given_parts
        if stems and dice.chance(0.5):
            return GivenName(dice.pick(stems) + dice.pick(endings))
        return dice.skewed(country.given_female if female else country.given_male)

    def _family(self, country: Country, female: bool) -> Word:
        dice = self._dice
        stems, endings = country.family_parts
        if stems and dice.chance(0.6):
            family = dice.pick(stems) + dice.pick(endings)
        else:
            family = dice.skewed(country.family)
        if country.double_family and dice.chance(0.7):
            family = family + Word(" ", (" ",)) + dice.skewed(country.family)
        return feminine(family, country.feminine) if female and country.feminine else family

    def _add_past(self, person: Person, female: bool) -> None:
        """Some moved house, and some women took another surname, in the last two years."""
        dice = self._dice
        moved, renamed = dice.chance(0.15), female and dice.chance(0.03)
        if moved:
            city = draw_city(person.country, dice)
            person.former_home = draw_address(person.country, city, dice)
        if renamed:
            person.former_family = self._family(person.country, female)
        if moved or renamed:
            person.changed_time = self._now - timedelta(days=dice.between(60, 700))

    def _remember(self, person: Person) -> None:
        recent = self._recent.setdefault(person.country.code, [])
        if len(recent) < _NAMESAKE_WINDOW:
            recent.append(person)
        else:
            recent[self._dice.between(0, _NAMESAKE_WINDOW - 1)] = person

    def _make_junior(self, father: Person, son: Person) -> None:
        """Two men of one name at one address, told apart by a suffix and by their birth dates alone."""
        year = father.birth_date.year + self._dice.between(22, 30)
        if father.female or son.female or year > self._now.year - 19:
            return
        son.given, son.family = father.given, father.family
        father.suffix, son.suffix = "Sr.", "Jr."
        son.birth_date = son.birth_date.replace(year=year, day=min(son.birth_date.day, 28))
        son.email = self._private_email(son)

    def _private_email(self, person: Person) -> str:
        """An address that reaches nobody: under .example, or with an underscore, which Gmail forbids."""
        provider = self._dice.pick(person.country.mail)
        given, family = _mail_words(person)
        separator = "_" if provider == "gmail.com" else self._dice.pick((".", "", "_"))
        return self._free(f"{given}{separator}{family}", provider)

    def _work_email(self, person: Person, company: Company) -> str:
        given, family = _mail_words(person)
        if len(company.domain) % 3 == 0:  # a company has one style, and its domain decides it
            return self._free(f"{given[:1]}.{family}", company.domain)
        return self._free(f"{given}.{family}", company.domain)

    def _free(self, local: str, domain: str) -> str:
        email = f"{local}@{domain}"
        taken = self._emails.get(email, 0)
        self._emails[email] = taken + 1
        return f"{local}{taken + 1}@{domain}" if taken else email


def _mail_words(person: Person) -> tuple[str, str]:
    """Given and family name as the local part of an address spells them: lower case, letters only."""
    return _letters(person.given.word.romans[0]), _letters(person.family.romans[0])


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, folded(text).lower()))
