"""How a system writes a person's name."""

from collections.abc import Callable
from random import Random

from benchmarks.hard_crm.corruption import slipped, spelt_out, without_marks
from benchmarks.hard_crm.people import Person
from benchmarks.hard_crm.sources import Source

_PARTICLES = ("van der ", "van den ", "van ", "de ", "De ", "Da ")


def write_name(row: dict[str, str], person: Person, source: Source, family: str, random: Random) -> str:
    """Fills the name fields and says what was done to the name, "" where nothing was."""
    given, done = person.given, ""
    if person.called != person.given and random.random() < source.called_name * 1.6:
        given, done = person.called, "other_given_name"
    if random.random() < source.initial:
        given, done = given[:1] + ("." if random.random() < 0.5 else ""), "initial"
    middle = person.middle if random.random() < source.middle else ""
    if middle and random.random() < 0.6:
        middle = middle[:1]
    family = _family_as_written(family, random)
    cleaned = _letters(source, random)
    slip_rate = source.slips
    written_given = slipped(cleaned(given), random, slip_rate if len(given) > 2 else 0)
    written_family = slipped(cleaned(family), random, slip_rate)
    if (written_given, written_family) != (cleaned(given), cleaned(family)):
        done = done or "slip"
    if random.random() < source.upper_case:
        written_given, written_family = written_given.upper(), written_family.upper()
        middle = middle.upper()
    done = _place(row, (written_given, cleaned(middle), written_family), source, random) or done
    if person.suffix and random.random() < 0.55:
        row["suffix"] = person.suffix if random.random() < 0.7 else person.suffix + "."
    if random.random() < source.honorific:
        row["title"] = _honorific(person, random)
    return done


def _family_as_written(family: str, random: Random) -> str:
    if " " in family:
        particle = next((start for start in _PARTICLES if family.startswith(start)), "")
        if particle:
            kind = random.random()
            if kind < 0.15:
                return family[len(particle) :]
            return family.replace(" ", "") if kind < 0.3 else family
        # The second of two Spanish family names is left out as often as not.
        return family.partition(" ")[0] if random.random() < 0.45 else family
    if "-" in family and random.random() < 0.4:
        return family.replace("-", " ") if random.random() < 0.5 else family.partition("-")[0]
    return family


def _letters(source: Source, random: Random) -> Callable[[str], str]:
    if random.random() >= source.plain_letters:
        return str
    return spelt_out if random.random() < 0.4 else without_marks


def _place(row: dict[str, str], parts: tuple[str, str, str], source: Source, random: Random) -> str:
    given, middle, family = parts
    first_names = f"{given} {middle}" if middle else given
    if random.random() < source.one_name_field:
        if random.random() < source.family_first:
            row["full_name"] = (
                f"{family}, {first_names}" if random.random() < 0.6 else f"{family} {first_names}"
            )
            return "family_name_first"
        row["full_name"] = f"{first_names} {family}"
        return ""
    if random.random() < source.family_first * 0.35 + 0.01:
        row["given_name"], row["family_name"] = family, given
        return "names_swapped"
    row["given_name"], row["family_name"] = given, family
    if middle:
        row["middle_name"] = middle
    return ""


def _honorific(person: Person, random: Random) -> str:
    if person.birth[2] == 1 and random.random() < 0.8:
        return "Dr"
    table = {"DE": ("Herr", "Frau"), "FR": ("M.", "Mme"), "ES": ("Sr.", "Sra."), "IT": ("Sig.", "Sig.ra")}
    man, woman = table.get(person.country, ("Mr", random.choice(("Ms", "Mrs"))))
    return man if person.gender == "M" else woman
