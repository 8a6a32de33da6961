"""Names of companies compared: by the words that both have, and by how rare those are."""

from scoring.attributes.company_parts import GROUP_WORDS, CompanyName, acronym, parse_company_name
from scoring.attributes.company_relation import relate
from scoring.attributes.company_words import is_known, words_of
from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.vocabulary.companies import legal_kinds

__all__ = [
    "CompanyName",
    "acronym",
    "compare_company_name",
    "compare_employer",
    "compare_legal_form",
    "compare_marks",
    "parse_company_name",
]

_LEVELS = ("exact", "same_words", "close", "subset", "acronym", "partial", "different")
_RANKS = {level: rank for rank, level in enumerate(_LEVELS)}
_KINDS = legal_kinds()
# English forms are also what forms of other countries are translated by.
_TRANSLATIONS = frozenset(("inc", "ltd", "llc", "oao"))
_ENGLISH = _TRANSLATIONS | {"plc", "llp", "lp", "pc", "na"}


def compare_company_name(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both go by the same name, legal form apart. Other names stand for the name."""
    first, second = left.company, right.company
    if left.other_names or right.other_names:
        return _compare_all(first, left.other_names, second, right.other_names)
    if not first or not second:
        return None
    if first == second:
        return Finding("exact", "same company name", first)
    relation = relate(first, second)
    return relation.finding if relation else None


def compare_marks(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: neither is the branch, subsidiary, sister or parent of the other, as far as the names say.

    Names without a word in common say nothing of it.
    """
    first, second = left.company, right.company
    if not first or not second:
        return None
    if first == second:
        return _SAME_MARKS
    relation = relate(first, second)
    if relation is None or not relation.is_kin:
        return None
    ours, theirs = set(relation.left), set(relation.right)
    towns = set(f"{left.city} {right.city}".split())
    mine = _open_marks(left, right, ours) | (ours & towns)
    others = _open_marks(right, left, theirs) | (theirs & towns)
    if (mine and others) or (ours and theirs and all(map(is_known, ours | theirs))):
        return _OTHER_BRANCH
    if not mine and not others:
        return _SAME_MARKS
    return _PLACE if GROUP_WORDS.isdisjoint(mine or others) else _BRANCH


def _open_marks(side: Comparable, other: Comparable, words: set[str]) -> set[str]:
    """The marks of one side that the other lacks, but for those that are part of words in common (VTB24)."""
    marks = set(side.company_marks).difference(other.company_marks)
    return {mark for mark in marks if mark in words or mark not in words_of(side.company).unique}


def compare_legal_form(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same legal form, or one the English name for the other's kind."""
    first, second = left.legal_form, right.legal_form
    if not first or not second:
        return None
    if first == second:
        return _SAME_FORM
    if "co" in (first, second):
        return None
    if (first in _TRANSLATIONS) != (second in _TRANSLATIONS) and not _ENGLISH.issuperset((first, second)):
        return _SAME_FORM if _KINDS.get(first) == _KINDS.get(second) else None
    return _OTHER_FORM


def compare_employer(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both people work for the same company."""
    if not left.company or not right.company:
        return None
    # The other names of a person are not those of the employer.
    found = _compare_all(left.company, (), right.company, ())
    level = found.level if found else "different"
    if level in ("exact", "same_words"):
        return _SAME_EMPLOYER
    return _ALIKE_EMPLOYER if level in ("close", "acronym", "subset") else _OTHER_EMPLOYER


_SAME_MARKS = Finding("same", "the names say nothing of different branches or companies of a group")
_PLACE = Finding("place", "one name says a place or number, the other does not")
_BRANCH = Finding("one_sided", "one name says branch, parent or sister company, the other does not")
_OTHER_BRANCH = Finding("different", "the names say different branches, places, numbers, trades or parents")
_SAME_FORM = Finding("same", "same legal form")
_OTHER_FORM = Finding("different", "different legal forms")
_SAME_EMPLOYER = Finding("same", "same company")
_ALIKE_EMPLOYER = Finding("alike", "alike company names")
_OTHER_EMPLOYER = Finding("different", "different companies")


def _compare_all(
    first: str, first_others: tuple[str, ...], second: str, second_others: tuple[str, ...]
) -> Finding | None:
    """The best of the own and other names of both sides."""
    best: Finding | None = None
    for name in (first, *first_others):
        for other in (second, *second_others):
            if not name or not other:
                continue
            if name == other:
                found = Finding("exact", "same company name", name)
            elif (relation := relate(name, other)) is None:
                continue
            else:
                found = relation.finding
            if found.level != "different" and (name is not first or other is not second):
                found = found._replace(evidence=f"{found.evidence} (brand, former or native name)")
            if best is None or _order(found) < _order(best):
                best = found
    return best


def _order(found: Finding) -> tuple[int, int, str, str]:
    return _RANKS[found.level], len(found.evidence), found.value, found.evidence
