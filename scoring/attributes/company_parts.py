"""Names of companies taken apart: the core that identifies, the legal form, and the marks of a branch, place
or parent.

The core is written in words that compare alike whoever wrote them: abbreviations and very common foreign
words by their English one, numbers in digits, without articles and prepositions.
"""

import re
import unicodedata
from typing import NamedTuple

from scoring.text import MAX_CODE_POINTS, joined, normalise
from scoring.vocabulary import word_map, word_set
from scoring.vocabulary.companies import (
    LegalForm,
    legal_forms,
    native_legal_forms,
    unspaced_legal_forms,
    word_frequencies,
)


class CompanyName(NamedTuple):
    """The normalised parts of a company name; an empty part is missing."""

    core: str
    marks: tuple[str, ...]
    legal_form: str


GROUP_WORDS = word_set("branch_words") | word_set("parent_words")
"""Marks that make a name another company's of the group, or a branch."""
PLACE_WORDS = word_set("place_words")
ORDINALS = frozenset(
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
)

_MARKS = GROUP_WORDS | PLACE_WORDS | ORDINALS
_ABBREVIATIONS = word_map("abbreviations")
_FREQUENCIES = word_frequencies()
_FILLERS = word_set("fillers")
_PLACEHOLDERS = word_set("placeholders")
_NATIVE_MARKS = {
    "分公司": "branch", "支店": "branch", "支社": "branch", "営業所": "branch", "지점": "branch",
    "فرع": "branch", "集团": "group", "集團": "group", "集団": "group", "グループ": "group", "그룹": "group",
    "مجموعة": "group",
    "控股": "holdings", "ホールディングス": "holdings", "홀딩스": "holdings", "القابضة": "holdings",
    "قابضة": "holdings", "投资": "investments", "投資": "investments", "販売": "sales", "销售": "sales",
}  # fmt: skip
_OPENING: dict[str, list[LegalForm]] = {}
_CLOSING: dict[str, list[LegalForm]] = {}
for _form in legal_forms():
    _OPENING.setdefault(_form.words[0], []).append(_form)
    _CLOSING.setdefault(_form.words[-1], []).append(_form)
# Letters of an abbreviation may have dots, spaces or Hebrew quotation marks between them.
_BETWEEN = r"[\s.\"'\u05f3\u05f4]*"
_NATIVE_FORMS = tuple(
    (re.compile(rf"(?<!\w){_BETWEEN.join(map(re.escape, spelling.split()))}(?!\w)"), code)
    for spelling, code in native_legal_forms().items()
)
_NATIVE_FORM = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _NATIVE_FORMS))
_FIRST_NOT_LATIN = "\u0370"
# A search for these costs a fraction of the expressions that they announce.
_MAY_BE_ALSO = re.compile(
    r"[\s,;(](?:t/|ta|d/?b|[afn]/?k|trading|doing|formerly|also|now|previously|vormals|ancienn|dawniej)"
)
_ONE_DOT_AT_END = re.compile(r"[^.]*[A-Za-z]{2}\.")
_NO_MARKS = re.compile(r"[^/.&,(]*(?:[A-Za-z]{2}\.)?")
_UNTIDY = frozenset(
    (
        *("aka", "also", "anciennement", "and", "care", "dawniej", "dba", "doing", "et", "fka", "formerly"),
        *("nka", "now", "previously", "ta", "trading", "und", "vormals", "y"),
    )
)
_ANDS = (" and ", " und ", " et ", " y ")
_DOTTED = re.compile(r"(?<!\w)(?:[^\W\d_]\.){1,8}[^\W\d_]?(?![\w])")
_ASIDE = re.compile(r"\(([^()]{2,12})\)")
_HOST = re.compile(
    r"(?<![\w.@])(?:https?://)?(?:www\.)?([a-z0-9][a-z0-9-]{2,62})"
    r"\.(?:com|net|org|info|biz|io|ai|app|dev|shop|store|online|eu|uk|de|fr|it|es|nl|be|at|ch|pl|cz|ru|jp|cn|in|br|"
    r"(?:co|com)\.[a-z]{2})(?![\w.-])",
    re.IGNORECASE,
)
_AND = re.compile(r"(?<![\w&])(\w{1,2})\s*(?:&|\b(?:and|und|et|y)\b)\s*(\w)(?![\w&])", re.IGNORECASE)
_CARE_OF = re.compile(r"\s(?:c/o|care of)\s.*", re.IGNORECASE | re.DOTALL)
_ALSO = re.compile(
    r"[\s,;(]+(?:t/as?|d/?b/?a|f/?k/?a|a/?k/?a|n/?k/?a|trading as|doing business as|formerly(?: known as)?|"
    r"also known as|now known as|previously(?: known as)?|vormals|anciennement|dawniej)[\s:.]+"
    r"|(?<=ltd|ted|llp|plc|llc|inc)[\s,;(]+ta[\s:.]+",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\d+|[a-z]{1,3}\d{1,4}|\d{1,4}[a-z]")
_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12",
    "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19", "xx": "20",
}  # fmt: skip
_ROMAN_AT_END = {"i": "1", "v": "5", "x": "10"}
# Such words join others, and are names themselves at the beginning or end: E Trade, Vitamin A.
_SINGLE_FILLERS = frozenset("aeydlsi")
_PARTICLES = frozenset(("van", "von", "der", "den", "de", "di", "da", "du", "del", "al"))
# Words of two letters or more that are in none of these stand in a core as they are, and mark nothing.
_SPECIAL = _FILLERS.union(_ABBREVIATIONS, _ROMAN, _MARKS)


