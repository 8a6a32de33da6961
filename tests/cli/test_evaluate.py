"""`dedup evaluate` and the picture of an explanation, from the command line."""

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from msgspec import structs
from typer.testing import CliRunner, Result

from dedup_service.cli.main import app
from dedup_service.client import DedupClient
from dedup_service.reports.evaluation import evaluate
from dedup_service.reports.records import read_records
from dedup_service.reports.truth import ClusterTruth
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.record_service_pb2 import Record
from scoring import Entity, shipped_model
from scoring.model_file import format_model_file, new_model_file
from scoring.model_parameters import format_parameters
from tests.cli.command_results import Run
from tests.reports.labelled_people import HEADER, rows, write, write_clusters, write_pairs, write_people


def run(*arguments: str | Path, code: int = 0) -> Result:
    """`dedup evaluate` without a service, on a wide terminal; the model is left as it is, for speed."""
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments), "--no-train"], env={"COLUMNS": "250"})
    assert result.exit_code == code, result.output
    return result


def figures(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """What --json writes."""
    run(write_people(folder), "--json", folder / "out.json", *arguments)
    found: dict[str, Any] = json.loads((folder / "out.json").read_text("utf-8"))
    return found


def test_columns_are_said_before_anything_else(tmp_path: Path) -> None:
    """Which column became which field, what is not compared and why, and what the records are."""
    said = run(write_people(tmp_path), "--truth", write_clusters(tmp_path)).stdout
    assert "people.csv: 100 records of people, because of the column First Name" in said
    assert re.search(r"given_name +First Name", said)
    assert re.search(r"phone +Phone", said)
    assert "segment, favourite colour: no field goes by this name" in said
    assert "read as clusters: id is the record, cluster its cluster" in said


def test_a_page_is_written_for_the_smallest_truth(tmp_path: Path) -> None:
    """Two records and one pair give a report, whose pictures have one bar at most."""
    people = tmp_path / "two.csv"
    people.write_text("id,given_name,family_name\n1,Ada,Lovelace\n2,Ada,Lovelace\n", "utf-8")
    truth = tmp_path / "truth.csv"
    truth.write_text("id,cluster\n1,a\n2,a\n", "utf-8")
    page = tmp_path / "page.html"
    run(people, "--truth", truth, "--report", page)
    assert "<svg" in page.read_text("utf-8")


def test_clusters_are_measured(tmp_path: Path) -> None:
    """Links by verdict and clusters against all fifty true pairs; the table says what the file does."""
    found = figures(tmp_path, "--truth", write_clusters(tmp_path))
    assert [one["of"] for one in found["results"]] == ["MATCH", "MATCH or REVIEW", "clusters"]
    for one in found["results"]:
        assert one["true_pairs"] == 50
        assert one["correct_pairs"] <= one["found_pairs"]
        assert one["precision_interval"][0] <= one["precision"] <= one["precision_interval"][1]
    assert found["results"][1]["recall"] >= 0.9
    assert found["b_cubed"]["f1"] > 0.8
    assert found["blocking"]["true_pairs_looked_at"] == 50
    assert found["clusters"]["true"] == {"2": 50}
    assert sum(int(size) * count for size, count in found["clusters"]["found"].items()) == 100


def test_pairs_are_measured(tmp_path: Path) -> None:
    """Labelled pairs alone count; one of which nobody is sure counts apart; strata are those of the pairs."""
    found = figures(tmp_path, "--truth", write_pairs(tmp_path), "--stratum", "why")
    assert found["truth"]["kind"] == "pairs"
    assert found["calibration"]["pairs"] == 74
    assert found["unsure_pairs"]["all"] == 1
    assert {one["stratum"]: one["size"] for one in found["strata"]} == {"same": 50, "other": 24}
    assert found["b_cubed"] is None


def test_every_mistake_names_both_records_and_why(tmp_path: Path) -> None:
    """A truth that is wrong on purpose makes mistakes, which are told with ids and contributions."""
    swapped = [(f"a{at}", f"b{at}", "0") for at in range(25)] + [("a0", "a30", "1"), ("a1", "b41", "1")]
    truth = write(tmp_path / "truth.csv", ("left_id", "right_id", "label"), swapped)
    found = figures(tmp_path, "--truth", truth)
    kinds = [one["kind"] for one in found["mistakes"]]
    assert kinds.count("false link") == 15
    assert {"a0", "a1"} <= {one["left"] for one in found["mistakes"] if one["kind"] != "false link"}
    assert all(one["contributions"][0]["evidence"] for one in found["mistakes"])
    weights = [one["match_weight_bits"] for one in found["mistakes"] if one["kind"] == "false link"]
    assert weights == sorted(weights, reverse=True)


def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    """To the last bit, but for the seconds."""
    truth = write_clusters(tmp_path)
    one, other = (figures(tmp_path, "--truth", truth, "--seed", "3") for _ in range(2))
    assert one.pop("seconds") >= 0
    assert other.pop("seconds") >= 0
    assert one == other


def test_a_mapping_is_obeyed(tmp_path: Path) -> None:
    """A field without a column is not compared; a column can be named for one."""
    found = figures(
        tmp_path, "--truth", write_clusters(tmp_path), "--column", "email=", "--column", "region=segment"
    )
    assert "region=segment" in found["records"]["columns"]
    assert found["records"]["ignored"]["E-Mail"] == "not in the mapping given for email"


def test_without_truth_it_is_said_what_is_missing(tmp_path: Path) -> None:
    """And how a truth file looks, in both forms; the columns are said all the same."""
    result = run(write_people(tmp_path), code=1)
    assert re.search(r"given_name +First Name", result.stdout)
    for part in ("--truth TRUTH.csv", "record_id,cluster_id", "left_id,right_id,label"):
        assert part in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--column", "surname=Last Name"), 1, "'surname' is no field"),
        (("--column", "family_name=LastName"), 1, "do you mean 'Last Name'?"),
        (("--entity", "animal"), 2, "animal is none of person, company"),
        (("--stratum", "colour"), 1, "has no column 'colour' for --stratum"),
        (("--report", "nowhere/out.html"), 1, "there is no folder nowhere; make it first"),
        (("--json", "."), 1, "it is a folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """What is wrong, where, and what there is instead."""
    result = run(write_people(tmp_path), "--truth", write_clusters(tmp_path), *arguments, code=code)
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no model file: Input data was truncated"),
        ("{}", "is no model file: Object missing required field `version`"),
        ("id,name\n1,Ada\n", "is no model file: JSON is malformed"),
        ('{"entity": "PERSON"}', "is no model file: parameters: Object missing required field `version`"),
    ],
)
def test_a_file_that_is_no_model_is_named(tmp_path: Path, content: str, said: str) -> None:
    """With what it lacks of a model file, or of parameters where it says that it means to be these."""
    model = tmp_path / "model.json"
    model.write_text(content, "utf-8")
    result = run(write_people(tmp_path), "--truth", write_clusters(tmp_path), "--model", model, code=1)
    assert f"dedup: {model} {said}" in result.stderr


def test_parameters_of_people_alone_are_a_model_with_the_shipped_ones_of_companies(tmp_path: Path) -> None:
    """A whole model goes with nothing else."""
    people = shipped_model().people.parameters
    alone, whole = tmp_path / "people.json", tmp_path / "model.json"
    alone.write_bytes(format_parameters(structs.replace(people, version="mine")))
    arguments = ("--truth", write_clusters(tmp_path), "--model", alone)
    assert figures(tmp_path, *arguments)["model"]["version"].startswith("mine+companies-")
    companies = shipped_model().companies.parameters
    time = datetime(2026, 1, 2, tzinfo=UTC)
    whole.write_bytes(format_model_file(new_model_file(people, companies, origin="x", time=time)))
    result = run(write_people(tmp_path), *arguments, "--model", whole, code=1)
    assert f"{whole} is a whole model" in result.stderr


def test_too_few_records_are_measured_by_the_model_as_it_is(tmp_path: Path) -> None:
    """As many as a training asks for: a model that nobody could have is not measured; and it is said."""
    arguments = ("--truth", write_clusters(tmp_path), "--json", tmp_path / "out.json")
    result = CliRunner().invoke(app, ["evaluate", *map(str, (write_people(tmp_path), *arguments))])
    assert result.exit_code == 0, result.output
    assert "people: 100 records are too few to fit a model to, 200 are needed" in " ".join(
        result.stdout.split()
    )
    fitted = json.loads((tmp_path / "out.json").read_text("utf-8"))
    asis = figures(tmp_path, "--truth", write_clusters(tmp_path))
    assert not fitted["model"]["trained_on_these_records"]
    assert fitted["model"].pop("notes")
    assert not asis["model"].pop("notes")
    assert fitted.pop("seconds") >= 0
    assert asis.pop("seconds") >= 0
    assert fitted == asis


def test_an_entity_with_records_enough_is_fitted_beside_one_without(tmp_path: Path) -> None:
    """As a training does it: people are fitted, the parameters of a few companies stay."""
    header = ("id", "record_type", "First Name", "Last Name", "Company", "E-Mail")
    content = [
        (f"{row[0]}-{time}", "person", row[1], f"{row[2]}{time}", "", row[3])
        for time in range(2)
        for row in rows()
    ]
    content += [(f"c{at}", "company", "", "", f"Acme {at}", "") for at in range(20)]
    records = read_records(write(tmp_path / "mixed.csv", header, content), None, [])
    truth = ClusterTruth(np.arange(len(records.ids)) // 2, ())
    found = evaluate(records, truth)
    shipped = shipped_model()
    assert found.fitted == (Entity.PERSON,)
    assert found.model.people.parameters != shipped.people.parameters
    assert found.model.companies.parameters.comparisons == shipped.companies.parameters.comparisons
    assert [note.partition(",")[0] for note in found.notes] == [
        "companies: 20 records are too few to fit a model to"
    ]


def test_no_interval_is_written_as_none(tmp_path: Path) -> None:
    """With too few pairs for an interval the figure stands alone, in the terminal and on the page."""
    truth = write(
        tmp_path / "t.csv", ("id", "cluster"), [(f"{side}{at}", str(at)) for at in range(3) for side in "ab"]
    )
    page = tmp_path / "out.html"
    said = run(write_people(tmp_path), "--truth", truth, "--report", page).stdout
    assert "(- to -)" not in said
    assert "none to none" not in page.read_text("utf-8")


def test_a_threshold_that_the_labels_do_not_show_is_not_named(tmp_path: Path) -> None:
    """Negatives far below every positive say nothing of what lies between: no threshold is told there."""
    strangers = [(f"a{at}", f"b{at + 13}", "0") for at in range(30)]
    truth = write(
        tmp_path / "t.csv",
        ("left_id", "right_id", "label"),
        [*((f"a{at}", f"b{at}", "1") for at in range(50)), ("a0", "a10", "1"), *strangers],
    )
    said = run(write_people(tmp_path), "--truth", truth).stdout
    assert (
        "these pairs do not show where the precision falls below 99%: from REVIEW on, precision 100.0%"
        in said
    )
    assert figures(tmp_path, "--truth", truth)["thresholds"]["precision_0.99"] is None


def test_a_threshold_is_told_with_the_next_false_pair(tmp_path: Path) -> None:
    """Above REVIEW, so that it is seen how far the labels reach; all pairs of a file need no such word."""
    said = run(write_people(tmp_path), "--truth", write_pairs(tmp_path)).stdout
    assert re.search(
        r"a precision of 99% is from .* bits, with a recall of .*; the next labelled false pair is at", said
    )
    said = run(write_people(tmp_path), "--truth", write_clusters(tmp_path)).stdout
    assert re.search(r"a precision of 99% is from \S+ bits, with a recall of \S+%\n", said)


def test_the_thresholds_are_those_of_the_verdicts(tmp_path: Path) -> None:
    """Not the weights of the last pairs above them."""
    found = figures(tmp_path, "--truth", write_clusters(tmp_path))
    for verdict in ("match", "review"):
        share = found["model"][f"{verdict}_threshold"]
        assert found["thresholds"][verdict]["match_weight_bits"] == pytest.approx(
            math.log2(share / (1 - share))
        )


@pytest.mark.parametrize(
    ("writer", "column", "said"),
    [
        (
            write_clusters,
            "segment",
            "pairs inside clusters; a pair counts for the strata of both of its records",
        ),
        (write_pairs, "why", "labelled pairs, by the verdict MATCH"),
    ],
)
def test_what_is_measured_of_strata_is_said(
    tmp_path: Path, writer: Callable[[Path], Path], column: str, said: str
) -> None:
    """In the terminal and on the page."""
    page = tmp_path / "out.html"
    result = run(write_people(tmp_path), "--truth", writer(tmp_path), "--stratum", column, "--report", page)
    assert f"by stratum: {said}" in result.stdout
    assert f"Measured are {said}." in page.read_text("utf-8")


@pytest.mark.proof
def test_the_page_asks_nothing_from_outside(tmp_path: Path) -> None:
    """No script, link, image or style of anybody else; every picture is inside."""
    people, page = write_people(tmp_path), tmp_path / "out.html"
    run(people, "--truth", write_clusters(tmp_path), "--stratum", "segment", "--report", page)
    text = page.read_text("utf-8")
    assert text.count("<svg ") == 7
    assert "<script" not in text
    assert "default-src 'none'" in text
    asked = re.findall(r"""(?:src|href|data|action)\s*=\s*["']([^"'#][^"']*)|url\(([^)#]+)\)|@import""", text)
    assert not asked


@pytest.mark.proof
def test_values_are_in_the_page_only_when_asked_for(tmp_path: Path) -> None:
    """They are people's data; and what a form was filled with is shown as text, never as tags."""
    hostile = [(row[0], "<script>x</script>", *row[2:]) for row in rows()]
    people = write(tmp_path / "people.csv", HEADER, hostile)
    wrong = [(f"a{at}", f"b{at}", "0") for at in range(5)]
    truth = write(tmp_path / "truth.csv", ("left_id", "right_id", "label"), [*wrong, ("a0", "a1", "1")])
    plain, full = tmp_path / "plain.html", tmp_path / "full.html"
    run(people, "--truth", truth, "--report", plain)
    run(people, "--truth", truth, "--report", full, "--values")
    assert "Lovelace" not in plain.read_text("utf-8")
    assert "Lovelace" in full.read_text("utf-8")
    assert "&lt;script&gt;x&lt;/script&gt;" in full.read_text("utf-8")
    assert "<script" not in full.read_text("utf-8")


def test_help_loads_no_numpy() -> None:
    """The libraries of figures and pictures are loaded by the command that needs them."""
    code = (
        "import sys; from dedup_service.cli.main import app; "
        "print([name for name in ('numpy', 'matplotlib', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_explanation_is_drawn(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """`dedup explain --picture` writes the waterfall, with both records and the verdict in its title."""
    values = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org"}
    names = [f"sources/crm/records/{at}" for at in (1, 2)]
    kind = RecordKind.RECORD_KIND_CONTACT
    (done,) = client.ingest([Record(name=name, kind=kind, values=values) for name in names])
    assert done.answer.written_count == 2
    picture = tmp_path / "why.svg"
    assert f"wrote {picture}" in dedup("explain", *names, "--picture", str(picture)).stdout
    title = ET.fromstring(picture.read_text("utf-8")).findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.startswith("1 of crm and 2 of crm. ")
    assert " bits" in title
