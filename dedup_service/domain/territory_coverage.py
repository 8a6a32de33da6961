"""Which part of all possible leads each rule of a ladder takes: what is covered, shared or left over.

Countries that the same rules hold for are looked at together. There, a rule is a box: a set of values of each
of government, industry, region and postal code. All values that no rule tells apart are one value, so that
each set is a bitmask, and what "other rules" cover can be computed exactly. Postal codes are as long as the
longest one written, or missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dedup_service.domain.countries import COUNTRIES
from dedup_service.domain.postal_codes import ALPHABET, FILLER, PostalRange, british
from dedup_service.domain.territories import RULE_RUNGS, TerritoryRule

# Boxes can be made that take for ever to subtract: after so many comparisons nothing is claimed.
MAX_COMPARISONS = 200_000
_DIGITS = 10

# Bitmasks of government, industries, regions and postal codes.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Ground:
    """Countries that the same rules hold for; `rules` are in the order of the ladder, each with its box.

    `bounds` begin the runs of postal codes that no rule tells apart, as numbers of `places` digits of `base`;
    the first run is the missing code.
    """

    countries: tuple[str, ...]
    rules: tuple[TerritoryRule, ...]
    boxes: tuple[Box, ...]
    base: int
    places: int
    bounds: tuple[int, ...]

    @property
    def unnamed(self) -> bool:
        """Whether no rule names these countries: all of their rules are for all countries."""
        return not any(rule.countries for rule in self.rules)

    def holes(self, covered: int, narrow: bool) -> tuple[PostalRange, ...]:
        """The runs of codes that a mask leaves out between those that it covers; for codes of digits only.

        With `narrow`, only those that are no wider than what is covered on both sides of them: these look
        like a slip.
        """
        if self.base != _DIGITS:
            return ()
        ends = (*self.bounds, self.base**self.places)
        runs: list[tuple[int, int]] = []
        for number in range(1, len(self.bounds)):
            if not covered >> number & 1:
                continue
            joins = bool(runs) and runs[-1][1] == ends[number]
            begin = runs.pop()[0] if joins else ends[number]
            runs.append((begin, ends[number + 1]))
        return tuple(
            self._range(before[1], after[0])
            for before, after in pairwise(runs)
            if not narrow or after[0] - before[1] <= min(before[1] - before[0], after[1] - after[0])
        )

    def _range(self, begin: int, end: int) -> PostalRange:
        places = self.places
        while places > 1 and begin % self.base == 0 and end % self.base == 0:
            begin, end, places = begin // self.base, end // self.base, places - 1
        return PostalRange(f"{begin:0{places}}", f"{end - 1:0{places}}")


def grounds(rules: Iterable[TerritoryRule]) -> tuple[Ground, ...]:
    """All countries by the rules that hold for them; those without any rule are left out."""
    ladder = sorted(rules, key=lambda rule: RULE_RUNGS.index(rule.rung))
    everywhere = [number for number, rule in enumerate(ladder) if not rule.countries]
    by_country: dict[str, list[int]] = {}
    for number, rule in enumerate(ladder):
        for country in rule.countries:
            by_country.setdefault(country, []).append(number)
    alike: dict[tuple[bool, tuple[int, ...]], list[str]] = {}
    for country in sorted(COUNTRIES):
        held = tuple(sorted(everywhere + by_country.get(country, [])))
        reads_otherwise = british(country) and any(ladder[n].postal_codes for n in held)
        if held:
            alike.setdefault((reads_otherwise, held), []).append(country)
    return tuple(_ground(countries, [ladder[n] for n in held]) for (_, held), countries in alike.items())


def left_over(box: Box, others: Sequence[Box], most: int = MAX_COMPARISONS) -> bool:
    """Whether some of a box is in none of the others, or `most` comparisons did not find out."""
    waiting = [(box, 0)]
    comparisons = 0
    while waiting and comparisons < most:
        piece, number = waiting.pop()
        begin = number
        while number < len(others) and apart(piece, others[number]):
            number += 1
        if number == len(others):
            return True
        comparisons += number - begin + 1
        waiting.extend((rest, number + 1) for rest in _without(piece, others[number]))
    return bool(waiting)


def apart(one: Box, other: Box) -> bool:
    """Whether nothing is in both."""
    return not (one[0] & other[0] and one[1] & other[1] and one[2] & other[2] and one[3] & other[3])


def within(one: Box, other: Box) -> bool:
    """Whether all of one is in the other."""
    return not any(mine & ~theirs for mine, theirs in zip(one, other, strict=True))


def _without(box: Box, other: Box) -> list[Box]:
    """What is left of a box without another that it meets, in pieces that do not meet."""
    pieces: list[Box] = []
    rest = list(box)
    for side, theirs in enumerate(other):
        outside = rest[side] & ~theirs
        if outside:
            piece = [*rest[:side], outside, *rest[side + 1 :]]
            pieces.append((piece[0], piece[1], piece[2], piece[3]))
        rest[side] &= theirs
    return pieces


def _ground(countries: Sequence[str], rules: Sequence[TerritoryRule]) -> Ground:
    """The boxes of the rules for countries that they all hold for."""
    industries = _numbered(value for rule in rules for value in rule.industries)
    regions = _numbered(value for rule in rules for value in rule.regions)
    ends = [[codes.ordered(countries[0]) for codes in rule.postal_codes] for rule in rules]
    written = [text for each in ends for pair in each for text in pair]
    base = _base(written)
    places = max((len(text) for text in written), default=1)
    runs = [[_run(first, last, base, places) for first, last in each] for each in ends]
    # -1 stands for the missing code.
    bounds = sorted({-1, 0, *(bound for each in runs for run in each for bound in run)} - {base**places})
    at = {bound: number for number, bound in enumerate([*bounds, base**places])}
    boxes: list[Box] = [
        (
            0b10 if rule.government else 0b11,
            _mask(rule.industries, industries),
            _mask(rule.regions, regions),
            _runs_mask(each, at) if rule.postal_codes else (1 << len(bounds)) - 1,
        )
        for rule, each in zip(rules, runs, strict=True)
    ]
    return Ground(tuple(countries), tuple(rules), tuple(boxes), base, places, tuple(bounds))


def _numbered(values: Iterable[str]) -> dict[str, int]:
    """A bit for each value that is told apart; the bit above them stands for all others and for none."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


def _mask(values: Iterable[str], numbers: dict[str, int]) -> int:
    found = sum(1 << numbers[value] for value in values)
    return found or (1 << len(numbers) + 1) - 1


def _base(written: Sequence[str]) -> int:
    text = "".join(written)
    if not text or text.isdigit():
        return _DIGITS
    return len(ALPHABET) if FILLER in text else len(ALPHABET) - 1


def _run(first: str, last: str, base: int, places: int) -> tuple[int, int]:
    """The numbers from the first code of a range to behind its last one."""
    width = base ** (places - len(first))
    return _number(first, base) * width, (_number(last, base) + 1) * width


def _number(text: str, base: int) -> int:
    number = 0
    for letter in text:
        number = number * base + ALPHABET.index(letter)
    return number


def _runs_mask(runs: Iterable[tuple[int, int]], at: dict[int, int]) -> int:
    mask = 0
    for begin, end in runs:
        mask |= (1 << at[end]) - (1 << at[begin])
    return mask