def parse_company_name(text: str) -> CompanyName:
    """Core, marks and legal form; a name made of nothing but such words is its own core."""
    text = text[:MAX_CODE_POINTS]
    native: list[str] = []
    form = ""
    name = normalise(text)
    all_words = name.split()
    if not _is_tidy(text, all_words):
        native = [] if text.isascii() else _native_marks(text)
        text, form = _tidied(text)
        name = normalise(text)
        all_words = name.split()
    if not name or name in _PLACEHOLDERS:
        return _NOTHING
    if 1 in map(len, all_words):
        all_words = joined(name).split()
    words, form = _without_forms(all_words, form)
    if not native and "".join(words).isalpha() and _SPECIAL.isdisjoint(words) and 1 not in map(len, words):
        return CompanyName(" ".join(words), (), form)
    core, marks = _core(words)
    marks.update(native)
    if len(core) < 2 and len("".join(core)) < 2:
        core = words or all_words
        marks.intersection_update(core)
    return CompanyName(" ".join(core), tuple(sorted(marks)), form)


def _core(words: list[str]) -> tuple[list[str], set[str]]:
    """The words of the core, and those of them that mark a branch, place or parent."""
    core: list[str] = []
    marks: set[str] = set()
    last = len(words) - 1
    for at, word in enumerate(words):
        if word in _FILLERS and not _is_part_of_name(word, at, last, core):
            continue
        full = _ABBREVIATIONS.get(word, word) if last else word
        if at:
            full = _ROMAN.get(full, full)
            if at == last and at > 1:
                full = _ROMAN_AT_END.get(full, full)
        core.append(full)
        if full in _MARKS or _NUMBERED.fullmatch(full) or (at == last and at and len(full) == 1):
            marks.add(full)
    return core, marks


_NOTHING = CompanyName("", (), "")


def other_company_names(text: str) -> tuple[str, ...]:
    """The cores of the names given after the own one: traded under (t/a, dba), former or also known."""
    if text.isascii() and not _MAY_BE_ALSO.search(text[:MAX_CODE_POINTS].lower()):
        return ()
    parts = _ALSO.split(_CARE_OF.sub("", text[:MAX_CODE_POINTS]))
    if len(parts) < 2 or not parts[0].strip():
        return ()
    return tuple(core for part in parts[1:] if (core := parse_company_name(part).core))


def acronym(core: str) -> str:
    """The initials of a core of two words or more, else nothing."""
    words = core.split()
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _is_tidy(text: str, words: list[str]) -> bool:
    """Whether there is nothing in a name that `_tidied` would change; `words` are those of the name."""
    return (
        text.isascii()
        and text.isprintable()
        and _NO_MARKS.fullmatch(text) is not None
        and _UNTIDY.isdisjoint(words)
    )


