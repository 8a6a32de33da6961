"""Addresses and telephone numbers: plausible for their country, and nobody's on purpose."""

from dataclasses import dataclass

from dedup_service.sample.dice import Dice
from dedup_service.sample.words import City, Country, Word


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `street_short` is the same street with its type abbreviated."""

    country: Country
    city: City
    street: Word
    street_short: Word
    number: str
    postal_code: str

    def street_line(self, script: int, short: bool) -> str:
        """Street and house number in the country's order."""
        street = (self.street_short if short else self.street).text(script)
        return self.country.street_order.replace("{number}", self.number).replace("{street}", street)


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in its parts; the trunk prefix is dialled inside the country only."""

    calling_code: str
    trunk: str
    area: str
    subscriber: str

    @property
    def international(self) -> str:
        """E.164, as a well-kept system stores it."""
        return f"+{self.calling_code}{self.area}{self.subscriber}"


def draw_city(country: Country, dice: Dice) -> City:
    """A city of the country, the large ones more often."""
    return dice.skewed(country.cities)


def draw_address(country: Country, city: City, dice: Dice) -> Address:
    """A street, number and postal code in the city."""
    name = dice.pick(country.streets)
    full, short = dice.pick(country.street_types)
    if country.street_type_first:
        street, street_short = full + name, short + name
    else:
        street, street_short = name + full, name + short
    number = str(dice.between(1, 240))
    return Address(country, city, street, street_short, number, dice.fill(city.postal_template))


def draw_landline(country: Country, city: City, dice: Dice) -> Phone:
    """A number in one of the city's areas."""
    dialling = country.dialling
    area = dice.pick(city.areas)
    template = dialling.subscriber_of.get(area, dialling.subscriber)
    return Phone(dialling.calling_code, dialling.trunk, area, dice.fill(template))


def draw_mobile(country: Country, dice: Dice) -> Phone:
    """A number in one of the country's mobile ranges."""
    dialling = country.dialling
    digits = dice.fill(dice.pick(dialling.mobile))
    return Phone(dialling.calling_code, dialling.mobile_trunk, digits[:3], digits[3:])
