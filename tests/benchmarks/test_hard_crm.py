import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations, islice
from pathlib import Path
from random import Random

import phonenumbers
import pytest

from benchmarks.hard_crm import HardCrm, generate
from benchmarks.hard_crm.__main__ import COLUMNS, write
from benchmarks.hard_crm.companies import Companies
from benchmarks.hard_crm.corruption import slipped, written_date, wrong_digit
from benchmarks.hard_crm.people import Person, Population
from benchmarks.hard_crm.places import address, landline, mobile, written_phone
from benchmarks.hard_crm.vocabulary import vocabulary
from dedup_service.domain.fields import FIELDS
from scoring import Entity

RECORD_COUNT = 6000
both_entities = pytest.mark.parametrize("entity", list(Entity))


@cache
def crm_of(entity: Entity, record_count: int = RECORD_COUNT, seed: int = 7) -> HardCrm:
    return generate(entity, record_count, seed)


def clusters_of(crm: HardCrm) -> dict[str, list[dict[str, str]]]:
    clusters: dict[str, list[dict[str, str]]] = defaultdict(list)
    for record, cluster_id in zip(crm.records, crm.cluster_ids, strict=True):
        clusters[cluster_id].append(record)
    return clusters


def clusters_by(crm: HardCrm, *names: str) -> dict[tuple[str, ...], set[str]]:
    holders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for record, cluster_id in zip(crm.records, crm.cluster_ids, strict=True):
        if all(name in record for name in names):
            holders[tuple(record[name].lower() for name in names)].add(cluster_id)
    return holders


def evidence(record: dict[str, str]) -> set[str]:
    """All that a record says besides the name, so written that equal values meet across fields."""
    told = {record[name].lower() for name in ("email", "secondary_email", "website") if name in record}
    told |= {value.rpartition("@")[2] for value in told if "@" in value}
    told |= {
        "".join(sign for sign in record[name].partition(" ext")[0] if sign.isdigit())[-8:]
        for name in ("phone", "mobile_phone")
        if name in record
    }
    told |= {record[name] for name in ("birth_date", "postal_code") if name in record}
    told |= {
        "".join(record[name].split())[-9:] for name in ("tax_id", "registration_number") if name in record
    }
    told |= {record["street"][:6].lower()} if "street" in record else set()
    told |= {record["city"].lower()} if "city" in record else set()
    if "job_title" in record or "full_name" in record or "given_name" in record:
        told |= {record["company_name"].lower()[:4]} if "company_name" in record else set()
    return told


@both_entities
def test_the_same_seed_gives_the_same_set(entity: Entity) -> None:
    """Two calls with the same arguments give equal sets, and another seed gives another one."""
    assert generate(entity, 500, 3) == generate(entity, 500, 3)
    assert generate(entity, 500, 3) != generate(entity, 500, 4)


def test_the_set_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    """Two processes that hash strings differently write the same files."""
    written = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        command = (sys.executable, "-m", "benchmarks.hard_crm", "--entity", "COMPANY", "--records", "300")
        subprocess.run(
            (*command, "--output", str(folder)), check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed}
        )
        written.append((folder / "records.csv").read_bytes() + (folder / "clusters.csv").read_bytes())
    assert written[0] == written[1]


@both_entities
def test_as_many_records_as_asked_for(entity: Entity) -> None:
    """The three lists have the length asked for, and no record id comes twice."""
    crm = generate(entity, 1001, 5)
    assert len(crm.records) == len(crm.cluster_ids) == len(crm.strata) == 1001
    assert len({record["record_id"] for record in crm.records}) == 1001


@both_entities
def test_records_carry_fields_of_the_service(entity: Entity) -> None:
    """Every key is a field that the service knows, and no value is empty."""
    for record in crm_of(entity).records:
        assert record.keys() - {"record_id", "source"} <= FIELDS.keys()
        assert all(value.strip() for value in record.values())


