"""Whole names of people, however they are divided over given, middle and family name."""

from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

from scoring.attributes.name_likeness import CLOSE
from scoring.attributes.person_parts import parse_other_name, without_particles
from scoring.comparables import Comparable
from scoring.reading import compare_readings, script_of

# How many code points two whole names may differ in that are the same words: spaces, and one slip.
_SPACES = 5
_SYLLABIC = frozenset(("han", "hangul", "kana"))


def arrangement(left: Comparable, right: Comparable) -> str:
    """How two whole names of the same words relate: 'same' in the same order, 'other_order', or empty.

    One word may be misspelt where three or more are there.
    """
    first, second = _whole(left), _whole(right)
    if abs(len(first) - len(second)) > _SPACES:
        return ""
    if (
        left.given in second or left.family in second or right.given in first or right.family in first
    ):  # most pairs of strangers end here, since a substring is found faster than a word
        return _arranged(first, second)
    return "same" if first.replace(" ", "") == second.replace(" ", "") else ""


def is_contained(left: Comparable, right: Comparable) -> bool:
    """Whether one side's family name, and its given name too, stand among the other's names."""
    if not left.given or not right.given:
        return False
    first, second = _whole(left), _whole(right)
    return (left.given in second and _stands_in(left, second)) or (
        right.given in first and _stands_in(right, first)
    )


def scripts_agree(left: Comparable, right: Comparable) -> bool:
    """Whether a name in another script reads as the whole name in Latin letters, in either order."""
    native, latin = (right, left) if left.family.isascii() and left.given.isascii() else (left, right)
    if not (latin.given + latin.family).isascii():
        return False
    return _agree(native.given, native.middle, native.family, *_whole(latin).split())


def is_made_of_initials(short: Comparable, long: Comparable) -> bool:
    """'JP' of 'Jean Pierre'."""
    if not 1 < len(short.given) < 5 or not long.middle:
        return False
    return short.given == "".join(word[0] for word in (long.given, *long.middle.split()))


def has_former_name(left: Comparable, right: Comparable) -> bool:
    """Whether one side's family name, or a former one, is a former one of the other."""
    others = {right.family, *right.other_families}
    return left.family in right.other_families or any(name in others for name in left.other_families)


def is_written_together(left: Comparable, right: Comparable) -> bool:
    """Whether one side has all names in one word."""
    together, apart = (left, right) if not left.given else (right, left)
    if together.given or not apart.given:
        return False
    whole = together.family
    names = (apart.given + apart.family, apart.family + apart.given)
    return whole in names or max(JaroWinkler.similarity(whole, name) for name in names) >= 0.95


def by_other_names(left: Comparable, right: Comparable) -> list[tuple[Comparable, Comparable]]:
    """The two sides, each in turn under one of its other names."""
    return [
        *((_under(name, left), _bare(right)) for name in left.other_names[:5]),
        *((_bare(left), _under(name, right)) for name in right.other_names[:5]),
    ]


def _under(name: str, side: Comparable) -> Comparable:
    parts = parse_other_name(name)
    return Comparable(
        side.entity,
        parts.given or (parts.family if not side.family or " " not in name else ""),
        parts.middle,
        parts.family,
    )


def _bare(side: Comparable) -> Comparable:
    return Comparable(side.entity, side.given, side.middle, side.family)


def _whole(side: Comparable) -> str:
    return f"{side.given} {side.middle} {side.family}"


@lru_cache(maxsize=16384)
def _arranged(first_name: str, second_name: str) -> str:
    first, second = first_name.split(), second_name.split()
    if "".join(first) == "".join(second):
        return "same"
    if len(first) < 2 or len(second) < 2:
        return ""
    if sorted(first) == sorted(second) or _is_turned(first, second) or _is_turned(second, first):
        return "other_order"
    if abs(len(first) - len(second)) > 1 or max(len(first), len(second)) < 3:
        return ""
    first_rest, second_rest = _without(first, second), _without(second, first)
    shared = [word for word in first if word not in first_rest]
    if not first_rest or not second_rest or len(shared) < 2 or _keep_their_order(shared, first, second):
        return ""
    closed, other = "".join(first_rest), "".join(second_rest)
    return "other_order" if JaroWinkler.similarity(closed, other) >= CLOSE else ""


def _is_turned(first: list[str], second: list[str]) -> bool:
    """Whether the one becomes the other, spaces aside, where its first words are put last: 'park ji sung' and
    'jisung park'.
    """
    whole = "".join(second)
    return any("".join(first[at:] + first[:at]) == whole for at in range(1, len(first)))


def _keep_their_order(shared: list[str], first: list[str], second: list[str]) -> bool:
    """Whether the shared words stand at the same places on both sides, so that nothing was moved."""
    return all(word in second and first.index(word) == second.index(word) for word in shared)


def _without(words: list[str], others: list[str]) -> list[str]:
    rest = list(words)
    for word in others:
        if word in rest:
            rest.remove(word)
    return rest


def _stands_in(short: Comparable, whole: str) -> bool:
    names = whole.split()
    family = without_particles(short.family).split()
    if max(map(len, family)) < 3 or short.given not in names:
        return False
    names.remove(short.given)
    return all(word in names for word in family)


@lru_cache(maxsize=16384)
def _agree(given: str, middle: str, family: str, *latin: str) -> bool:
    if len(latin) < 2 or not given or not family:
        return False
    inner = f"{given} {middle}".strip() if script_of(given) in _SYLLABIC else given
    orders = (
        (latin[0], latin[1:]), (latin[-1], latin[:-1]),
    )  # fmt: skip
    for one, others in orders:
        rest = " ".join(others)
        if compare_readings(family, one) == "close" and _is_read(inner, rest, others):
            return True
        if compare_readings(family, rest) == "close" and compare_readings(inner, one) == "close":
            return True
    return False


def _is_read(given: str, rest: str, words: tuple[str, ...]) -> bool:
    if compare_readings(given, rest) == "close":
        return True
    return script_of(given) not in _SYLLABIC and any(
        compare_readings(given, word) == "close" for word in words
    )
