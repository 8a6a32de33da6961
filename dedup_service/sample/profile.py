"""The values of one record: what a source's user typed about a person or company, mess included."""

from datetime import date, datetime

from dedup_service.sample import mess
from dedup_service.sample.companies import Company
from dedup_service.sample.dice import Dice
from dedup_service.sample.mess import Habit
from dedup_service.sample.people import Person
from dedup_service.sample.places import Address, Phone
from dedup_service.sample.words import Country

Values = dict[str, str]
TEXT_FIELDS = (
    "given_name",
    "middle_name",
    "family_name",
    "full_name",
    "company_name",
    "street",
    "city",
)
_OPTIONAL = (
    "middle_name",
    "job_title",
    "phone",
    "street",
    "postal_code",
    "region",
    "birth_date",
)
_TAGS = ("shop", "news", "orders", "promo")


class Typist:
    """Somebody at one source, typing with that source's habits."""

    __slots__ = ("_dice", "_habit")

    def __init__(self, dice: Dice, habit: Habit) -> None:
        self._dice = dice
        self._habit = habit

    def script(self, country: Country) -> int:
        """0 to write in the country's own script, else which of the Latin spellings to use."""
        if country.native_script and self._dice.chance(self._habit.native):
            return 0
        return self._dice.between(1, 3) if self._dice.chance(0.6) else 1

    def name(self, person: Person, script: int, time: datetime, full: bool = False) -> Values:
        """The name a person bore at this time, in parts or in one field."""
        dice, habit = self._dice, self._habit
        given = person.given.word.text(script)
        if person.given.nicknames and dice.chance(habit.nickname):
            given = dice.pick(person.given.nicknames).text(script)
        word = person.family
        if person.former_family and person.changed_time and time < person.changed_time:
            word = person.former_family
        family = self._typed(word.text(script))
        given = self._typed(given)
        if full:
            return {"full_name": self._full_name(person.country, given, family, script)}
        values = {"given_name": given, "family_name": family}
        if person.middle and dice.chance(0.3):
            values["middle_name"] = person.middle
        if person.suffix:
            values["suffix"] = person.suffix
        if dice.chance(habit.swapped):
            mess.swap_names(values)
        return values

    def address(self, address: Address, script: int) -> Values:
        """The fields of an address."""
        short = self._dice.chance(self._habit.short_form)
        values = {
            "street": self._typed(address.street_line(script, short)),
            "city": self._typed(address.city.name.text(script)),
            "region": address.city.region.text(script),
            "country": address.country.code,
        }
        if address.postal_code:
            values["postal_code"] = address.postal_code
        return values

    def home(self, person: Person, script: int, time: datetime) -> Values:
        """Where a person lived at this time."""
        moved = person.former_home and person.changed_time and time < person.changed_time
        return self.address(person.former_home if moved and person.former_home else person.home, script)

    def phone(self, phone: Phone) -> str:
        """A number, in international or local format."""
        if self._dice.chance(self._habit.local_phone):
            return mess.local_phone(phone, self._dice)
        return phone.international

    def email(self, email: str) -> str:
        """An address, now and then tagged or with a slip in its local part."""
        dice, habit = self._dice, self._habit
        if dice.chance(habit.plus_tag):
            return mess.plus_tag(email, dice.pick(_TAGS))
        if dice.chance(habit.typo * 0.4):
            local, _, domain = email.partition("@")
            return f"{mess.typo(local, dice)}@{domain}"
        return email

    def birth_date(self, born: date) -> str:
        """A birth date in ISO 8601, or what became of it."""
        dice, habit = self._dice, self._habit
        text = born.isoformat()
        if dice.chance(habit.jan_first):
            return mess.jan_first(text)
        return mess.swap_day_month(text) if dice.chance(habit.swapped_date) else text

    def company_name(self, company: Company, script: int) -> str:
        """A company's name with some spelling of its legal form, without it, or as its initials."""
        dice, habit = self._dice, self._habit
        if dice.chance(habit.acronym):
            return mess.acronym(company.name.text(script))
        form = dice.between(0, 3) if dice.chance(0.45) else dice.between(-1, 0)
        return self._typed(company.title(script, form))

    def finish(self, values: Values, keep: tuple[str, ...] = ()) -> Values:
        """The record as it was saved: fields left empty (never one of `keep`), capitals, lost accents."""
        dice, habit = self._dice, self._habit
        mess.drop_some(values, tuple(name for name in _OPTIONAL if name not in keep), habit, dice)
        reachable = "phone" in values or "mobile_phone" in values or "street" in values
        if reachable and "email" in values and "email" not in keep and dice.chance(habit.missing * 0.7):
            del values["email"]
        if dice.chance(habit.folded):
            mess.fold(values, TEXT_FIELDS)
        if dice.chance(habit.shout):
            mess.shout(values, TEXT_FIELDS)
        return values

    def _typed(self, text: str) -> str:
        return mess.typo(text, self._dice) if self._dice.chance(self._habit.typo) else text

    def _full_name(self, country: Country, given: str, family: str, script: int) -> str:
        if country.family_first and script == 0:
            return family + given
        return f"{family}, {given}" if self._dice.chance(0.1) else f"{given} {family}"
