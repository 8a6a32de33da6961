"""Everything that is written of a small set, compared whole."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dedup_service.cleanup.reading.gathering import Gathered
from dedup_service.cleanup.reading.unifying import Roles
from dedup_service.cleanup.results.layout import Rules
from dedup_service.cleanup.results.tables import Format
from dedup_service.cleanup.results.writing import Wanted, write_results
from dedup_service.company_files import load_policy
from dedup_service.domain.fields import FIELDS, group_of
from tests.cleanup.reading.inputs import csv_file, gathered, planned
from tests.cleanup.results.resolved import Weighed, found_by_resolving, write_found

HEADER = "id,First Name,Last Name,Street,City,E-Mail,colour,Owner,Last Modified"
CRM = """
1,Ann,Lee,High Street 7,Leeds,ann@lee.example,red,users/ann,2026-01-01
2,Bo,Ek,,,bo@ek.example,,users/ann,
3,A.,Lee,Mill Lane 2,,a.lee@lee.example,blue,users/ben,2026-02-01
"""
SHOP = """
1,Annabel,Lee,,York,ann@lee.example,=cmd,users/ben,2026-03-01
2,Cy,Ray,,,,,,
3,Bo,Ek,,,bo@ek.example,green,,
"""
PAIRS = (
    Weighed("0", "3", 12.5),
    Weighed("0", "2", 3.0),
    Weighed("2", "3", 2.0),
    Weighed("1", "5", 7.0),
    Weighed("1", "4", 0.5),
    Weighed("4", "5", 1.0),
    Weighed("0", "4", -9.0),
)
MEMBERS = ((8, "0"), (8, "2"), (8, "3"), (4, "1"), (4, "5"))


def rules() -> Rules:
    policy = load_policy(None)
    groups = {name: group_of(name) for name in FIELDS if group_of(name) != name}
    return Rules(policy.survivorship, groups, policy.default_survivorship)


def two_files(folder: Path) -> Gathered:
    """Six rows of two sources; of one person there are three, of another two."""
    inputs = []
    for name, rows in (("crm", CRM), ("shop", SHOP)):
        (folder / f"{name}.csv").write_text(HEADER + rows, "utf-8")
        roles = Roles(owner="Owner", update_time="Last Modified")
        inputs.append(planned(csv_file(folder / f"{name}.csv"), name, roles))
    return gathered(folder, *inputs)


def write(folder: Path, form: Format = Format.CSV, most_reviews: int = 100) -> dict[str, Any]:
    """Everything about the two files, in the folder `out`."""
    read = two_files(folder)
    found = write_found(folder / "found", PAIRS, MEMBERS, 6)
    (folder / "out").mkdir()
    return write_results(
        read, found, folder / "out", folder / "scratch", Wanted(form, most_reviews, rules()), lambda _: None
    )


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_golden_records_stand_where_their_first_rows_do(tmp_path: Path) -> None:
    """With the columns of the files, the id and owner of the survivor, and values by survivorship: names from
    the most complete, addresses and e-mail from the most recent, all else from the first
    file, and there from the most recent.
    """
    write(tmp_path)
    own = "cluster_id,members,weakest_link_probability,member_ids,source"
    ann = (
        "1,3,0.888889,crm/1; crm/3; shop/1,crm,1,Annabel,Lee,,York,ann@lee.example,blue,users/ann,2026-01-01"
    )
    bo = "2,2,0.992248,crm/2; shop/3,shop,3,Bo,Ek,,,bo@ek.example,green,,"
    cy = ",1,,,shop,2,Cy,Ray,,,,,,"
    expected = [f"{own},{HEADER}", ann, bo, cy]
    assert table(tmp_path / "out/golden.csv") == [line.split(",") for line in expected]


def test_clusters_name_every_member(tmp_path: Path) -> None:
    """Numbered by their first rows, with the link that holds each the least."""
    write(tmp_path)
    assert table(tmp_path / "out/clusters.csv") == [
        [
            *("cluster_id", "record_id", "source", "is_survivor", "members"),
            *("weakest_link_bits", "weakest_link_probability"),
        ],
        ["1", "1", "crm", "yes", "3", "3", "0.888889"],
        ["1", "3", "crm", "", "3", "3", "0.888889"],
        ["1", "1", "shop", "", "3", "3", "0.888889"],
        ["2", "2", "crm", "", "2", "7", "0.992248"],
        ["2", "3", "shop", "yes", "2", "7", "0.992248"],
    ]


def test_review_puts_pairs_side_by_side(tmp_path: Path) -> None:
    """Of each two golden records the best pair, with an empty label and the reasons."""
    write(tmp_path)
    header, *rows = table(tmp_path / "out/review.csv")
    assert header[:7] == [
        "left_id",
        "right_id",
        "label",
        *("match_probability", "match_weight_bits", "verdict", "reasons"),
    ]
    [row] = [dict(zip(header, each, strict=True)) for each in rows]
    assert (row["left_id"], row["source_left"], row["cluster_left"]) == ("2", "shop", "")
    assert (row["right_id"], row["source_right"], row["cluster_right"]) == ("3", "shop", "2")
    assert (row["label"], row["match_probability"], row["match_weight_bits"]) == ("", "0.666667", "1")
    assert (row["given_name_left"], row["given_name_right"], row["email_right"]) == (
        "Cy",
        "Bo",
        "bo@ek.example",
    )
    assert "bits)" in row["reasons"]
    assert "street_left" not in row, "neither side has one"


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    """Cell for cell, without the apostrophes of CSV."""
    for form in Format:
        (tmp_path / form).mkdir()
        write(tmp_path / form, form)
    for name in ("golden", "clusters", "review"):
        header, *rows = table(tmp_path / f"csv/out/{name}.csv")
        other = pq.read_table(tmp_path / f"parquet/out/{name}.parquet")
        assert other.column_names == header
        for mine, theirs in zip(rows, other.to_pylist(), strict=True):
            for cell, value in zip(mine, theirs.values(), strict=True):
                assert cell == ("" if value is None else value if isinstance(value, str) else f"{value:g}")


def test_figures_add_up(tmp_path: Path) -> None:
    """Records, golden records, duplicates, sources, owners, fields and conflicts; all of it JSON."""
    figures = write(tmp_path)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["records"] == {"all": 6, "people": 6, "companies": 0, "blank_rows_left_out": 0}
    found = figures["found"]
    assert (found["golden_records"], found["clusters"], found["duplicates"], found["reviews"]) == (3, 2, 3, 1)
    assert found["verdicts"] == {"MATCH": 2, "REVIEW": 4, "NO_MATCH": 1}
    assert figures["cluster_sizes"] == {"2": 1, "3": 1}
    assert figures["clusters_by_weakest_link"] == {"match": 1, "below_match": 1}
    assert figures["weakest_clusters"][0]["cluster"] == 1
    assert sum(figures["weights"]["match_pairs"]) == 2
    assert sum(figures["weights"]["review_pairs"]) == 4
    sources = {one["name"]: one for one in figures["sources"]["shares"]}
    assert (sources["crm"]["records_in_clusters"], sources["shop"]["records_in_clusters"]) == (3, 2)
    assert figures["sources"]["meetings"] == [[1, 2], [2, 0]]
    owners = {one["name"]: one["records"] for one in figures["owners"]["shares"]}
    assert owners == {"users/ann": 2, "users/ben": 2, "": 2}
    by_column = {one["column"]: one for one in figures["merging"]}
    assert by_column["First Name"] == {
        "column": "First Name",
        "filled_before": 6,
        "filled_after": 3,
        "clusters_in_conflict": 1,
    }
    assert by_column["colour"]["filled_after"] == 2
    assert "id" not in by_column


def test_expected_precision_is_the_mean_of_what_the_model_says(tmp_path: Path) -> None:
    """Of MATCH; and how many it expects to be wrong."""
    sure = write(tmp_path)["sureness"]
    chances = [1 / (1 + 2**-12.5), 1 / (1 + 2**-7)]
    assert sure["match_expected_precision"] == pytest.approx(sum(chances) / 2)
    assert sure["match_expected_wrong"] == pytest.approx(2 - sum(chances))


def test_the_most_likely_reviews_are_listed(tmp_path: Path) -> None:
    """The rest is counted."""
    found = write(tmp_path, most_reviews=0)["found"]
    assert (found["reviews"], found["reviews_listed"]) == (1, 0)
    assert len(table(tmp_path / "out/review.csv")) == 1


def test_columns_of_our_own_give_way_to_the_users(tmp_path: Path) -> None:
    """A file may have a column called cluster_id, members or source."""
    path = tmp_path / "x.csv"
    path.write_text(
        "surname,members,record_id_,E-Mail\nAbel,7,x,a@a.example\nAbel,8,y,a@a.example\n", "utf-8"
    )
    read = gathered(tmp_path, planned(csv_file(path), columns=["record_id="]))
    found = write_found(tmp_path / "found", [Weighed("0", "1", 9.0)], [(0, "0"), (0, "1")], 2)
    (tmp_path / "out").mkdir()
    wanted = Wanted(Format.CSV, 10, rules())
    write_results(read, found, tmp_path / "out", tmp_path / "scratch", wanted, lambda _: None)
    header, row = table(tmp_path / "out/golden.csv")
    assert header[:5] == [
        "cluster_id",
        "dedup_members",
        "weakest_link_probability",
        "member_ids",
        "record_id",
    ]
    assert row[:5] == ["1", "2", "0.998051", "1; 2", "1"]
    assert header[5:] == ["surname", "members", "record_id_", "E-Mail"]


def test_many_clusters_in_many_parts_give_the_same(tmp_path: Path) -> None:
    """Dealt out to files of a few clusters each, from row groups that clusters reach across."""
    who = [f"lone{at}" if at % 30 == 4 else str(at // 3) for at in range(3000)]
    lines = [f"{at},name {one},{'x' * (at % 7)},{one}@a.example" for at, one in enumerate(who)]
    path = tmp_path / "x.csv"
    path.write_text("\n".join(["id,surname,city,E-Mail", *lines[::2], *lines[1::2]]) + "\n", "utf-8")
    read = gathered(tmp_path, planned(csv_file(path)))
    found = found_by_resolving(read, tmp_path / "found")
    pq.write_table(pq.read_table(read.path), read.path, row_group_size=400)
    for at_once in (20_000, 7):
        wanted = Wanted(Format.CSV, 10, rules(), clusters_at_once=at_once)
        out = tmp_path / f"out-{at_once}"
        out.mkdir()
        figures = write_results(read, found, out, tmp_path / "scratch", wanted, lambda _: None)
    for name in ("golden", "clusters"):
        assert (tmp_path / f"out-7/{name}.csv").read_bytes() == (
            tmp_path / f"out-20000/{name}.csv"
        ).read_bytes()
    header, *rows = table(tmp_path / "out-7/golden.csv")
    assert len(rows) == figures["found"]["golden_records"]
    row_of = {line.partition(",")[0]: at for at, line in enumerate([*lines[::2], *lines[1::2]])}
    ids = [(row[header.index("member_ids")] or row[header.index("id")]).split("; ") for row in rows]
    firsts = [min(row_of[one] for one in each) for each in ids]
    assert firsts == sorted(firsts), "in the order of their first rows"
    members = [int(row[header.index("members")]) for row in rows]
    assert sum(members) == 3000
    assert members.count(1) >= 10
    assert figures["found"]["clusters"] > 900
    assert not (tmp_path / "scratch").exists()