@both_entities
def test_most_clusters_are_small(entity: Entity) -> None:
    """Nine clusters in ten hold one to three records, and the largest hold up to eight."""
    sizes = Counter(Counter(crm_of(entity).cluster_ids).values())
    small = sum(sizes[size] for size in (1, 2, 3))
    assert small / sum(sizes.values()) > 0.8
    assert max(sizes) <= 8
    assert sum(sizes[size] for size in (5, 6, 7, 8)) > 0


@both_entities
def test_order_and_ids_tell_nothing(entity: Entity) -> None:
    """Records of one cluster stand as far apart as any two, and clusters are numbered as they come."""
    crm = crm_of(entity)
    places = defaultdict(list)
    for place, cluster_id in enumerate(crm.cluster_ids):
        places[cluster_id].append(place)
    distances = [second - first for held in places.values() for first, second in combinations(held, 2)]
    assert sum(distances) / len(distances) == pytest.approx(RECORD_COUNT / 3, rel=0.1)
    assert list(dict.fromkeys(crm.cluster_ids)) == sorted(set(crm.cluster_ids))


def test_namesakes_grow_with_the_population() -> None:
    """In a larger CRM a larger share of the names belongs to more than one person."""
    shares = []
    for record_count in (2000, 20_000):
        holders = clusters_by(crm_of(Entity.PERSON, record_count), "given_name", "family_name")
        shared = sum(len(people) for people in holders.values() if len(people) > 1)
        shares.append(shared / sum(len(people) for people in holders.values()))
    assert shares[1] > 1.5 * shares[0]


@pytest.mark.parametrize(
    "shared",
    [
        ("family_name", "street"),
        ("phone",),
        ("email",),
        ("company_name", "street"),
    ],
)
def test_different_people_share_what_real_ones_share(shared: tuple[str, ...]) -> None:
    """Households share name, street, phone and mailbox, and colleagues the office."""
    assert any(len(people) > 1 for people in clusters_by(crm_of(Entity.PERSON), *shared).values())


@pytest.mark.parametrize(
    "shared", [("company_name",), ("website",), ("email",), ("street", "postal_code"), ("phone",)]
)
def test_different_companies_share_what_real_ones_share(shared: tuple[str, ...]) -> None:
    """Common names, group domains, group mailboxes, serviced offices and switchboards belong to several."""
    assert any(len(companies) > 1 for companies in clusters_by(crm_of(Entity.COMPANY), *shared).values())


def test_households_hold_look_alikes() -> None:
    """Twins are born on one day, father and son bear one name, and no two others have one given name."""
    households = Population(vocabulary(), 3000, Random(3)).households()
    related: dict[str, list[tuple[Person, Person]]] = defaultdict(list)
    for members in islice(households, 3000):
        for first, second in combinations(members, 2):
            related[second.relation].append((first, second))
    assert all(first.birth == second.birth for first, second in related.pop("twin"))
    assert all(
        first.given == second.given and first.birth < second.birth
        for first, second in related.pop("namesake")
    )
    assert all(first.given != second.given for pairs in related.values() for first, second in pairs)


def test_strangers_sit_in_one_serviced_office() -> None:
    """Three and more groups of companies share one door, which hardly ever happens by chance."""
    tenants: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for group, members in enumerate(islice(Companies(vocabulary(), Random(5)).groups(), 5000)):
        for company in members:
            where = company.offices[0]
            tenants[where.street, where.number, where.postal_code].add(group)
    assert sum(len(groups) > 2 for groups in tenants.values()) > 5


@both_entities
def test_few_pairs_agree_on_nothing_but_the_name(entity: Entity) -> None:
    """Hardly any true pair leaves a careful reader without a second thing to go by."""
    pairs = [
        evidence(first) & evidence(second)
        for records in clusters_of(crm_of(entity)).values()
        for first, second in combinations(records, 2)
    ]
    assert sum(not shared for shared in pairs) / len(pairs) < 0.08


