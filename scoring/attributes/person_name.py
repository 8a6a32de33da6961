"""Names of people: given, middle and family names, generational suffixes, and titles as a hint of gender."""

from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import normalise
from scoring.vocabulary import known_given_names, nicknames, word_map, word_set

CLOSE = 0.91
SIMILAR = 0.80

_TITLES = word_map("titles")
_SUFFIXES = word_map("suffixes")
_GENDERS = {
    word: "m" for word in ("m", "male", "man", "mann", "mannlich", "homme", "hombre", "masculino")
} | {
    word: "f"
    for word in ("f", "female", "woman", "w", "weiblich", "frau", "femme", "mujer", "femenino", "femminile")
}
_DEGREES = word_set("degrees")
_PARTICLES = word_set("particles")
_PLACEHOLDERS = word_set("placeholders")
_NICKNAMES = nicknames()
_KNOWN = known_given_names()


class PersonName(NamedTuple):
    """The normalised parts of a name; an empty part is missing."""

    given: str
    middle: str
    family: str
    suffix: str
    gender: str


def parse_person_name(
    given: str, middle: str, family: str, full: str = "", suffix: str = "", title: str = ""
) -> PersonName:
    """The parts of a name from its fields; the full name is taken apart only where given or family is
    missing.
    """
    gender = _TITLES.get(normalise(title), "") if title else ""
    generation = _SUFFIXES.get(normalise(suffix), "") if suffix else ""
    given, gender, generation = _stripped(given, gender, generation)
    family, gender, generation = _stripped(family, gender, generation)
    middle = normalise(middle) if middle else ""
    if full and not (given and family):
        first, second, third, gender, generation = _taken_apart(full, gender, generation)
        given, middle, family = given or first, middle or second, family or third
    head, _, tail = given.partition(" ")
    return PersonName(head, f"{tail} {middle}".strip(), family, generation, gender)


def normalise_gender(text: str) -> str:
    """'m' or 'f' where a field says so, in the words of several languages; else empty."""
    return _GENDERS.get(normalise(text[:16]), "") if text else ""


def full_names_of(given: str) -> tuple[str, ...]:
    """The full names that a given name may stand for: 'bob' is robert; a name that is no short form is
    itself.
    """
    return _NICKNAMES.get(given) or (given,)


