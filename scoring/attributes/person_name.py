"""Names of people compared: given, middle and family names, generational suffixes, and gender.

Two words are compared first, which decides most pairs; where they disagree, the whole names are looked at,
since one name is divided in many ways over the fields, written in either order, in part, or in two scripts.
"""

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from scoring.attributes.east_asian_names import are_other_syllables, is_family_name
from scoring.attributes.name_likeness import (
    CLOSE,
    compare_family_words,
    compare_given_words,
    full_names_of,
)
from scoring.attributes.person_parts import (
    PersonName,
    normalise_gender,
    parse_person_name,
    without_particles,
)
from scoring.attributes.whole_name import (
    arrangement,
    by_other_names,
    has_former_name,
    is_contained,
    is_made_of_initials,
    is_written_together,
    scripts_agree,
)
from scoring.comparables import Comparable
from scoring.findings import Finding

__all__ = [
    "PersonName",
    "compare_family",
    "compare_gender",
    "compare_given",
    "compare_middle",
    "compare_suffix",
    "full_names_of",
    "normalise_gender",
    "parse_person_name",
]


def compare_given(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both are called by the same given name."""
    first, second = left.given, right.given
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same given name", first)
    if _swapped(left, right):
        return Finding("swapped", "given and family names swapped", first)
    level = compare_given_words(first, second)
    if level == "close" and _are_other_syllables(left, right):
        level = "similar"
    if level in _SETTLED:
        return _GIVEN[level]
    if left.middle or right.middle or " " in left.family or " " in right.family or level is None:
        found = _given_of_whole_names(left, right)
        if found:
            return found
    if (left.other_names or right.other_names) and level != "similar":
        found = _given_of_other_names(left, right)
        if found:
            return found
    return _GIVEN[level] if level else None


def compare_middle(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same middle names, or one has some of the other's, or their initials."""
    first, second = left.middle, right.middle
    if not first or not second:
        return None
    if first == second or first.replace(" ", "") == second.replace(" ", ""):
        return _MIDDLE_SAME
    if " " in first or " " in second:
        return _compare_middles(without_particles(first).split(), without_particles(second).split())
    level = compare_given_words(first, second)
    return _MIDDLE.get(level or "")


def compare_family(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both bear the same family name."""
    first, second = left.family, right.family
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same family name", first)
    if _swapped(left, right):
        if not (left.given and right.given):
            return _IN_NAME  # a name that stands alone may be a given name
        return Finding("swapped", "given and family names swapped", first)
    found = _compare_families(first, second)
    if found and (found.level == "exact" or (found.level == "close" and not (left.middle or right.middle))):
        return found
    return _family_of_whole_names(left, right, found)


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


_SETTLED = frozenset(("exact", "nickname", "close"))
_WEAK = frozenset(("similar", "different"))
_GIVEN = {
    "nickname": Finding("nickname", "one given name is a short form or another spelling of the other"),
    "close": Finding("close", "given names differ by a slip of the pen or by language"),
    "initial": Finding("initial", "one given name is the initial of the other"),
    "similar": Finding("similar", "given names are alike"),
    "different": Finding("different", "different given names"),
}
_CALLED_BY_MIDDLE = Finding("initial", "one is called by the other's middle name")
_INITIALS = Finding("initial", "one given name is made of the other's initials")
_MIDDLE_SAME = Finding("exact", "same middle names")
_MIDDLE_INITIAL = Finding("close", "one middle name is the initial of the other")
_MIDDLE_CLOSE = Finding("close", "middle names are alike")
_MIDDLE_DIFFERENT = Finding("different", "different middle names")
_MIDDLE = {
    "nickname": _MIDDLE_CLOSE,
    "close": _MIDDLE_CLOSE,
    "initial": _MIDDLE_INITIAL,
    "different": _MIDDLE_DIFFERENT,
}
_PART = Finding("part", "one of several family names is the same")
_FORMER = Finding("part", "one family name is the other's former name")
_TOGETHER = Finding("close", "names written together")
_IN_NAME = Finding("part", "one family name stands among the other's names")
_FAMILY = {
    "close": Finding("close", "family names differ by a slip of the pen or by language"),
    "similar": Finding("similar", "family names are alike"),
    "different": Finding("different", "different family names"),
}
_SUFFIX_SAME = Finding("same", "same generational suffix")
_SUFFIX_ONE_SIDED = Finding("one_sided", "a generational suffix on one side only, as father and son may have")
_SUFFIX_DIFFERENT = Finding("different", "different generational suffixes")
_GENDER_SAME = Finding("same", "titles of the same gender")
_GENDER_DIFFERENT = Finding("different", "titles of different genders")


def _are_other_syllables(left: Comparable, right: Comparable) -> bool:
    return (
        is_family_name(left.family)
        and is_family_name(right.family)
        and are_other_syllables(left.given, right.given)
    )


def _swapped(left: Comparable, right: Comparable) -> bool:
    """Whether given and family name changed places, at most one of them misspelt or missing."""
    if left.given == right.family:
        return left.given != "" and _fits(_as_typed(right, left.family), left.family)
    return (
        left.family == right.given
        and left.family != ""
        and _fits(_as_typed(left, right.family), right.family)
    )


def _fits(given: str, family: str) -> bool:
    if not given or not family:
        return given != family
    return given == family or _is_one_name(given, family)


def _as_typed(side: Comparable, family: str) -> str:
    """The given name, with the middle names where the other side's family name has several words: one typed
    in its place was read as given and middle names.
    """
    return f"{side.given} {side.middle}" if side.middle and " " in family else side.given


def _is_one_name(given: str, family: str) -> bool:
    if JaroWinkler.similarity(given, family) >= CLOSE or compare_given_words(given, family) in _SETTLED:
        return True
    return (
        min(len(given), len(family)) > 2 and DamerauLevenshtein.distance(given, family, score_cutoff=1) <= 1
    )


def _given_of_whole_names(left: Comparable, right: Comparable) -> Finding | None:
    """What the whole names say of given names that disagree word by word."""
    if left.given.isascii() != right.given.isascii():
        agree = scripts_agree(left, right)
        return _GIVEN["close"] if agree else None
    arranged = arrangement(left, right)
    if arranged == "same":
        return Finding("exact", "same names, divided differently", left.given)
    if arranged == "other_order":
        return Finding("swapped", "same names in another order", left.given)
    if is_made_of_initials(left, right) or is_made_of_initials(right, left):
        return _INITIALS
    if (right.middle and left.given in right.middle.split()) or (
        left.middle and right.given in left.middle.split()
    ):
        return _CALLED_BY_MIDDLE
    return None


def _given_of_other_names(left: Comparable, right: Comparable) -> Finding | None:
    for one, other in by_other_names(left, right):
        if one.given and (found := compare_given(one, other)) and found.level not in _WEAK:
            return Finding(found.level, "one given name stands among the other's other names", found.value)
    return None


def _compare_middles(first: list[str], second: list[str]) -> Finding:
    """Several middle names: all of the shorter list must be among the longer one's."""
    shorter, longer = sorted((first, second), key=len)
    rest = list(longer)
    initials = 0
    for word in shorter:
        match = next((other for other in rest if other == word), None)
        if match is None:
            match = next((other for other in rest if compare_given_words(word, other) in _ALIKE), None)
            initials += 1
        if match is None:
            return _MIDDLE_DIFFERENT
        rest.remove(match)
    return _MIDDLE_SAME if not rest and not initials else _MIDDLE_CLOSE


_ALIKE = frozenset(("nickname", "close", "initial"))


def _compare_families(first: str, second: str) -> Finding | None:
    if " " in first or " " in second:
        return _compare_long_families(first, second)
    level = compare_family_words(first, second)
    if level == "exact":
        return Finding("exact", "same family name, written in two ways", first)
    return _FAMILY[level] if level else None


def _compare_long_families(first: str, second: str) -> Finding:
    """Family names of which at least one has several words."""
    if first.replace(" ", "") == second.replace(" ", ""):
        return Finding("exact", "same family name, spaced differently", first)
    first_core, second_core = without_particles(first), without_particles(second)
    if first_core == second_core:
        return Finding("close", "same family name but for its particles")
    if " " in first_core or " " in second_core:
        shorter, longer = sorted((first_core.split(), second_core.split()), key=len)
        if len(shorter) < len(longer) and _are_among(shorter, longer):
            return _PART
        if len(shorter) == len(longer) and sorted(shorter) == sorted(longer):
            return Finding("close", "same family names in another order")
    level = compare_family_words(first_core.replace(" ", ""), second_core.replace(" ", ""))
    return _FAMILY["close" if level == "exact" else level or "different"]


def _are_among(shorter: list[str], longer: list[str]) -> bool:
    return max(map(len, shorter)) > 2 and all(
        any(word == other or compare_family_words(word, other) in _SETTLED for other in longer)
        for word in shorter
    )


def _family_of_whole_names(left: Comparable, right: Comparable, found: Finding | None) -> Finding | None:
    """What former names, other names and whole names say of family names that are not the same."""
    if left.middle or right.middle or " " in left.family or " " in right.family or not found:
        arranged = arrangement(left, right)
        if arranged == "same":
            return Finding("exact", "same names, divided differently", left.family)
        if arranged == "other_order" and (not found or found.level in _WEAK):
            return Finding("swapped", "same names in another order", left.family)
    if found and found.level not in _WEAK:
        return found
    return _family_elsewhere(left, right) or found


def _family_elsewhere(left: Comparable, right: Comparable) -> Finding | None:
    if (left.other_families or right.other_families) and has_former_name(left, right):
        return _FORMER
    if left.family.isascii() != right.family.isascii():
        if scripts_agree(left, right):
            return _FAMILY["close"]
    elif (left.middle or right.middle or " " in left.family or " " in right.family) and is_contained(
        left, right
    ):
        return _IN_NAME
    if not (left.given and right.given) and is_written_together(left, right):
        return _TOGETHER
    return _family_of_other_names(left, right) if left.other_names or right.other_names else None


def _family_of_other_names(left: Comparable, right: Comparable) -> Finding | None:
    for one, other in by_other_names(left, right):
        if one.family and (found := compare_family(one, other)) and found.level not in _WEAK:
            return Finding(found.level, "one family name stands among the other's other names", found.value)
    return None
