"""A small file of people of whom it is known who is who."""

import csv
from collections.abc import Sequence
from pathlib import Path

GIVEN = ("Ada", "Brook", "Clara", "Derek", "Edith", "Fergus", "Greta", "Hugo", "Imogen", "Jasper")
FAMILY = ("Lovelace", "Abernathy", "Featherstone", "Quartermaine", "Pemberton")
HEADER = ("id", "First Name", "Last Name", "E-Mail", "Phone", "City", "segment", "favourite colour")


def rows() -> list[tuple[str, ...]]:
    """Two records of each of fifty people; the second is misspelt, and every fifth has another mailbox,
    every third no town."""
    found: list[tuple[str, ...]] = []
    for at in range(50):
        given, family = GIVEN[at % 10], FAMILY[at // 10]
        mail, phone, city = (
            f"{given}.{family}@acme{at}.org".lower(),
            f"+4420{71234567 + at * 123457}",
            f"Town{at % 7}",
        )
        found.append((f"a{at}", given, family, mail, phone, city, "small" if at % 2 else "large", "red"))
        other = f"{family.lower()}{at}@mail{at}.net" if at % 5 == 0 else mail
        town = city if at % 3 else ""
        found.append((f"b{at}", given, family[:-2] + family[-1], other, phone, town, "small", "blue"))
    return found


def write(
    path: Path, header: tuple[str, ...], content: Sequence[tuple[str, ...]], delimiter: str = ","
) -> Path:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *content])
    return path


def write_people(folder: Path) -> Path:
    """The records."""
    return write(folder / "people.csv", HEADER, rows())


def write_clusters(folder: Path) -> Path:
    """The truth as clusters."""
    return write(folder / "clusters.csv", ("id", "cluster"), [(row[0], row[0][1:]) for row in rows()])


def write_pairs(folder: Path) -> Path:
    """The truth as pairs: the two records of each person, two people of one family name, and one of which
    nobody is sure.
    """
    pairs: list[tuple[str, ...]] = [(f"a{at}", f"b{at}", "1", "same") for at in range(50)]
    pairs += [(f"a{at}", f"a{at + 1}", "0", "other") for at in range(0, 48, 2)]
    pairs.append(("a0", "a10", "possible", "other"))
    return write(folder / "pairs.csv", ("left_id", "right_id", "label", "why"), pairs)
