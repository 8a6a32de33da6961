"""The labelled sets: what becomes a field, what stays truth, and what contestants are given."""

import csv
import json
from itertools import chain
from pathlib import Path

import pytest

from benchmarks.accuracy.columns import FEBRL, SETS, iso_date
from benchmarks.accuracy.datasets import catalogue, load_febrl, load_folder
from benchmarks.accuracy.labelled import UNLABELLED
from dedup_service.domain.fields import FIELDS
from scoring import Entity

TRUTH = {"cluster_id", "hardness", "case_group", "quality", "label", "test_case", "test_file", "source"}


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def folder(parent: Path, name: str, records: list[dict[str, str]]) -> Path:
    made = parent / name
    made.mkdir()
    write(made / "records.csv", records)
    (made / "meta.json").write_text(json.dumps({"license": "CC0", "notes": "made"}), "utf-8")
    return made


def test_every_column_becomes_a_field_that_records_have() -> None:
    """The tables of columns name fields of the service and no others."""
    named = chain.from_iterable(
        chain(one.fields.values(), (one.companies or {}).values()) for one in [FEBRL, *SETS.values()]
    )
    assert set(named) <= FIELDS.keys()


def test_truth_is_no_feature() -> None:
    """No column that tells the answer, the stratum or the file is read as a field."""
    for one in [FEBRL, *SETS.values()]:
        assert not TRUTH & (one.fields.keys() | (one.companies or {}).keys())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1993-09-14", "1993-09-14"),
        ("19110218", "1911-02-18"),
        ("9/14/93", "1993-09-14"),
        ("20/8/1991", "1991-08-20"),
        ("2/4/31", "1931-02-04"),
        ("8/2/06", "2006-08-02"),
        ("24-May-11", "2011-05-24"),
        ("Mar 1 1970", "1970-03-01"),
        ("19069999", "19069999"),
    ],
)
def test_dates_are_given_to_all_in_one_form(text: str, expected: str) -> None:
    """A date is read month first where both are possible; what is no date stays as it stands."""
    assert iso_date(text) == expected


def test_records_say_themselves_whether_they_are_people(tmp_path: Path) -> None:
    """In a set of both, each record has its own entity, and people and companies are resolved apart."""
    made = folder(
        tmp_path,
        "nomenklatura_name_bench",
        [
            {"record_id": "r0", "source": "a", "schema": "Person", "name": "Ann Bell"},
            {"record_id": "r1", "source": "b", "schema": "Vessel", "name": "Bell"},
            {"record_id": "r2", "source": "b", "schema": "Person", "name": "A. Bell"},
        ],
    )
    labels = [{"left_id": "r0", "right_id": "r2", "label": "possible", "quality": "WEAK"}]
    write(made / "pairs.csv", labels)
    found = load_folder(made)
    assert found.entities == [Entity.PERSON, Entity.COMPANY, Entity.PERSON]
    assert found.records[1] == {"record_id": "r1", "company_name": "Bell"}
    people, companies = found.parts()
    assert people.pair_positions() == [(0, 1)]
    assert companies.positions == [1]
    assert found.pairs[0].same is None


def test_a_record_without_truth_is_unlabelled(tmp_path: Path) -> None:
    """A blank cluster, or an x, is no cluster of its own."""
    row = {"source": "s", "site_name": "A", "address": "1 B St", "zip": "60619", "phone": "", "hardness": "h"}
    made = folder(tmp_path, "chicago_early_childhood", [{"record_id": f"r{at}", **row} for at in range(4)])
    truth = zip(("r0", "r1", "r2", "r3"), ("c1", "c1", "", "x"), strict=True)
    write(made / "clusters.csv", [{"record_id": one, "cluster_id": cluster} for one, cluster in truth])
    assert load_folder(made).cluster_labels().tolist() == [0, 0, UNLABELLED, UNLABELLED]


def test_contestants_read_neither_truth_nor_strata(tmp_path: Path) -> None:
    """What is written for a contestant has the fields of the records and nothing beside."""
    row = {"source": "s", "org_name": "A", "street": "", "city": "B", "postcode": "", "website": ""}
    rest = {"phone": "", "industry": "", "hardness": "acronym"}
    made = folder(tmp_path, "goldenmatch_orgs_hard", [{"record_id": "r0", **row, **rest}])
    write(made / "clusters.csv", [{"record_id": "r0", "cluster_id": "c0"}])
    (part,) = load_folder(made).parts()
    assert part.records_csv().decode() == "record_id,city,company_name\nr0,B,A\n"


def test_the_content_hash_follows_every_value(tmp_path: Path) -> None:
    """A figure that was kept for other records is never taken for these."""
    hashes = set()
    for name in ("Ann", "Anna"):
        parent = tmp_path / name
        parent.mkdir()
        made = folder(parent, "wikidata_companies", [{"record_id": "r0", "source": "s", "name": name}])
        write(made / "clusters.csv", [{"record_id": "r0", "cluster_id": "c0"}])
        (part,) = load_folder(made).parts()
        hashes.add(part.content_hash())
    assert len(hashes) == 2


def test_febrl_comes_without_its_identifier_and_its_telling_ids() -> None:
    """FEBRL 4 is both of its files, with 5,000 true pairs; only the set that says so has the number."""
    plain, with_id = load_febrl(4), load_febrl(4, with_identifier=True)
    assert len(plain.records) == 10_000
    assert len(set(plain.clusters.values())) == 5_000
    assert not any("tax_id" in record for record in plain.records)
    assert sum("tax_id" in record for record in with_id.records) > 9_000
    assert not any("dup" in record["record_id"] or "org" in record["record_id"] for record in plain.records)


def test_without_labelled_data_febrl_and_the_generator_remain() -> None:
    """The catalogue without a folder of labelled data has FEBRL and the project's own sets."""
    assert {name[:5] for name in catalogue(None)} == {"febrl", "hard_"}
    assert "hard_people_1m" in catalogue(None, million=True)
    assert "hard_people_1m" not in catalogue(None)