def compare_given(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both are called by the same given name."""
    first, second = left.given, right.given
    if not first or not second or first.isascii() != second.isascii():
        return None
    if first == second:
        return Finding("exact", "same given name", first)
    if _swapped(left, right):
        return Finding("swapped", "given and family names swapped", first)
    if _is_nickname(first, second):
        return _NICKNAME
    if _joined(left) == _joined(right):
        return Finding("exact", "same given names, spaced differently", first)
    if len(first) == 1 or len(second) == 1:
        return _INITIAL if first[0] == second[0] else _DIFFERENT
    likeness = JaroWinkler.similarity(first, second)
    if first in _KNOWN and second in _KNOWN:
        # Two well-known names a letter apart are two names (daniel, daniela) or two spellings (steven,
        # stephen), and no slip of the pen; the last letter tells a sister from a brother.
        return _SIMILAR if likeness >= SIMILAR and first[-1] == second[-1] else _DIFFERENT
    if likeness >= CLOSE or (min(len(first), len(second)) > 3 and _one_edit(first, second)):
        return _CLOSE
    if first in right.middle.split() or second in left.middle.split():
        return _CALLED_BY_MIDDLE
    return _SIMILAR if likeness >= SIMILAR or _two_edits(first, second) else _DIFFERENT


def compare_middle(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same middle names, or one has the other's initial."""
    first, second = left.middle, right.middle
    if not first or not second:
        return None
    if first == second:
        return _MIDDLE_SAME
    if first[0] == second[0] and (len(first) == 1 or len(second) == 1):
        return _MIDDLE_INITIAL
    if JaroWinkler.similarity(first, second) >= CLOSE or set(first.split()) & set(second.split()):
        return _MIDDLE_CLOSE
    return _MIDDLE_DIFFERENT


def compare_family(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both bear the same family name."""
    first, second = left.family, right.family
    if not first or not second or first.isascii() != second.isascii():
        return None
    if first == second or first.replace(" ", "") == second.replace(" ", ""):
        return Finding("exact", "same family name", first)
    if _swapped(left, right):
        return Finding("swapped", "given and family names swapped", first)
    if (" " in first or " " in second) and _shares_part(first, second):
        return _PART
    if min(len(first), len(second)) == 1:
        return _FAMILY_INITIAL if first[0] == second[0] else _FAMILY_DIFFERENT
    likeness = JaroWinkler.similarity(first, second)
    if likeness >= CLOSE or (min(len(first), len(second)) > 3 and _one_edit(first, second)):
        return _FAMILY_CLOSE
    return _FAMILY_SIMILAR if likeness >= SIMILAR else _FAMILY_DIFFERENT


def compare_suffix(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are of the same generation (Jr, Sr, III)."""
    if left.suffix == right.suffix:
        return _SUFFIX_SAME if left.suffix else None
    if left.suffix and right.suffix:
        return _SUFFIX_DIFFERENT
    return _SUFFIX_ONE_SIDED if left.given and right.given else None


def compare_gender(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are addressed as the same gender."""
    if not left.gender or not right.gender:
        return None
    return _GENDER_SAME if left.gender == right.gender else _GENDER_DIFFERENT


_NICKNAME = Finding("nickname", "one given name is a short form of the other")
_INITIAL = Finding("initial", "one given name is the initial of the other")
_CALLED_BY_MIDDLE = Finding("initial", "one is called by the other's middle name")
_CLOSE = Finding("close", "given names differ by a slip of the pen")
_SIMILAR = Finding("similar", "given names are alike")
_DIFFERENT = Finding("different", "different given names")
_MIDDLE_SAME = Finding("exact", "same middle names")
_MIDDLE_INITIAL = Finding("close", "one middle name is the initial of the other")
_MIDDLE_CLOSE = Finding("close", "middle names are alike")
_MIDDLE_DIFFERENT = Finding("different", "different middle names")
_PART = Finding("part", "one of several family names is the same")
_FAMILY_INITIAL = Finding("similar", "one family name is the initial of the other")
_FAMILY_CLOSE = Finding("close", "family names differ by a slip of the pen")
_FAMILY_SIMILAR = Finding("similar", "family names are alike")
_FAMILY_DIFFERENT = Finding("different", "different family names")
_SUFFIX_SAME = Finding("same", "same generational suffix")
_SUFFIX_ONE_SIDED = Finding("one_sided", "a generational suffix on one side only, as father and son may have")
_SUFFIX_DIFFERENT = Finding("different", "different generational suffixes")
_GENDER_SAME = Finding("same", "titles of the same gender")
_GENDER_DIFFERENT = Finding("different", "titles of different genders")


def _is_nickname(first: str, second: str) -> bool:
    first_names, second_names = full_names_of(first), full_names_of(second)
    return first in second_names or second in first_names or not set(first_names).isdisjoint(second_names)


def _joined(side: Comparable) -> str:
    return (side.given + side.middle).replace(" ", "")


def _swapped(left: Comparable, right: Comparable) -> bool:
    """Whether given and family name changed places, at most one of them misspelt on the way."""
    if left.given == right.family:
        return left.given != "" and _is_close(left.family, _as_typed(right, left.family))
    return (
        left.family == right.given
        and left.family != ""
        and _is_close(_as_typed(left, right.family), right.family)
    )


def _as_typed(side: Comparable, family: str) -> str:
    """The given name, with the middle names where the other side's family name has several words: one typed
    in its place was read as given and middle names.
    """
    return f"{side.given} {side.middle}" if side.middle and " " in family else side.given


def _is_close(first: str, second: str) -> bool:
    return JaroWinkler.similarity(first, second) >= CLOSE


def _one_edit(first: str, second: str) -> bool:
    return DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1


def _two_edits(first: str, second: str) -> bool:
    """Two slips in a name long enough that two names seldom lie so near."""
    return (
        min(len(first), len(second)) > 5 and DamerauLevenshtein.distance(first, second, score_cutoff=2) <= 2
    )


def _shares_part(first: str, second: str) -> bool:
    """Whether all of the shorter family name stands in the longer one: 'garcia' in 'garcia lopez'; 'garcia
    ruiz' is another.
    """
    shorter, longer = sorted(
        ({word for word in name.split() if word not in _PARTICLES} for name in (first, second)), key=len
    )
    return bool(shorter) and shorter <= longer and max(map(len, shorter)) > 2


def _stripped(name: str, gender: str, generation: str) -> tuple[str, str, str]:
    """A name field without the titles, degrees and suffixes that were typed into it."""
    if not name:
        return "", gender, generation
    name = normalise(name)
    if " " not in name:
        return ("" if name in _PLACEHOLDERS else name), gender, generation
    words = name.split()
    while len(words) > 1 and words[0] in _TITLES and len(words[0]) > 1:
        gender = gender or _TITLES[words.pop(0)]
    while len(words) > 1 and (words[-1] in _SUFFIXES or words[-1] in _DEGREES):
        generation = generation or _SUFFIXES.get(words[-1], "")
        words.pop()
    name = " ".join(words)
    return ("" if name in _PLACEHOLDERS else name), gender, generation


def _taken_apart(full: str, gender: str, generation: str) -> tuple[str, str, str, str, str]:
    """Given, middle and family name of a full name, in either of the orders 'Ada Lovelace' and 'Lovelace,
    Ada'.
    """
    before, comma, after = full[:512].partition(",")
    if comma and after.strip():
        family, gender, generation = _stripped(before, gender, generation)
        rest = normalise(after)
        if rest in _SUFFIXES or rest in _DEGREES:
            return _taken_apart(before, gender, _SUFFIXES.get(rest, generation))
        rest, gender, generation = _stripped(after, gender, generation)
        given, _, middle = rest.partition(" ")
        return given, middle, family, gender, generation
    name, gender, generation = _stripped(full, gender, generation)
    words = name.split()
    if len(words) < 2:
        if not name.isascii() and 2 <= len(name) <= 4 and "\u3400" <= name[0] <= "\ud7a3":
            # Chinese, Japanese and Korean full names are written family name first, without a space.
            return name[1:], "", name[0], gender, generation
        return "", "", name, gender, generation
    start = len(words) - 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    return words[0], " ".join(words[1:start]), " ".join(words[start:]), gender, generation
