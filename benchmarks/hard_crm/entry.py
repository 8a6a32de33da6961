"""One record as a system holds it, and the slips that are the same for people and companies."""

from abc import ABC, abstractmethod
from random import Random

from benchmarks.hard_crm.corruption import slipped, typo, without_marks, wrong_digit
from benchmarks.hard_crm.places import Address, Phone, written_phone, written_street
from benchmarks.hard_crm.sources import Source

# What a record tells besides the name: a kind, and which of the entity's values of that kind.
Fact = tuple[str, int]

_COUNTRY_NAMES = {
    "US": "United States",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
}
# How often a record that shares nothing with another of the same entity is given something: a human who sees
# two names and nothing else cannot decide, and a set of such pairs would measure luck.
_LINKED_SHARE = 0.96


class Entry(ABC):
    """A record in the making, and what it tells, so that two of one entity can be made to share something."""

    def __init__(self, source: Source, random: Random) -> None:
        self.row: dict[str, str] = {"source": source.name}
        self._source = source
        self._random = random
        # A dictionary, because the order of a set of strings differs from run to run.
        self.told: dict[Fact, None] = {}

    @abstractmethod
    def tell(self, fact: Fact) -> bool:
        """Writes the fact into a free field; whether there was one."""

    def link(self, others: list["Entry"]) -> None:
        """Gives the record something in common with each of the others, in most cases."""
        for other in others:
            if any(fact in other.told for fact in self.told) or self._random.random() >= _LINKED_SHARE:
                continue
            if not self.tell_any(list(other.told)):
                other.tell_any(list(self.told))

    def tell_any(self, facts: list[Fact]) -> bool:
        """Writes one of the facts, drawn at random; whether one could be written."""
        self._random.shuffle(facts)
        return any(self.tell(fact) for fact in facts)

    def put_email(self, mailbox: str, fact: Fact) -> None:
        """Writes a mailbox, mostly into the first field for one."""
        random = self._random
        written = mailbox
        if random.random() < 0.03:
            local_part, _, domain = mailbox.partition("@")
            written = f"{typo(local_part, random)}@{domain}"
        if random.random() < 0.06:
            written = written.title() if random.random() < 0.3 else written.upper()
        column = "secondary_email" if self.row.get("email") or random.random() < 0.08 else "email"
        self.row[column] = written
        self.told[fact] = None

    def put_phone(self, column: str, phone: Phone, fact: Fact) -> None:
        """Writes a number as the source does."""
        random = self._random
        styles = self._source.phone_styles
        written = written_phone(phone, styles[random.randrange(len(styles))])
        self.row[column] = wrong_digit(written, random) if random.random() < 0.04 else written
        self.told[fact] = None

    def put_address(self, where: Address, *, with_street: bool) -> None:
        """Writes an address, or without street and mostly without postal code the city alone."""
        random, row = self._random, self.row
        row.pop("region", "")
        if with_street:
            street = written_street(
                where, random, abbreviated=random.random() < 0.35, with_unit=random.random() < 0.7
            )
            row["street"] = slipped(street, random, 0.05)
        if with_street or random.random() < 0.5:
            code = where.postal_code
            row["postal_code"] = wrong_digit(code, random) if random.random() < 0.03 else code
        city = where.place.city
        if random.random() < self._source.plain_letters:
            city = without_marks(city)
            row["street"] = without_marks(row.get("street", ""))
        row["city"] = slipped(city, random, 0.02)
        if random.random() < 0.4:
            row["region"] = where.place.region
        if random.random() < 0.7:
            code = where.place.country
            row["country"] = _COUNTRY_NAMES.get(code, code) if random.random() < 0.15 else code