def _tidied(text: str) -> tuple[str, str]:
    """The name alone, without what follows 'c/o' or 'formerly', dots in abbreviations, '.com' and native
    legal forms; and the code of a native legal form.
    """
    form = ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)[:MAX_CODE_POINTS]
        text, form = _without_native_form(text)
    # Of other letters, and other kinds of space, the expressions know more than the searches before them.
    is_plain = text.isascii() and text.isprintable()
    lowered = text.lower() if is_plain else ""
    if "/" in text or " " in text:
        if not is_plain or "c/o" in lowered or "care of" in lowered:
            text = _CARE_OF.sub("", text)
        if not is_plain or _MAY_BE_ALSO.search(lowered):
            own = _ALSO.split(text, maxsplit=1)[0]
            text = own if own.strip() else text
    if "." in text and not (is_plain and _ONE_DOT_AT_END.fullmatch(text)):
        text = _HOST.sub(r"\1", text)
        text = _DOTTED.sub(lambda found: found.group().replace(".", ""), text)
        lowered = text.lower()
    if "&" in text or (" " in text and (not is_plain or any(word in lowered for word in _ANDS))):
        text = _AND.sub(r"\1\2", text)
    if text.count(",") == 1:
        text = _uninverted(text)
    if "(" in text:
        text = _ASIDE.sub(lambda found: _unless_initials(found, text), text)
    return text, form


def _uninverted(text: str) -> str:
    """'Chemicals, Langmere Ltd' as 'Langmere Ltd Chemicals', where the one is common and the other rare."""
    head, tail = map(str.strip, text.split(","))
    word = normalise(head)
    first = normalise(tail).partition(" ")[0]
    is_turned = word in _FREQUENCIES and word not in PLACE_WORDS and first not in _FREQUENCIES
    return f"{tail} {head}" if is_turned and first and first not in _OPENING else text


def _unless_initials(found: re.Match[str], text: str) -> str:
    """What stands in brackets, unless it is the initials of what stands before: 'World Bank (WB)'."""
    initials = [word[0] for word in normalise(text[: found.start()]).split()]
    inside = normalise(found.group(1))
    left = iter(initials)
    return " " if all(letter in left for letter in inside) and len(inside) > 1 else found.group()


def _without_native_form(text: str) -> tuple[str, str]:
    folded = text.casefold()
    if max(folded) < _FIRST_NOT_LATIN:
        return text, ""
    form = ""
    rest = folded
    if found := _NATIVE_FORM.search(folded):
        form = next(code for pattern, code in _NATIVE_FORMS if pattern.fullmatch(found.group()))
        rest = _NATIVE_FORM.sub(" ", folded)
    for spelling, code in unspaced_legal_forms().items():
        if spelling in rest:
            rest = rest.replace(spelling, " ")
            form = form or code
    return (rest, form) if normalise(rest) else (text, "")


def _is_part_of_name(filler: str, at: int, last: int, core: list[str]) -> bool:
    """Whether a filler is none where it stands: E Trade, Vitamin A, De Beers, Van der Valk."""
    if at in (0, last) and filler in _SINGLE_FILLERS:
        return True
    return filler in _PARTICLES and len(core) == at


def _native_marks(text: str) -> list[str]:
    return [mark for word, mark in _NATIVE_MARKS.items() if word in text]


def _without_forms(words: list[str], form: str) -> tuple[list[str], str]:
    """The words without legal forms, and the code of the last one; a name of nothing else stays whole."""
    found: list[str] = []
    rest = words
    while len(rest) > 1 and rest[-1] in _CLOSING and (ending := _ending(rest)):
        rest = rest[: -len(ending.words)]
        found.append(ending.code)
    while len(rest) > 1 and rest[0] in _OPENING and (opening := _at(rest, 0)) and opening.opens:
        rest = rest[len(opening.words) :]
        found.append(opening.code)
    if len(rest) > 2 and not _OPENING.keys().isdisjoint(rest):
        rest = _without_middle(rest, found)
    codes = [code for code in found if code != "co"] or found
    return rest, form or (codes[0] if codes else "")


def _without_middle(words: list[str], found: list[str]) -> list[str]:
    """Without the forms that stand before a place or branch: 'Acme Ltd Leeds Branch'."""
    kept = words[:1]
    at = 1
    while at < len(words):
        form = _at(words, at)
        if form and (not form.only_ends or _MARKS.issuperset(words[at + len(form.words) :])):
            found.append(form.code)
            at += len(form.words)
        else:
            kept.append(words[at])
            at += 1
    return kept


def _ending(words: list[str]) -> LegalForm | None:
    for form in _CLOSING.get(words[-1], ()):
        size = len(form.words)
        if size < len(words) and (size == 1 or tuple(words[-size:]) == form.words):
            return form
    return None


def _at(words: list[str], at: int) -> LegalForm | None:
    for form in _OPENING.get(words[at], ()):
        size = len(form.words)
        if at + size <= len(words) and (size == 1 or tuple(words[at : at + size]) == form.words):
            return form if size < len(words) else None
    return None
