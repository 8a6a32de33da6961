"""Seeded chance: every draw of the generator goes through one `Dice`, so a seed fixes the whole sample."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws built on `Random.random` alone, the one draw that Python promises never to change."""

    __slots__ = ("_random",)

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random  # noqa: S311 - a sample must be repeatable, not secret

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the others."""
        return choices[int(self._random() * len(choices))]

    def skewed(self, choices: Sequence[T]) -> T:
        """One of the choices, the early ones more often, as common names are."""
        return choices[int(self._random() ** 1.6 * len(choices))]

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def span(self, low: float, high: float) -> float:
        """A number from low up to high."""
        return low + self._random() * (high - low)

    def fill(self, template: str) -> str:
        """The template with each # as a digit and each ^ as one of 2346789; the rest stays."""
        return "".join([self._digit(character) for character in template])

    def _digit(self, character: str) -> str:
        if character == "#":
            return "0123456789"[int(self._random() * 10)]
        if character == "^":
            return "2346789"[int(self._random() * 7)]
        return character
