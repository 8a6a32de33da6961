"""Addresses and telephone numbers: where somebody is, and the ways in which systems write it."""

from dataclasses import dataclass
from random import Random

from benchmarks.hard_crm.vocabulary import Place, Vocabulary

# Dialling code, trunk prefix, digits of a landline with its area code, first digits and length of a mobile.
_PLANS: dict[str, tuple[str, str, int, tuple[str, ...], int]] = {
    "US": ("1", "", 10, (), 10),
    "GB": ("44", "0", 10, ("74", "75", "77", "78", "79"), 10),
    "DE": ("49", "0", 10, ("151", "160", "170", "171", "176"), 11),
    "FR": ("33", "0", 9, ("6", "7"), 9),
    "ES": ("34", "", 9, ("6",), 9),
    "IT": ("39", "", 10, ("320", "333", "340", "347"), 10),
    "NL": ("31", "0", 9, ("6",), 9),
    "SE": ("46", "0", 9, ("70", "72", "73"), 9),
    "IN": ("91", "0", 10, ("98", "99", "90", "87", "79"), 10),
}
_NUMBER_FIRST = frozenset({"US", "GB", "FR", "IN"})
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_ABBREVIATIONS = (
    (" Street", " St"), (" Avenue", " Ave"), (" Road", " Rd"), (" Drive", " Dr"), (" Lane", " Ln"),
    (" Boulevard", " Blvd"), (" Court", " Ct"), (" Place", " Pl"), (" Close", " Cl"), (" Gardens", " Gdns"),
    ("straße", "str."), ("Avenue ", "Av. "), ("Boulevard ", "Bd "), ("Calle ", "C/ "), ("Avenida ", "Avda. "),
    ("Plaza ", "Pza. "), ("Corso ", "C.so "), ("Piazza ", "P.za "), ("Viale ", "V.le "), ("straat", "str."),
    ("gatan", "g."), ("vägen", "v."), ("West ", "W "), ("East ", "E "), ("Second", "2nd"), ("Third", "3rd"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in its parts; a switchboard adds an extension."""

    country: str
    area: str
    subscriber: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a household lives or a company sits."""

    place: Place
    street: str
    number: str
    unit: str
    postal_code: str


def landline(place: Place, random: Random) -> Phone:
    """A number in the place's area."""
    length = _PLANS[place.country][2] - len(place.area_code)
    digits = str(random.randrange(2, 10)) + "".join(str(random.randrange(10)) for _ in range(length - 1))
    return Phone(place.country, place.area_code, digits)


def mobile(place: Place, random: Random) -> Phone:
    """A number of a mobile network of the country; in the US it looks like a landline of the area."""
    _, _, _, prefixes, length = _PLANS[place.country]
    if not prefixes:
        return landline(place, random)
    prefix = prefixes[random.randrange(len(prefixes))]
    return Phone(
        place.country, prefix, "".join(str(random.randrange(10)) for _ in range(length - len(prefix)))
    )


def written_phone(phone: Phone, style: int) -> str:
    """The number in one of seven styles that CRM systems hold."""
    dial, trunk = _PLANS[phone.country][:2]
    area, digits = phone.area, phone.subscriber
    middle = len(digits) // 2
    if style == 0:
        text = f"+{dial}{area}{digits}"
    elif style == 1:
        text = f"+{dial} {area} {digits[:middle]} {digits[middle:]}"
    elif style == 2:
        text = f"{trunk}{area} {digits}"
    elif style == 3:
        text = f"({trunk}{area}) {digits[:middle]}-{digits[middle:]}"
    elif style == 4:
        text = f"{trunk}{area}-{digits[:middle]}-{digits[middle:]}"
    elif style == 5:
        text = f"00{dial}{area}{digits}" if phone.country != "US" else f"1{area}{digits}"
    else:
        text = f"{trunk}{area}{digits}"
    return f"{text} ext. {phone.extension}" if phone.extension and style in {1, 3, 4} else text


def postal_code(pattern: str, random: Random) -> str:
    """The pattern with each # a digit and each @ a letter."""
    filled = []
    for sign in pattern:
        if sign == "#":
            filled.append(str(random.randrange(10)))
        elif sign == "@":
            filled.append(_LETTERS[random.randrange(len(_LETTERS))])
        else:
            filled.append(sign)
    return "".join(filled)


def address(words: Vocabulary, place: Place, random: Random, *, flat_share: float = 0.25) -> Address:
    """A street and number of the place; one part of a street has one postal code."""
    street = words.streets[place.country].draw(random)
    if random.random() < 0.55:
        # Most streets bear a name that few others do; here that of some family.
        street = _named_street(place.country, words.family_names[place.country].draw(random))
    number = 1 + int(random.expovariate(1 / 60))
    if place.country == "US":
        number *= 1 + random.randrange(20)
    unit = str(random.randrange(1, 40)) if random.random() < flat_share else ""
    # The hundred block decides, so that neighbours share the code and the same place always has the same.
    block = Random(f"{place.city}|{place.postal_pattern}|{street}|{number // 100}")
    return Address(place, street, str(number), unit, postal_code(place.postal_pattern, block))


def _named_street(country: str, name: str) -> str:
    if country == "US":
        return f"{name} {('Street', 'Avenue', 'Drive', 'Road', 'Lane')[len(name) % 5]}"
    if country == "GB":
        return f"{name} {('Road', 'Street', 'Close', 'Way', 'Drive')[len(name) % 5]}"
    prefix = {"FR": "Rue ", "ES": "Calle ", "IT": "Via ", "IN": ""}.get(country)
    if prefix is None:
        return name.replace(" ", "") + {"DE": "straße", "NL": "straat", "SE": "gatan"}[country]
    return f"{prefix}{name}" if prefix else f"{name} Road"


def written_street(where: Address, random: Random, *, abbreviated: bool, with_unit: bool) -> str:
    """Street and number in the order of the country."""
    street = where.street
    if abbreviated:
        for full, short in _ABBREVIATIONS:
            if full in street:
                street = street.replace(full, short)
                break
    number_first = where.place.country in _NUMBER_FIRST
    line = f"{where.number} {street}" if number_first else f"{street} {where.number}"
    if not (where.unit and with_unit):
        return line
    if where.place.country == "US":
        return f"{line}, {('Apt ', '#', 'Unit ')[random.randrange(3)]}{where.unit}"
    if where.place.country == "GB":
        return f"Flat {where.unit}, {line}"
    return f"{line}/{where.unit}"
