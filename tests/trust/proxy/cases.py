"""The cases: which link misbehaves how, while what is asked."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from random import Random

from tests.trust.proxy.faults import Direction, Fault, Way

CASES = 200


class On(StrEnum):
    """The links of the service."""

    CLIENT = "client"
    SQL = "sql"
    REDIS = "redis"
    CHANGES = "changes"


class Asked(StrEnum):
    """What is asked while the link misbehaves."""

    WRITE = "write"
    VOTE = "vote"
    MERGE = "merge"
    UNDO = "undo"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `number` counts them."""

    number: int
    link: On
    fault: Fault
    asked: Asked

    def __str__(self) -> str:
        return f"case {self.number}: {self.asked} with {self.fault} on the {self.link} link"


# Most of what passes during one call, so that a break lies anywhere in it: beginning, middle, behind its end.
_BYTES = {On.CLIENT: 1_200, On.SQL: 6_000, On.REDIS: 1_200, On.CHANGES: 1_500}


def draw_cases(count: int, seed: int) -> list[Case]:
    """So many cases: every way on every link while everything is asked, before any comes again."""
    random = Random(seed)
    drawn: list[Case] = []
    while len(drawn) < count:
        deck = list(product(On, Way, Asked))
        random.shuffle(deck)
        for link, way, asked in deck[: count - len(drawn)]:
            fault = Fault(
                way,
                random.choice(list(Direction)),
                # The square: breaks near the beginning are more often within the call.
                int(random.random() ** 2 * _BYTES[link]),
                random.choice((0.005, 0.02, 0.05)),
                random.choice((16, 64, 256)),
            )
            drawn.append(Case(len(drawn) + 1, link, fault, asked))
    return drawn