def test_most_records_of_people_lack_much() -> None:
    """Most lack the birth date, and many the e-mail, the phone or the street."""
    records = crm_of(Entity.PERSON).records
    missing = {name: sum(name not in record for record in records) / len(records) for name in COLUMNS}
    assert missing["birth_date"] > 0.75
    assert all(missing[name] > 0.25 for name in ("email", "phone", "mobile_phone", "street", "company_name"))


def test_every_kind_of_hardship_occurs() -> None:
    """Each stratum that the generator knows is there, in both kinds of set."""
    people, companies = set(crm_of(Entity.PERSON).strata), set(crm_of(Entity.COMPANY).strata)
    assert people == {
        "plain", "household", "namesake", "twin", "sibling", "few_fields", "former_name", "former_address",
        "former_job", "other_given_name", "initial", "slip", "names_swapped", "family_name_first",
    }  # fmt: skip
    assert companies == {
        "plain", "group", "branch", "franchise", "brand", "former_name", "acronym", "short_words",
        "words_left_out", "word_order", "slip", "few_fields", "former_address",
    }  # fmt: skip


def test_files_hold_the_set(tmp_path: Path) -> None:
    """records.csv and clusters.csv give back what was generated."""
    crm = generate(Entity.PERSON, 200, 9)
    write(crm, tmp_path)
    with (tmp_path / "records.csv").open(encoding="utf-8", newline="") as file:
        records = [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]
    with (tmp_path / "clusters.csv").open(encoding="utf-8", newline="") as file:
        clusters = list(csv.reader(file))[1:]
    assert records == crm.records
    ids = [record["record_id"] for record in crm.records]
    assert clusters == [list(row) for row in zip(ids, crm.cluster_ids, crm.strata, strict=True)]


@pytest.mark.parametrize("country", vocabulary().countries.items)
def test_every_style_writes_the_same_number(country: str) -> None:
    """A number can be read back from each style in which a system writes it."""
    random = Random(2)
    place = vocabulary().places[country].draw(random)
    for phone in (landline(place, random), mobile(place, random)):
        read = {
            phonenumbers.parse(written_phone(phone, style), country).national_number for style in range(7)
        }
        assert len(read) == 1


def test_neighbours_share_the_postal_code() -> None:
    """One block of a street has one postal code, however often it is drawn."""
    words, random = vocabulary(), Random(1)
    place = words.places["GB"].items[0]
    codes = defaultdict(set)
    for _ in range(4000):
        where = address(words, place, random)
        codes[where.street, int(where.number) // 100].add(where.postal_code)
    assert all(len(found) == 1 for found in codes.values())
    assert len(codes) < 3500


def test_a_wrong_digit_leaves_the_rest() -> None:
    """A number written wrong has the same length and differs in one digit, or in two that stand together."""
    number = "+49 89 1234567"
    for seed in range(200):
        wrong = wrong_digit(number, Random(seed))
        changed = [at for at, (old, new) in enumerate(zip(number, wrong, strict=True)) if old != new]
        assert len(changed) in {1, 2}
        assert not any(sign.isdigit() for sign in number[changed[0] + 1 : changed[-1]])


def test_slips_come_at_their_rate() -> None:
    """About as many texts have a slip as the rate says, and none at a rate of zero."""
    random = Random(4)
    slips = sum(slipped("Katherine", random, 0.2) != "Katherine" for _ in range(5000))
    assert slips / 5000 == pytest.approx(0.2, rel=0.15)
    assert all(slipped("Katherine", random, 0) == "Katherine" for _ in range(100))


def test_birth_dates_go_wrong_in_known_ways() -> None:
    """A date is right at a rate of zero; at one it is a default, or shares a part with the true one."""
    random = Random(6)
    assert written_date(1984, 3, 9, random, 0) == "1984-03-09"
    for _ in range(300):
        written = written_date(1984, 3, 9, random, 1)
        parts = set(written.split("-"))
        assert written in {"1900-01-01", "1970-01-01"} or parts & {"1984", "03", "09"}
