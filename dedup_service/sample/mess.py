"""What happens to data on its way into a system: the corruptions, each a function of text and dice."""

from dataclasses import dataclass

from dedup_service.sample.dice import Dice
from dedup_service.sample.places import Phone
from dedup_service.sample.words import folded

_NEIGHBOURS = dict(
    zip(
        "qwertyuiopasdfghjklzxcvbnm",
        "wertyuioopsdfghjkllxcvbnmn",
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a system's users type: the probability of each corruption of a value."""

    typo: float = 0.03
    nickname: float = 0.08
    swapped: float = 0.01
    missing: float = 0.10
    local_phone: float = 0.40
    shout: float = 0.02
    native: float = 0.40
    jan_first: float = 0.03
    swapped_date: float = 0.08
    plus_tag: float = 0.02
    short_form: float = 0.35
    folded: float = 0.05
    acronym: float = 0.03


HABITS: dict[str, Habit] = {
    "crm": Habit(),
    "desk": Habit(nickname=0.18, missing=0.25, native=0.30, acronym=0.05),
    "erp": Habit(
        typo=0.01,
        nickname=0.0,
        missing=0.03,
        shout=0.45,
        native=0.60,
        folded=0.30,
        acronym=0.0,
    ),
    "marketing": Habit(typo=0.07, nickname=0.10, swapped=0.05, missing=0.22, shout=0.10, native=0.15),
    "shop": Habit(
        typo=0.05,
        missing=0.12,
        native=0.70,
        jan_first=0.10,
        swapped_date=0.10,
        plus_tag=0.10,
    ),
}


def typo(text: str, dice: Dice) -> str:
    """The text with one slip of the fingers inside it: swapped, lost, doubled or neighbouring letter."""
    if len(text) < 4:
        return text
    at = dice.between(1, len(text) - 2)
    before, here, after = text[:at], text[at], text[at + 1 :]
    if not here.isalpha():
        return text
    slip = dice.between(0, 3)
    if slip == 0 and after[0].isalpha() and after[0] != here:
        return before + after[0] + here + after[1:]
    if slip == 1:
        return before + after
    if slip == 2:
        return before + here + here + after
    return before + _NEIGHBOURS.get(here, here) + after


def swap_names(values: dict[str, str]) -> None:
    """Put the given name where the family name belongs, and the other way round."""
    given, family = values.get("given_name", ""), values.get("family_name", "")
    if given and family:
        values["given_name"], values["family_name"] = family, given


def drop_some(values: dict[str, str], fields: tuple[str, ...], habit: Habit, dice: Dice) -> None:
    """Leave fields empty that nobody filled in."""
    for name in fields:
        if name in values and dice.chance(habit.missing):
            del values[name]


def local_phone(phone: Phone, dice: Dice) -> str:
    """The number as people of its country write it for one another."""
    area, subscriber = phone.area, phone.subscriber
    half = len(subscriber) // 2
    style = dice.between(0, 4)
    if style == 0:
        return f"({phone.trunk}{area}) {subscriber[:half]}-{subscriber[half:]}"
    if style == 1:
        return f"{phone.trunk}{area}{subscriber}"
    if style == 2:
        return f"{phone.trunk}{area} {subscriber[:half]} {subscriber[half:]}"
    if style == 3:
        return f"{phone.trunk}{area}/{subscriber}"
    return (
        f"+{phone.calling_code} ({phone.trunk}){area} {subscriber}" if phone.trunk else f"{area}-{subscriber}"
    )


def plus_tag(email: str, tag: str) -> str:
    """The address with a tag that its owner filters by."""
    local, _, domain = email.partition("@")
    return f"{local}+{tag}@{domain}"


def shout(values: dict[str, str], fields: tuple[str, ...]) -> None:
    """Capitals, as a caps lock or an old mainframe leaves them."""
    for name in fields:
        if name in values:
            values[name] = values[name].upper()


def fold(values: dict[str, str], fields: tuple[str, ...]) -> None:
    """Drop accents and umlauts from Latin text; other scripts stay, for nothing would be left of them."""
    for name in fields:
        if name in values:
            plain = folded(values[name])
            if len(plain) >= len(values[name]):
                values[name] = plain


def jan_first(iso_date: str) -> str:
    """The year alone was known, or asked for: 1 January."""
    return f"{iso_date[:4]}-01-01"


def swap_day_month(iso_date: str) -> str:
    """Day and month confused, where the result is still a date."""
    year, month, day = iso_date.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else iso_date


def acronym(name: str) -> str:
    """The initials of a name of three words or more, else the name."""
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(word[0].upper() for word in words) if len(words) >= 3 else name
