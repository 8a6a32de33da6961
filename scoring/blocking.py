"""Blocking keys: two records are compared only where they share one.

Every key is a function of the comparable alone, so that an index built anywhere, in any order, is the same.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from jellyfish import metaphone

from scoring.attributes.person_name import full_names_of
from scoring.attributes.street_line import street_name
from scoring.comparables import Comparable, Entity
from scoring.model import shipped_model
from scoring.text import MOST_REMEMBERED, Remembered
from scoring.vocabulary import word_set

MAX_KEYS = 24
MAX_KEY_CODE_POINTS = 80
_PHONE_DIGITS = 8
_LOCAL_MIN = 6
_BEGINNING = 6
_COMPANY_BEGINNING = 10
_LEAST_INITIALS = 3
_MOST_TELLING = 3
# Rules whose keys tell of one person or company only where few records have them.
# Tried at 1,000,000 records: larger blocks would add one in a thousand to the true duplicates found among
# people and six among companies, for twice the comparisons (benchmarks/README.md, "Match").
SELECTIVE_MOST_MEMBERS = 30
_SELECTIVE_PREFIXES = frozenset({"a", "c", "k", "l", "ca", "co", "cq", "cr"})
_COMMON_WORDS = (
    word_set("branch_words") | word_set("parent_words") | word_set("place_words") | word_set("common_words")
)


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """What the keys of one prefix have in common.

    A key that more than `most_members` records have makes none of them a candidate; None is no limit.
    """

    prefix: str
    description: str
    most_members: int | None = None


_CONTACT_RULES = {
    "a": "same house number and beginning of the street in the same postal code or city",
    "e": "same e-mail address",
    "i": "same tax, national, registration or customer number",
    "p": "same last eight digits of a telephone number",
}
_PERSON_RULES = {
    "b": "same given name (short forms resolved) and date of birth",
    "c": "family names that sound alike, the same initial of the given name and the same city",
    "d": "family names that sound alike and the same date of birth",
    "g": "same given name, short forms resolved, and the same postal code",
    "h": "same beginning of the family name and of the employer",
    "j": "same given name, short forms resolved, and the same beginning of the employer",
    "k": "given and family names that sound alike, in either order",
    "l": "same name before the @ of an e-mail address",
    "n": "same given and family name, short forms resolved, in either order",
    "o": "same initials in either order and the same date of birth",
    "y": "family names that sound alike, the same initial of the given name and year of birth",
    "z": "family names that sound alike and the same postal code",
}
_COMPANY_RULES = {
    "n": "same beginning of the company name, spaces left out",
    "o": "same sound of a distinctive word of the company name, and the same city",
    "q": "one company name is made of the other's initials, or both of the same, three at least",
    "r": "same sound of a word that few company names have",
    "t": "same words of the company name in any order",
    "w": "same domain",
}
# Companies' keys have prefixes of their own, so that no block holds pairs that can never match.
_COMPANY = "c"


def _rule(prefix: str, description: str) -> BlockingRule:
    if prefix not in _SELECTIVE_PREFIXES:
        return BlockingRule(prefix, description)
    few = f"{description}, where at most {SELECTIVE_MOST_MEMBERS} records have it in common"
    return BlockingRule(prefix, few, SELECTIVE_MOST_MEMBERS)


_RULES = tuple(
    sorted(
        [_rule(prefix, f"people: {text}") for prefix, text in (_CONTACT_RULES | _PERSON_RULES).items()]
        + [
            _rule(_COMPANY + prefix, f"companies: {text}")
            for prefix, text in (_CONTACT_RULES | _COMPANY_RULES).items()
        ],
        key=lambda rule: rule.prefix,
    )
)


def blocking_rules() -> tuple[BlockingRule, ...]:
    """The rules behind the prefixes of blocking keys, sorted by prefix."""
    return _RULES


def most_members(blocking_key: str) -> int | None:
    """With how many members at most a key makes candidates, by its rule; None is any number."""
    return SELECTIVE_MOST_MEMBERS if blocking_key.partition(":")[0] in _SELECTIVE_PREFIXES else None


def words_left_out() -> frozenset[str]:
    """The words of company names that make no key by themselves."""
    return _COMMON_WORDS | common_company_words()


def blocking_keys(comparable: Comparable) -> tuple[str, ...]:
    """The keys of a record, sorted and unique, at most 24; people and companies never share one."""
    return tuple(sorted(set(unsorted_blocking_keys(comparable))))


def unsorted_blocking_keys(comparable: Comparable) -> list[str]:
    """The same keys as they were made: not sorted, and some perhaps twice."""
    keys = _contact_keys(comparable)
    if comparable.entity is Entity.PERSON:
        keys += _person_keys(comparable)
        if len(keys) > MAX_KEYS:
            del keys[MAX_KEYS:]
        if len(max(keys, key=len, default="")) <= MAX_KEY_CODE_POINTS:
            return keys
        return [key[:MAX_KEY_CODE_POINTS] for key in keys]
    keys += _company_keys(comparable)
    return [_COMPANY + key[:MAX_KEY_CODE_POINTS] for key in keys[:MAX_KEYS]]


def _contact_keys(comparable: Comparable) -> list[str]:
    keys = ["e:" + email for email in comparable.emails + comparable.shared_emails]
    for number in comparable.phones + comparable.shared_phones:
        keys.append("p:" + number[-_PHONE_DIGITS:])  # noqa: PERF401 -- of one number, a list costs twice that
    if comparable.tax_id or comparable.registration_number or comparable.customer_number:
        keys += _identifier_keys(comparable)
    for national in comparable.national_ids:
        keys.append("i:n" + national.lstrip("0"))
    if (street := comparable.street) and (house_number := comparable.house_number):
        end = f":{house_number}:{street_name(street).name[:5]}"
        if code := comparable.postal_code:
            keys.append(f"a:{code}{end}")
        if city := comparable.city:
            keys.append(f"a:{city}{end}")
    return keys


def _identifier_keys(comparable: Comparable) -> list[str]:
    identifiers = (
        ("t", _national(comparable.tax_id)),
        ("r", _national(comparable.registration_number)),
        ("c", comparable.customer_number),
    )
    return [f"i:{kind}{value.lstrip('0')}" for kind, value in identifiers if value]


class _Given(NamedTuple):
    """The full names of a given name, how the first two of them sound, and two initials at most."""

    names: tuple[str, ...]
    sounds: tuple[str, ...]
    initials: tuple[str, ...]


class _Family(NamedTuple):
    """How a family name sounds; the name without spaces, and how its ends sound where it has several
    words.
    """

    heard: str
    closed: str
    ends: tuple[str, ...]


def _read_given(given: str) -> _Given:
    names = full_names_of(given)[:3]
    initials = sorted({name[0] for name in (given, *names)})[:2]
    return _Given(names, tuple(map(sound, names[:2])), tuple(initials))


def _read_family(family: str) -> _Family:
    parts = family.split()
    ends = (sound(parts[0]), sound(parts[-1])) if len(parts) > 1 else ()
    return _Family(sound(family), family.replace(" ", ""), ends)


_NO_FAMILY = _Family("", "", ())
_GIVEN = Remembered(_read_given)
_FAMILIES = Remembered(_read_family)


def _person_keys(comparable: Comparable) -> list[str]:
    given, family, postal_code = comparable.given, comparable.family, comparable.postal_code
    keys: list[str] = []
    known = _FAMILIES[family] if family else _NO_FAMILY
    heard = known.heard
    names: tuple[str, ...] = ()
    if given:
        names = (called := _GIVEN[given]).names
        if family:
            keys = _whole_name_keys(comparable, called, known)
    if not keys and (family or given):
        keys.append("n:" + (family or given))
    if postal_code:
        for name in names:
            keys.append(f"g:{name}:{postal_code}")
        if family:
            keys.append(f"z:{heard}:{postal_code}")
    if len(comparable.birth_date) == 10:
        keys += _birth_keys(names, given, family, heard, comparable.birth_date)
    for email in comparable.emails:
        local = email.partition("@")[0]
        if len(local) >= _LOCAL_MIN:
            keys.append("l:" + local)
    return keys


def _whole_name_keys(comparable: Comparable, given: _Given, family: _Family) -> list[str]:
    """Of one who has both names. The sound of the family name and an initial are common: they take something
    else beside them.
    """
    names, sounds, initials = given
    heard, closed, ends = family
    keys = [f"n:{name}:{closed}" if name <= closed else f"n:{closed}:{name}" for name in names]
    keys += [f"k:{one}:{heard}" if one <= heard else f"k:{heard}:{one}" for one in sounds]
    city, year = comparable.city[:_BEGINNING], comparable.birth_date[:4]
    for initial in initials:
        if city:
            keys.append(f"c:{heard}:{initial}:{city}")
        if year:
            keys.append(f"y:{heard}:{initial}:{year}")
    if employer := comparable.company[:_BEGINNING]:
        keys += [f"h:{comparable.family[:3]}:{employer}", f"j:{names[0]}:{employer}"]
    return keys + ["k:" + ":".join(sorted((sounds[0], end))) for end in ends]


def _birth_keys(names: tuple[str, ...], given: str, family: str, heard: str, born: str) -> list[str]:
    keys = [f"b:{name}:{born}" for name in names]
    if family:
        keys.append(f"d:{heard}:{born}")
        if given:
            keys.append("o:" + "".join(sorted(given[0] + family[0])) + f":{born}")
    return keys


def _company_keys(comparable: Comparable) -> list[str]:
    keys = ["w:" + domain for domain in comparable.domains]
    core = comparable.company
    if not core:
        return keys
    words = core.split()
    keys.append("n:" + "".join(words)[:_COMPANY_BEGINNING])
    keys.append("t:" + ":".join(sorted(words))[:64])
    initials = "".join([word[0] for word in words]) if len(words) > 1 else core if len(core) <= 8 else ""
    if len(initials) >= _LEAST_INITIALS:
        keys.append("q:" + "".join(sorted(initials))[:12])
    city = comparable.city[:_BEGINNING]
    common = common_company_words()
    rare: list[str] = []
    telling = 0
    for word in words:
        if len(word) > 2 and word not in _COMMON_WORDS and not word.isdigit():
            heard = sound(word)
            if city:
                keys.append(f"o:{heard}:{city}")
            if word not in common:
                rare.append("r:" + heard)
            telling += 1
            if telling == _MOST_TELLING:
                break
    return keys + rare


@cache
def common_company_words() -> frozenset[str]:
    """The words that many company names have, by the shipped frequencies; one of them alone makes no key."""
    return frozenset(shipped_model().companies.parameters.term_frequencies["company_word"])


def _national(identifier: str) -> str:
    """Without the country's two letters in front of a VAT number."""
    return identifier[2:] if identifier[:2].isalpha() and identifier[2:].isdigit() else identifier


@lru_cache(maxsize=MOST_REMEMBERED)
def sound(name: str) -> str:
    """Metaphone of a Latin name, without which 'meyer' would miss 'meier'; other scripts as they are."""
    if not name.isascii():
        return name[:12]
    return (metaphone(name.replace("y", "i")) or name).replace(" ", "")[:8]
