"""People and companies made by chance, with duplicates that differ as people write: for training on."""

import itertools
import random
import string
from dataclasses import dataclass
from datetime import date, timedelta

from dedup_service.workflows.labels import Label
from scoring import Entity, prepare

_LETTERS = string.ascii_lowercase


@dataclass(frozen=True, slots=True)
class Known:
    """The values of one record, and the number of the person or company that it is of."""

    values: dict[str, str]
    of: int


def people(count: int, seed: int = 1) -> list[Known]:
    """So many people, every other one with a second record that has a slip and lacks a field."""
    chance = random.Random(seed)
    given = [_word(chance, 5) for _ in range(40)]
    families = [_word(chance, 7) for _ in range(120)]
    found = []
    for of in range(count):
        first, last = chance.choice(given), chance.choice(families)
        values = {
            "given_name": first,
            "family_name": last,
            "email": f"{first}.{last}{chance.randrange(99)}@{_word(chance, 6)}.example",
            "birth_date": str(date(1940, 1, 1) + timedelta(days=chance.randrange(24_000))),
            "city": chance.choice(("Arbon", "Belmez", "Corte", "Dinan")),
            "phone": f"+4171{chance.randrange(10**6, 10**7)}",
        }
        found.append(Known(values, of))
        if of % 2 == 0:
            found.append(Known(_again(values, chance), of))
    return found


def companies(count: int, seed: int = 1) -> list[Known]:
    """So many companies, every other one with a second record."""
    chance = random.Random(seed)
    found = []
    for of in range(count):
        name = f"{_word(chance, 7)} {_word(chance, 5)}".title()
        values = {
            "company_name": f"{name} GmbH",
            "website": f"https://{name.lower().replace(' ', '')}.example",
            "city": chance.choice(("Arbon", "Belmez", "Corte", "Dinan")),
        }
        found.append(Known(values, of))
        if of % 2 == 0:
            found.append(Known(values | {"company_name": name}, of))
    return found


def labels(records: list[Known], same: int, different: int, *, mistaken: bool = False) -> list[Label]:
    """So many labels of either kind; mistaken ones call duplicates different and strangers the same."""
    doubles = [(a, b) for a, b in itertools.pairwise(records) if a.of == b.of]
    strangers = [(a, b) for a, b in itertools.pairwise(records) if a.of != b.of]
    assert len(doubles) >= same
    assert len(strangers) >= different
    chosen = [(pair, True) for pair in doubles[:same]] + [(pair, False) for pair in strangers[:different]]
    return [label(*pair, is_same=is_same is not mistaken) for pair, is_same in chosen]


def label(left: Known, right: Known, *, is_same: bool, entity: Entity = Entity.PERSON) -> Label:
    return Label(entity, ((prepare(left.values, entity), prepare(right.values, entity)),), is_same)


def _again(values: dict[str, str], chance: random.Random) -> dict[str, str]:
    place = chance.randrange(1, len(values["family_name"]))
    slipped = values["family_name"][:place] + chance.choice(_LETTERS) + values["family_name"][place + 1 :]
    lacking = chance.choice(("email", "phone", "birth_date"))
    return {name: value for name, value in (values | {"family_name": slipped}).items() if name != lacking}


def _word(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(_LETTERS) for _ in range(length))
