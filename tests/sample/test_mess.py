"""Every promised sort of mess occurs: found by comparing records, not by asking the generator."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import combinations

import phonenumbers
import pytest
from rapidfuzz.distance import DamerauLevenshtein

from dedup_service.domain.records import RecordDraft
from dedup_service.sample import Sample, generate
from dedup_service.sample.mess import acronym
from dedup_service.sample.words import Word, countries

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SCRIPTS = {
    "Cyrillic": (0x0400, 0x04FF),
    "Greek": (0x0370, 0x03FF),
    "Han": (0x4E00, 0x9FFF),
    "Arabic": (0x0600, 0x06FF),
}
Pair = tuple[RecordDraft, RecordDraft]


@cache
def default_sample() -> Sample:
    return generate(now=NOW)


@cache
def same_entity_pairs() -> list[Pair]:
    groups: defaultdict[str, list[RecordDraft]] = defaultdict(list)
    for record in default_sample().records:
        groups[default_sample().truth[record.key]].append(record)
    return [pair for group in groups.values() for pair in combinations(group, 2)]


def values(name: str) -> Iterator[tuple[RecordDraft, str]]:
    for record in default_sample().records:
        if name in record.values:
            yield record, record.values[name]


def both(pair: Pair, name: str) -> tuple[str, str]:
    """The two values of a field, lower case, or two empty ones where either record lacks it."""
    left, right = pair[0].values.get(name, ""), pair[1].values.get(name, "")
    return (left.casefold(), right.casefold()) if left and right else ("", "")


def is_typo(pair: Pair) -> bool:
    left, right = both(pair, "family_name")
    return left.isascii() and DamerauLevenshtein.distance(left, right) == 1


def nickname_pairs() -> set[frozenset[str]]:
    found = set()
    for country in countries():
        for name in (*country.given_female, *country.given_male):
            for nickname in name.nicknames:
                for left, right in (
                    (name.word.native, nickname.native),
                    (name.word.romans[0], nickname.romans[0]),
                ):
                    found.add(frozenset((left.casefold(), right.casefold())))
    return found


def is_nickname(pair: Pair) -> bool:
    return frozenset(both(pair, "given_name")) in nickname_set()


@cache
def nickname_set() -> frozenset[frozenset[str]]:
    return frozenset(nickname_pairs())


def is_swapped(pair: Pair) -> bool:
    given, family = both(pair, "given_name"), both(pair, "family_name")
    return bool(given[0] and family[0]) and given == (family[1], family[0])


def private(pair: Pair) -> bool:
    """Whether neither record gives the address of an employer."""
    truth = default_sample().truth[pair[0].key]
    return truth.startswith("person:") and not any("job_title" in record.values for record in pair)


def is_move(pair: Pair) -> bool:
    postal, city = both(pair, "postal_code"), both(pair, "city")
    return private(pair) and postal[0][:2] != postal[1][:2] and city[0][:3] != city[1][:3]


def is_swapped_date(pair: Pair) -> bool:
    left, right = both(pair, "birth_date")
    return bool(left) and left != right and left == f"{right[:4]}-{right[8:]}-{right[5:7]}"


def is_year_only(pair: Pair) -> bool:
    left, right = both(pair, "birth_date")
    return left != right and left[:4] == right[:4] and (left[5:] == "01-01" or right[5:] == "01-01")


def is_plus_tag(pair: Pair) -> bool:
    left, right = sorted(both(pair, "email"), key=len)
    local, _, domain = left.partition("@")
    return left != right and right.startswith(f"{local}+") and right.endswith(f"@{domain}")


def is_legal_form(pair: Pair) -> bool:
    left, right = both(pair, "company_name")
    return any(
        left.endswith(one) and right.endswith(other) and left.removesuffix(one) == right.removesuffix(other)
        for one, other in legal_variants()
    )


@cache
def legal_variants() -> list[tuple[str, str]]:
    """Pairs of spellings of one legal form, each after a blank."""
    return [
        (f" {one.romans[0]}".casefold(), f" {other.romans[0]}".casefold())
        for country in countries()
        for forms in country.legal_forms
        for one, other in combinations(forms, 2)
    ]


def is_acronym(pair: Pair) -> bool:
    left, right = sorted(both(pair, "company_name"), key=len)
    return 3 <= len(left) <= 6 and len(right) > 8 and acronym(right).casefold().startswith(left)


def is_short_street(pair: Pair) -> bool:
    left, right = both(pair, "street")
    number = {"".join(filter(str.isdigit, text)) for text in (left, right)}
    return left != right and len(number) == 1 and ("." in left) != ("." in right)


def is_transliteration(pair: Pair) -> bool:
    left, right = both(pair, "family_name")
    return (
        bool(left)
        and left.isascii() != right.isascii()
        and any(ord(letter) > 0x36F for letter in left + right)
    )


def is_romanisation(pair: Pair) -> bool:
    return frozenset(both(pair, "family_name")) in romanisations()


@cache
def romanisations() -> frozenset[frozenset[str]]:
    words: list[Word] = [word for country in countries() if country.native_script for word in country.family]
    return frozenset(
        frozenset((left.casefold(), right.casefold()))
        for word in words
        for left, right in combinations(word.romans, 2)
    )


def is_missing(pair: Pair) -> bool:
    same_system = pair[0].key.source == pair[1].key.source and pair[0].kind is pair[1].kind
    return same_system and set(pair[0].values) != set(pair[1].values)


def is_local_phone(pair: Pair) -> bool:
    left, right = pair[0].values.get("phone", ""), pair[1].values.get("phone", "")
    country = pair[0].values.get("country") or pair[1].values.get("country")
    if not country or not left.startswith("+") or not right or right.startswith("+"):
        return False
    return phonenumbers.parse(left) == phonenumbers.parse(right, country)


def is_two_customer_numbers(pair: Pair) -> bool:
    left, right = both(pair, "customer_number")
    return pair[0].key.source == pair[1].key.source == "erp" and left != right


PAIRWISE: list[tuple[Callable[[Pair], bool], int]] = [
    (is_typo, 100),
    (is_nickname, 100),
    (is_swapped, 30),
    (is_move, 10),
    (is_swapped_date, 4),
    (is_year_only, 15),
    (is_plus_tag, 40),
    (is_legal_form, 200),
    (is_acronym, 5),
    (is_short_street, 80),
    (is_transliteration, 50),
    (is_romanisation, 10),
    (is_missing, 50),
    (is_local_phone, 50),
    (is_two_customer_numbers, 8),
]


@pytest.mark.parametrize(("occurs", "least"), PAIRWISE)
def test_mess_between_duplicates(occurs: Callable[[Pair], bool], least: int) -> None:
    """Enough pairs of one entity differ in this way, either record first."""
    found = sum(occurs(pair) or occurs((pair[1], pair[0])) for pair in same_entity_pairs())
    assert found >= least, found


@pytest.mark.parametrize(("script", "least"), [("Cyrillic", 80), ("Greek", 30), ("Han", 100), ("Arabic", 40)])
def test_native_scripts(script: str, least: int) -> None:
    """Enough records are written in the script of their country."""
    low, high = SCRIPTS[script]
    found = sum(
        any(low <= ord(letter) <= high for letter in "".join(record.values.values()))
        for record in default_sample().records
    )
    assert found >= least, found


def test_households() -> None:
    """Different people share surname, street and postal code; some of them a telephone or a mailbox."""
    homes: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for record, family in values("family_name"):
        if (
            "company_name" not in record.values
            and "postal_code" in record.values
            and "street" in record.values
        ):
            home = (family.casefold(), record.values["street"].casefold(), record.values["postal_code"])
            homes[home].add(default_sample().truth[record.key])
    assert sum(len(people) > 1 for people in homes.values()) >= 60


def test_namesakes() -> None:
    """Different people of one name live in different cities."""
    bearers: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for record, family in values("family_name"):
        name = (record.values.get("given_name", "").casefold(), family.casefold())
        bearers[name][default_sample().truth[record.key]] = record.values.get("city", "").casefold()
    assert sum(len(set(cities.values()) - {""}) > 1 for cities in bearers.values()) >= 60


def test_father_and_son() -> None:
    """Some pairs of one name are told apart by their suffix."""
    suffixes = Counter(value for _, value in values("suffix"))
    assert suffixes["Jr."] >= 5
    assert suffixes["Sr."] >= 5


def people_sharing(field: str) -> list[int]:
    """For each value of a field that people have, how many different people have it, most first."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for record, value in values(field):
        entity = default_sample().truth[record.key]
        if entity.startswith("person:"):
            people[value].add(entity)
    return sorted((len(group) for group in people.values()), reverse=True)


