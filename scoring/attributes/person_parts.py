"""The parts of a person's name: titles and degrees off, full names taken apart in the orders of the world."""

import re
from functools import lru_cache
from typing import NamedTuple

from scoring.attributes.east_asian_names import (
    CHINESE_FAMILIES,
    are_syllables,
    given_and_family,
    is_family_name,
)
from scoring.attributes.name_endings import are_endings_after_comma, stripped_of_endings
from scoring.reading import script_of
from scoring.text import FEW_REMEMBERED, Remembered, normalise
from scoring.vocabulary import known_given_names, word_map, word_set

_TITLES = word_map("titles")
_SUFFIXES = word_map("suffixes")
_DEGREES = word_set("degrees")
_PARTICLES = word_set("particles")
_PLACEHOLDERS = word_set("placeholders")
# Titles that are names as well: Don Johnson, Major Owens.
_NAMES_TOO = frozenset(
    {"abba", "abbe", "adv", "amb", "arch", "bey", "bishop", "canon", "dame", "deacon", "don", "dona", "earl"}
    | {"father", "fr", "general", "judge", "mag", "major", "master", "mayor", "notar", "pan", "sig"}
    | {"sheik", "sheikh", "shaikh", "shaykh", "haji", "hajji", "imam", "mullah"}
)
_FACULTIES = frozenset(("habil", "hc", "h", "c", "jur", "med", "nat", "phil", "pol", "rer", "techn", "vet"))
# 'Abd al-Rahman', 'Abdul Rahman' and 'Abdulrahman' are one word in Arabic's sense: servant of the merciful.
_BOUND = frozenset(("abd", "abdal", "abdel", "abdoul", "abdul", "abdur", "abdus", "abou", "abu", "umm"))
_ARTICLES = frozenset(("al", "el", "ar", "ur", "as", "us", "er", "ال"))
# Of these nobody is called alone, so that they are bound wherever they stand; Latin 'abdul' may be a name.
_NEVER_ALONE = frozenset(("abd", "عبد", "ابو"))
_PATRONYMICS = ("ovich", "evich", "ovna", "evna")
_CYRILLIC_PATRONYMICS = (*_PATRONYMICS, "ich", "ivna", "ichna")
# Two words of which, but for the lists, the first can be nothing but the given name.
_TWO_WORDS = re.compile("[A-Za-z]{2,80} [A-Za-z]{2,80}")
_NO_GIVEN_NAME = _NEVER_ALONE.union(_TITLES)
_NO_FAMILY_NAME = _NEVER_ALONE.union(_SUFFIXES, _DEGREES)
_HYPHENS = re.compile("[-\u2010\u2011]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_MALE_WORDS = """m male man mann mannlich homme hombre masculino maschile mannelijk mand han muz
mezczyzna muzhskoi muzhchina masculin erkek ferfi boy masc 男 男性 남 남성 남자 ذكر זכר पुरुष"""
_FEMALE_WORDS = """f female woman w weiblich frau femme mujer femenino femminile feminino vrouw
vrouwelijk kvinde kvinna kobieta zhenskii zhenshchina feminin kadin girl fem 女 女性 여
여성 여자 أنثى انثى נקבה महिला"""
_GENDERS = {
    **dict.fromkeys(map(normalise, _MALE_WORDS.split()), "m"),
    **dict.fromkeys(map(normalise, _FEMALE_WORDS.split()), "f"),
}
_WRITTEN_TOGETHER = re.compile(r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])")
_PREFIXES_WRITTEN_SO = frozenset(
    {
        "al",
        "ap",
        "d",
        "da",
        "de",
        "del",
        "della",
        "des",
        "di",
        "du",
        "el",
        "fitz",
        "ibn",
        "l",
        "la",
        "le",
        "li",
    }
    | {"lo", "mac", "mc", "o", "st", "van", "vander", "von"}
)
# Chinese family names of two characters, and the commonest of one: what else has three is likelier Japanese.
_DOUBLE_FAMILIES = frozenset(
    {
        "欧阳",
        "歐陽",
        "司马",
        "司馬",
        "诸葛",
        "諸葛",
        "上官",
        "司徒",
        "东方",
        "東方",
        "皇甫",
        "尉迟",
        "令狐",
        "慕容",
    }
    | {"남궁", "황보", "제갈", "선우"}
)


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
    gender = _GENDERS_OF_TITLES[title] if title else ""
    generation = _GENERATIONS[suffix] if suffix else ""
    if given:
        given, male_or_female, ending = _GIVEN_READ[given]
        gender, generation = gender or male_or_female, generation or ending
    if family:
        family, male_or_female, ending = _FAMILIES_READ[family]
        gender, generation = gender or male_or_female, generation or ending
    if middle:
        middle = _MIDDLE_READ[middle]
    if full and not (given and family):
        whole = _of_two_words(full, gender, generation) or _taken_apart(full, gender, generation)
        gender, generation = whole.gender, whole.suffix
        if given or family:
            whole = _remainder(whole, given, family)
        given, middle, family = given or whole.given, middle or whole.middle, family or whole.family
    if " " not in given:
        return PersonName(given, middle, family, generation, gender)
    given, more = _given_names(given.split(), family)
    return PersonName(given, f"{more} {middle}".strip(), family, generation, gender)


@lru_cache(maxsize=16384)
def parse_other_name(name: str) -> PersonName:
    """The parts of an alias or native name, which is a whole name or one word of it."""
    return parse_person_name("", "", "", name)


def normalise_gender(text: str) -> str:
    """'m' or 'f' where a field says so, in the words of several languages; else empty."""
    return _GENDERS.get(normalise(text[:16]), "") if text else ""


def without_particles(family: str) -> str:
    """The words of a family name but for 'van', 'de la' and the like; all where nothing else is left."""
    return " ".join(word for word in family.split() if word not in _PARTICLES) or family


def _bound(words: list[str]) -> list[str]:
    """The words of a name, with those joined that only mean something together."""
    if words[0] not in _BOUND and _NEVER_ALONE.isdisjoint(words):
        return words
    bound: list[str] = []
    while words:
        count = 1
        if words[0] in _NEVER_ALONE or (not bound and words[0] in _BOUND):
            count = 3 if len(words) > 2 and words[1] in _ARTICLES else 2
        bound.append("".join(words[:count]))
        words = words[count:]
    return bound


def _given_names(words: list[str], family: str) -> tuple[str, str]:
    """The given name and the middle names: two syllables before a Chinese or Korean family name are one."""
    words = _bound(words)
    if len(words) == 2 and is_family_name(family) and are_syllables(words):
        return "".join(words), ""
    return words[0], " ".join(words[1:])


def _remainder(whole: PersonName, given: str, family: str) -> PersonName:
    """What a full name says beyond the given or family name that is known: nothing, where it has no more."""
    words = f"{whole.given} {whole.middle} {whole.family}".split()
    known = (given or family).split()
    if not any(word in words for word in known):
        return whole
    for word in known:
        if word in words:
            words.remove(word)
    if given:
        return PersonName("", *_split_family(words), whole.suffix, whole.gender)
    return PersonName(words[0] if words else "", " ".join(words[1:]), "", whole.suffix, whole.gender)


def _split_family(words: list[str]) -> tuple[str, str]:
    """The middle names and the family name, with its particles, of what follows a given name."""
    start = max(len(words) - 1, 0)
    while start > 0 and words[start - 1] in _PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def _stripped(text: str, gender: str, generation: str, field: str) -> tuple[str, str, str]:
    """A name field without the titles, degrees and suffixes that were typed into it."""
    if not text:
        return "", gender, generation
    name = normalise(text)
    if name in _PLACEHOLDERS:
        return "", gender, generation
    if " " not in name:
        if name in _TITLES and name not in _NAMES_TOO and len(name) > 1:
            return "", gender or _TITLES[name], generation
        return name, gender, generation
    words = name.split()
    while len(words) > 1 and _is_title(words):
        title = words.pop(0)
        gender = gender or _TITLES[title]
        while len(words) > 2 and words[0] in _FACULTIES:
            words.pop(0)
    if len(words) > 1 and (words[-1] in _SUFFIXES or words[-1] in _DEGREES):
        words, found = stripped_of_endings(words, text, field)
        generation = generation or found
    return " ".join(words), gender, generation


def _read_family(text: str) -> tuple[str, str, str]:
    family, gender, generation = _stripped(text, "", "", "family")
    if " " in family and not _NEVER_ALONE.isdisjoint(words := family.split()):
        family = " ".join(_bound(words))
    return family, gender, generation


_GENDERS_OF_TITLES: Remembered[str, str] = Remembered(
    lambda title: _TITLES.get(normalise(title), ""), FEW_REMEMBERED
)
_GENERATIONS: Remembered[str, str] = Remembered(
    lambda suffix: _SUFFIXES.get(normalise(suffix), ""), FEW_REMEMBERED
)
_GIVEN_READ: Remembered[str, tuple[str, str, str]] = Remembered(lambda text: _stripped(text, "", "", "given"))
_FAMILIES_READ = Remembered(_read_family)
_MIDDLE_READ = Remembered(normalise)


def _is_title(words: list[str]) -> bool:
    first = words[0]
    if first not in _TITLES or (len(first) == 1 and first.isascii()):
        return False
    return first not in _NAMES_TOO or len(words) > 2


def _of_two_words(full: str, gender: str, generation: str) -> PersonName | None:
    """The commonest kind of full name, a given and a family name that are nothing else; None of another."""
    if not _TWO_WORDS.fullmatch(full):
        return None
    name = full.lower()
    first, _, last = name.partition(" ")
    if first in _NO_GIVEN_NAME or last in _NO_FAMILY_NAME or name in _PLACEHOLDERS or is_family_name(first):
        return None
    return PersonName(first, "", last, generation, gender)


def _taken_apart(full: str, gender: str, generation: str) -> PersonName:
    """A full name in either of the orders 'Ada Lovelace' and 'Lovelace, Ada'."""
    before, comma, after = full[:512].partition(",")
    if comma and after.strip():
        family, gender, generation = _stripped(before, gender, generation, "family")
        endings = normalise(after).split()
        if are_endings_after_comma(endings, before):
            known = (_SUFFIXES[word] for word in endings if word in _SUFFIXES)
            return _taken_apart(before, gender, next(known, generation))
        rest, gender, generation = _stripped(after, gender, generation, "given")
        given, middle = _given_names(rest.split(), family) if rest else ("", "")
        return PersonName(given, middle, family, generation, gender)
    name, gender, generation = _stripped(_spaced(full), gender, generation, "full")
    words = name.split()
    if len(words) > 2 or not _NEVER_ALONE.isdisjoint(words):
        words = _bound(words)
    if len(words) < 2:
        given, family = _native_parts("".join(words))
        return PersonName(given, "", family, generation, gender)
    if len(words) <= 3 and name.isascii() and (found := given_and_family(words, _hyphened(full, words))):
        return PersonName(found[0], "", found[1], generation, gender)
    if len(words) > 2 and _is_family_first(words, full):
        return PersonName(words[1], " ".join(words[2:]), words[0], generation, gender)
    return PersonName(words[0], *_split_family(words[1:]), generation, gender)


def _hyphened(full: str, words: list[str]) -> int:
    """The place of the word that a hyphen ties to the one after it, or -1."""
    if not _HYPHENS.search(full):
        return -1
    for text in full.split():
        if _HYPHENS.search(text) and len(tied := normalise(text).split()) == 2:
            return next((at for at in range(len(words) - 1) if words[at : at + 2] == tied), -1)
    return -1


def _is_family_first(words: list[str], full: str) -> bool:
    """Whether the end of a name tells that it begins with the family name: an initial (SMITH JOHN A), or a
    patronymic, as names are written officially where those are borne (Чайковский Пётр Ильич).
    """
    first, second, *_, last = words
    known = known_given_names()
    if len(last) == 1:
        return len(first) > 1 and len(second) > 1 and (first not in known or second in known)
    is_cyrillic = _CYRILLIC.search(full) is not None
    endings = _CYRILLIC_PATRONYMICS if is_cyrillic else _PATRONYMICS
    if not last.endswith(endings) or second.endswith(endings):
        return False
    return is_cyrillic or (first not in known and second in known)


def _spaced(full: str) -> str:
    """A full name whose spaces were lost, 'JohnSmith', with the spaces that its capitals tell of."""
    full = full.strip()
    if " " in full or not _WRITTEN_TOGETHER.search(full):
        return full
    words = _WRITTEN_TOGETHER.split(full)
    return full if normalise(words[0]) in _PREFIXES_WRITTEN_SO else " ".join(words)


def _native_parts(name: str) -> tuple[str, str]:
    """Given and family name of one written without a space: of Chinese, Japanese and Korean names the family
    name comes first.
    """
    script = script_of(name)
    if script not in {"han", "hangul", "kana"} or not 2 <= len(name) <= 7:
        return "", name
    scripts = [script_of(letter) for letter in name]
    if scripts[0] == "han" and "kana" in scripts:
        split = scripts.index("kana")
    elif script == "kana" or len(name) > 4:
        return "", name
    else:
        split = 2 if _has_double_family(name, script) else 1
    return name[split:], name[:split]


def _has_double_family(name: str, script: str) -> bool:
    if len(name) > 2 and name[:2] in _DOUBLE_FAMILIES:
        return True
    return script == "han" and (len(name) == 4 or (len(name) == 3 and name[0] not in CHINESE_FAMILIES))
