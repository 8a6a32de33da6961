"""Companies as they are: head offices, their branches and subsidiaries, with their numbers."""

from dataclasses import dataclass

from dedup_service.sample.dice import Dice
from dedup_service.sample.places import (
    Address,
    Phone,
    draw_address,
    draw_city,
    draw_landline,
)
from dedup_service.sample.words import Country, Word, folded

INDUSTRIES = (
    "Manufacturing",
    "Wholesale",
    "Retail",
    "Health care",
    "Logistics",
    "Software",
    "Construction",
    "Food",
)


@dataclass(slots=True)
class Company:
    """One company. `name` is without legal form; a branch is `branch_of` its parent, a subsidiary is not."""

    entity: str
    country: Country
    name: Word
    legal_forms: tuple[Word, ...]
    domain: str
    switchboard: Phone
    address: Address
    tax_id: str
    registration: str
    customer_number: str
    industry: str
    yearly_revenue: int
    parent: "Company | None" = None
    is_branch: bool = False

    @property
    def website(self) -> str:
        return f"https://www.{self.domain}"

    @property
    def mailbox(self) -> str:
        """The mailbox that everybody at the company reads."""
        return f"info@{self.domain}"

    def title(self, script: int, legal_form: int) -> str:
        """The full name with one of the spellings of its legal form; below 0 leaves the form out."""
        if legal_form < 0:
            full = self.name.text(script)
        else:
            form = self.legal_forms[legal_form % len(self.legal_forms)].text(script)
            order = self.country.company_order.text(script)
            full = order.replace("{name}", self.name.text(script)).replace("{legal}", form)
        if not self.is_branch:
            return full
        branch = self.country.branch.text(script)
        return branch.replace("{name}", full).replace("{city}", self.address.city.name.text(script))


class CompanyRegister:
    """Draws companies and gives each an entity, a domain and a customer number of its own."""

    def __init__(self, dice: Dice, countries: tuple[Country, ...]) -> None:
        self._dice = dice
        self._countries = tuple(country for country in countries for _ in range(country.weight))
        self._domains: set[str] = set()
        self._names: set[str] = set()
        self._count = 0

    def draw_group(self) -> list[Company]:
        """A head office, now and then followed by branches and a subsidiary."""
        dice = self._dice
        country = dice.pick(self._countries)
        head = self._company(country, self._draw_name(country), dice.pick(country.legal_forms))
        group = [head]
        if dice.chance(0.10):
            group.extend(self._branch(head) for _ in range(dice.between(1, 3)))
        if dice.chance(0.06):
            group.append(self._subsidiary(head))
        return group

    def _draw_name(self, country: Country) -> Word:
        """A name that is free; after a few attempts a taken one, as there are namesakes in two towns."""
        for _ in range(4):
            name = self._first_word(country) + country.gap + self._dice.pick(country.trades)
            if name.native not in self._names:
                break
        self._names.add(name.native)
        return name

    def _first_word(self, country: Country) -> Word:
        """What stands before the trade: a fancy word, a town with it, or the founders."""
        dice = self._dice
        stems, endings = country.given_parts if country.given_parts[0] else country.family_parts
        kind = dice.span(0, 1)
        if kind < 0.20:
            return dice.pick(country.company_words)
        if kind < 0.40:
            return dice.pick(country.company_words) + country.gap + dice.pick(country.cities).name
        if kind < 0.75 and stems:
            return dice.pick(stems) + dice.pick(endings)
        if country.family_first:
            return dice.skewed(country.family)
        return dice.skewed(country.family) + Word(" & ", (" & ",)) + dice.skewed(country.family)

    def _company(self, country: Country, name: Word, legal_forms: tuple[Word, ...]) -> Company:
        dice = self._dice
        self._count += 1
        city = draw_city(country, dice)
        return Company(
            entity=f"company:{self._count:06}",
            country=country,
            name=name,
            legal_forms=legal_forms,
            domain=self._domain(name),
            switchboard=draw_landline(country, city, dice),
            address=draw_address(country, city, dice),
            tax_id=dice.fill(country.tax_id),
            registration=dice.fill(country.registration),
            customer_number=f"{1000000 + self._count}",
            industry=dice.pick(INDUSTRIES),
            yearly_revenue=int(10 ** dice.span(3.5, 6.5)),
        )

    def _branch(self, head: Company) -> Company:
        branch = self._company(head.country, head.name, head.legal_forms)
        branch.domain = head.domain
        branch.tax_id = branch.registration = ""
        branch.parent = head
        branch.is_branch = True
        return branch

    def _subsidiary(self, head: Company) -> Company:
        template = head.country.subsidiary
        name = Word(
            template.native.replace("{name}", head.name.native),
            (template.romans[0].replace("{name}", head.name.romans[0]),),
        )
        subsidiary = self._company(head.country, name, head.legal_forms)
        subsidiary.address = head.address
        subsidiary.switchboard = head.switchboard
        subsidiary.parent = head
        return subsidiary

    def _domain(self, name: Word) -> str:
        """A domain under .example, which the standards keep free of real owners."""
        words = [part for part in folded(name.romans[0]).lower().split() if part.isalnum()]
        label = "-".join(words[:3])
        domain = f"{label}.example"
        if domain in self._domains:
            domain = f"{label}-{self._count}.example"
        self._domains.add(domain)
        return domain