def test_switchboards() -> None:
    """Colleagues share the number of their company."""
    assert sum(size >= 3 for size in people_sharing("phone")) >= 60


def test_shared_mailboxes() -> None:
    """Several people write from one mailbox: a company's, or a family's."""
    assert sum(size >= 2 for size in people_sharing("email")) >= 30
    assert sum(email.startswith("info@") for _, email in values("email")) >= 150


def test_relatives_of_companies_are_not_duplicates() -> None:
    """Branches and subsidiaries name a parent that is another entity; branches share its web domain."""
    truth = default_sample().truth
    children = [record for record in default_sample().records if record.parent]
    assert len(children) >= 60
    assert all(record.parent and truth[record.key] != truth[record.parent] for record in children)
    sites: defaultdict[str, set[str]] = defaultdict(set)
    for record, website in values("website"):
        sites[website].add(truth[record.key])
    assert sum(len(companies) > 1 for companies in sites.values()) >= 20


def test_shouting_capitals() -> None:
    """Enough names are all in capitals."""
    shouted = [
        name for field in ("family_name", "company_name") for _, name in values(field) if name.isupper()
    ]
    assert sum(len(name) > 6 for name in shouted) >= 200


def test_first_of_january() -> None:
    """Far more people than chance allows were born on 1 January."""
    birthdays = [date[5:] for _, date in values("birth_date")]
    assert birthdays.count("01-01") >= 30
    assert Counter(birthdays).most_common(1)[0][0] == "01-01"


def test_placeholders() -> None:
    """Some fields hold what somebody typed to get past the form."""
    assert sum(phone == "555-0100" for _, phone in values("phone")) >= 10
    assert sum(title in ("n/a", "asdf", "-", "unknown") for _, title in values("job_title")) >= 15
