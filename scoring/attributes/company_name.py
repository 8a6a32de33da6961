"""Names of companies: the core that identifies, the legal form, and the marks of a branch, place or
parent.
"""

from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import joined, normalise
from scoring.vocabulary import word_map, word_set

CLOSE = 0.92
_LEGAL_FORMS = word_map("legal_forms")
_ABBREVIATIONS = word_map("abbreviations")
_FILLERS = word_set("fillers")
# Words that make a name another company's of the group; places and numbers may be left out of one's own name.
_GROUP = word_set("branch_words") | word_set("parent_words")
_MARKS = _GROUP | word_set("place_words")
_NATIVE_GROUP = tuple(sorted(word for word in _GROUP if not word.isascii()))
_PLACEHOLDERS = word_set("placeholders")
_NATIVE_FORMS = tuple(form for form in _LEGAL_FORMS if not form.isascii())
_WRITTEN_APART = (("s p a", "spa"), ("sp z o o", "spzoo"), ("d o o", "doo"), ("s r o", "sro"))


class CompanyName(NamedTuple):
    """The normalised parts of a company name; an empty part is missing."""

    core: str
    marks: tuple[str, ...]
    legal_form: str


def parse_company_name(text: str) -> CompanyName:
    """Core, marks and legal form; a name made of nothing but such words is its own core."""
    name = normalise(text)
    if not name or name in _PLACEHOLDERS:
        return CompanyName("", (), "")
    for apart, together in _WRITTEN_APART:
        if name.endswith(apart):
            name = name[: -len(apart)] + together
    name, legal_form = _without_native_form(name)
    words = joined(name).split()
    core: list[str] = []
    marks: set[str] = set()
    for at, word in enumerate(words):
        if at and word in _LEGAL_FORMS and (len(words) - at <= 3 or len(word) > 2):
            legal_form = _LEGAL_FORMS[word] if not legal_form or legal_form == "co" else legal_form
        elif word not in _FILLERS:
            full = _ABBREVIATIONS.get(word, word)
            core.append(full)
            if full in _MARKS or full.isdigit():
                marks.add(full)
    if not name.isascii():
        marks.update(mark for mark in _NATIVE_GROUP if mark in name)
    core = core or [word for word in words if word not in _LEGAL_FORMS] or words
    return CompanyName(" ".join(core), tuple(sorted(marks)), legal_form)


def acronym(core: str) -> str:
    """The initials of a core of two words or more, else nothing."""
    words = core.split()
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def compare_company_name(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both go by the same name, legal form apart."""
    first, second = left.company, right.company
    if not first or not second or first.isascii() != second.isascii():
        return None
    if first == second:
        return Finding("exact", "same company name", first)
    first_words, second_words = first.split(), second.split()
    if first.replace(" ", "") == second.replace(" ", "") or sorted(first_words) == sorted(second_words):
        return Finding("same_words", "same words of the company name, ordered or spaced differently", first)
    if _is_acronym(first, second) or _is_acronym(second, first):
        return _ACRONYM
    shorter, longer = sorted((first_words, second_words), key=len)
    matched = _matched(shorter, longer)
    part = _holds(first, second)
    if matched == len(shorter) == len(longer) and not part:
        return _CLOSE
    if matched == len(shorter) or part:
        return Finding("subset", "one company name holds all words of the other", " ".join(shorter))
    if min(len(first), len(second)) > 5 and DamerauLevenshtein.distance(first, second, score_cutoff=2) <= 2:
        return _CLOSE
    if matched and matched * 2 >= len(longer):
        return _PARTIAL
    return _DIFFERENT


def compare_marks(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: neither is the branch, subsidiary or parent of the other, as far as the names say."""
    first, second = left.company, right.company
    if not first or not second or first.isascii() != second.isascii():
        return None
    if first == second:
        return _SAME_MARKS
    ours, theirs = set(left.company_marks), set(right.company_marks)
    if cities := left.city + " " + right.city if left.city or right.city else "":
        words, others = set(first.split()), set(second.split())
        towns = set(cities.split())
        ours |= (words - others) & towns
        theirs |= (others - words) & towns
    ours, theirs = ours - theirs, theirs - ours
    if ours and theirs:
        return _OTHER_BRANCH
    if not ours and not theirs:
        return _SAME_MARKS
    return _PLACE if _GROUP.isdisjoint(ours or theirs) else _BRANCH


def compare_legal_form(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same legal form."""
    first, second = left.legal_form, right.legal_form
    if not first or not second:
        return None
    if first == second or "co" in (first, second):
        return _SAME_FORM
    return _OTHER_FORM


def compare_employer(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both people work for the same company."""
    if not left.company or not right.company:
        return None
    found = compare_company_name(left, right)
    level = found.level if found else "different"
    if level in ("exact", "same_words"):
        return _SAME_EMPLOYER
    return _ALIKE_EMPLOYER if level in ("close", "acronym", "subset") else _OTHER_EMPLOYER


_ACRONYM = Finding("acronym", "one company name is the acronym of the other")
_CLOSE = Finding("close", "company names differ by a slip of the pen")
_PARTIAL = Finding("partial", "company names share half of their words")
_DIFFERENT = Finding("different", "different company names")
_SAME_MARKS = Finding("same", "the names say nothing of different branches or companies of a group")
_PLACE = Finding("place", "one name says a place or number, the other does not")
_BRANCH = Finding("one_sided", "one name says branch, parent or sister company, the other does not")
_OTHER_BRANCH = Finding("different", "the names say different branches, places, numbers or parents")
_SAME_FORM = Finding("same", "same legal form")
_OTHER_FORM = Finding("different", "different legal forms")
_SAME_EMPLOYER = Finding("same", "same company")
_ALIKE_EMPLOYER = Finding("alike", "alike company names")
_OTHER_EMPLOYER = Finding("different", "different companies")


def _without_native_form(name: str) -> tuple[str, str]:
    if name.isascii():
        return name, ""
    for form in _NATIVE_FORMS:
        if form in name and form != name:
            return name.replace(form, " ").strip(), _LEGAL_FORMS[form]
    return name, ""


def _is_acronym(short: str, long: str) -> bool:
    # The words may stand in another order, so the letters are compared as a set.
    return " " not in short and 1 < len(short) < 8 and sorted(short) == sorted(acronym(long))


def _holds(first: str, second: str) -> bool:
    """Whether one name is a part of the other, in scripts that put no space between words."""
    return not first.isascii() and min(len(first), len(second)) > 1 and (first in second or second in first)


def _matched(shorter: list[str], longer: list[str]) -> int:
    """How many words of the shorter name stand in the longer one, a slip or a word cut short allowed."""
    left_over = list(longer)
    count = 0
    for word in shorter:
        for other in left_over:
            if word == other or _is_slip(word, other):
                left_over.remove(other)
                count += 1
                break
    return count


def _is_slip(word: str, other: str) -> bool:
    if min(len(word), len(other)) > 2 and (word.startswith(other) or other.startswith(word)):
        return True
    if len(word) < 4 or len(other) < 4 or abs(len(word) - len(other)) > 1:
        return False
    return JaroWinkler.similarity(word, other, score_cutoff=CLOSE) >= CLOSE
