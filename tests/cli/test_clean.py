"""`dedup clean` from files to a folder, on the real engine; and everything that it refuses."""

import csv
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from dedup_service.cli.clean_places import FIGURES_FILE
from dedup_service.cli.main import app
from tests.cli.clean_runs import listing, run
from tests.reports.labelled_people import HEADER, rows, write_people

FILES = ["clean.json", "clusters.csv", "golden.csv", "report.html", "review.csv"]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Fifty people of two records each, cleaned once."""
    folder = tmp_path_factory.mktemp("cleaned")
    return folder, run(write_people(folder))


def test_a_folder_appears_beside_the_file(cleaned: tuple[Path, Result]) -> None:
    """With every file, of its owner alone, and nothing beside it."""
    folder, _ = cleaned
    assert listing(folder) == ["people-clean", "people.csv"]
    assert listing(folder / "people-clean") == FILES
    assert stat.S_IMODE((folder / "people-clean").stat().st_mode) == 0o700


def test_clusters_and_golden_records_are_who_is_who(cleaned: tuple[Path, Result]) -> None:
    """Nearly everybody is found, nobody is lost, and no two people are one."""
    out = cleaned[0] / "people-clean"
    members: dict[str, set[str]] = {}
    for row in table(out / "clusters.csv"):
        members.setdefault(row["cluster_id"], set()).add(row["record_id"])
    assert all(one in ({f"a{at}", f"b{at}"} for at in range(50)) for one in members.values())
    assert len(members) >= 45
    golden = table(out / "golden.csv")
    assert len(golden) == 100 - len(members)
    merged = [row for row in golden if row["cluster_id"]]
    assert {row["cluster_id"]: set(row["member_ids"].split("; ")) for row in merged} == members
    assert all(row["id"] in members[row["cluster_id"]] for row in merged)
    alone = {row["id"] for row in golden if not row["cluster_id"]}
    assert alone | set().union(*members.values()) == {row[0] for row in rows()}
    assert list(golden[0])[4:] == list(HEADER)


def test_the_summary_says_what_was_found_and_what_to_open(cleaned: tuple[Path, Result]) -> None:
    """And first, which column is which field, and what is not compared."""
    folder, result = cleaned
    figures = json.loads((folder / "people-clean" / FIGURES_FILE).read_text("utf-8"))
    found = figures["found"]
    assert "people.csv: 100 records" in result.stdout
    assert "segment, favourite colour: no field goes by this name" in result.stdout
    assert f"100 records are {found['golden_records']} golden records" in result.stdout
    for name in FILES:
        assert str(folder / "people-clean" / name) in result.stdout
    for phase in ("reading: 100 records", "preparing", "comparing", "grouping", "writing"):
        assert phase in result.stderr


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


def test_the_report_asks_nothing_from_outside(cleaned: tuple[Path, Result]) -> None:
    """No script, no address but within the page, and a policy that forbids the rest; no value of a record."""
    text = (cleaned[0] / "people-clean/report.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert page.addresses
    assert all(address.startswith("#") for address in page.addresses)
    assert "default-src 'none'" in text
    assert "Featherstone" not in text
    assert "@" not in text.replace("@media", "")


def test_the_figures_make_the_same_again(cleaned: tuple[Path, Result], tmp_path: Path) -> None:
    """To the last byte of every table; the figures too, but for the time that it took."""
    folder, _ = cleaned
    run(folder / "people.csv", "--output", tmp_path / "again")
    for name in ("golden.csv", "clusters.csv", "review.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / "people-clean" / name).read_bytes()
    one, other = (
        json.loads((path / FIGURES_FILE).read_text("utf-8"))
        for path in (folder / "people-clean", tmp_path / "again")
    )
    for figures in (one, other):
        assert figures.pop("seconds")["all"] > 0
        assert figures["made"].pop("time")
    assert one == other


def test_review_is_a_truth_file_once_it_is_labelled(cleaned: tuple[Path, Result], tmp_path: Path) -> None:
    """`dedup evaluate` reads it as it is."""
    folder, _ = cleaned
    lines = (folder / "people-clean/review.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].startswith('"left_id","right_id","label"')
    truth = tmp_path / "labelled.csv"
    truth.write_text("\n".join([lines[0], '"a0","b0","1"', '"a0","a1","0"']) + "\n", "utf-8")
    arguments = ["evaluate", str(folder / "people.csv"), "--truth", str(truth), "--no-train"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "250"})
    assert result.exit_code == 0, result.output
    assert "read as pairs: left_id and right_id, labelled by label" in result.output


def test_several_sources_in_parquet_as_json(tmp_path: Path) -> None:
    """People of a CSV file, companies of a Parquet file; one object on stdout and nothing else."""
    write_people(tmp_path)
    names = [f"Quartermaine Instruments {town}" for town in ("Leeds", "Leeds", "York")]
    phones = ["+442071234567", "+442071234567", "+441904555010"]
    firms = pa.table({"key": [7, 8, 9], "Company Name": names, "Phone": phones})
    pq.write_table(firms, tmp_path / "firms.parquet")
    files = (tmp_path / "people.csv", tmp_path / "firms.parquet")
    result = run(
        *files, "--column", "record_id=key", "--format", "parquet", "--json", "--output", tmp_path / "out"
    )
    [line] = result.stdout.splitlines()
    figures = json.loads(line)
    assert figures["folder"] == str(tmp_path / "out")
    assert figures["records"] == {"all": 103, "people": 100, "companies": 3, "blank_rows_left_out": 0}
    members = pq.read_table(tmp_path / "out/clusters.parquet").to_pylist()
    assert {one["record_id"] for one in members if one["source"] == "firms"} == {"7", "8"}
    assert {one["source"] for one in members} == {"people", "firms"}
    golden = pq.read_table(tmp_path / "out/golden.parquet")
    assert golden.num_rows == figures["found"]["golden_records"]
    assert listing(tmp_path) == ["firms.parquet", "out", "people.csv"]


def test_a_folder_of_ours_is_replaced_only_when_asked(cleaned: tuple[Path, Result], tmp_path: Path) -> None:
    """And one of anybody else never, nor when the new run fails."""
    shutil.copytree(cleaned[0] / "people-clean", tmp_path / "people-clean")
    people = write_people(tmp_path)
    (tmp_path / "people-clean/golden.csv").write_text("old", "utf-8")
    assert "is there already; replace it with --force" in run(people, code=1).output
    broken = tmp_path / "people.txt"
    broken.write_text("id,name\n1\n", "utf-8")
    run(broken, "--output", tmp_path / "people-clean", "--force", code=1)
    assert (tmp_path / "people-clean/golden.csv").read_text("utf-8") == "old"
    run(people, "--force")
    assert len(table(tmp_path / "people-clean/golden.csv")) >= 50
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    assert (
        "no result of `dedup clean`" in run(people, "--output", tmp_path / "mine", "--force", code=1).output
    )
    assert listing(tmp_path / "mine") == ["thesis.txt"]
    assert listing(tmp_path) == ["mine", "people-clean", "people.csv", "people.txt"]


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"", (), "people.csv: is empty"),
        (b"id,surname\n", (), "people.csv: has no row below its header"),
        (b"id,surname\n1,A,B\n", (), "people.csv, line 2: has 3 columns, the header has 2"),
        (b"id,surname\n1,A\x00\n", (), "people.csv, line 2: holds a NUL byte"),
        (
            "id,surname\n1,Zoë\n2,Zoë\n3,Zo".encode() + b"\xeb\n",
            (),
            "people.csv, line 4: holds bytes that are not",
        ),
        (b"id,surname\n1,A\n1,B\n", (), "people.csv, rows 1 and 2: have the same id '1'"),
        (b"id,surname,surname\n1,A,B\n", (), "people.csv: 'surname': two columns have this name"),
        (b"x,y\n1,2\n", (), "people.csv: the header: no column is known"),
        (b"PK\x03\x04\x00\x00", (), "people.csv: is no text"),
        (b'{"id": 1}\n', (), "is HTML, XML or JSON"),
        (b"PAR1 and nothing more", (), "people.csv: is no Parquet file"),
        (b"id,surname\n1,A\n", ("--engine", "sc://127.0.0.1:1"), "sc://127.0.0.1:1: does not answer"),
        (b"id,surname\n1,A\n", ("--engine", "http://x.example"), "is no address of an engine"),
        (b"id,surname\n1,A\n", ("--output", "nowhere/out"), "there is no folder"),
        (b"id,surname\n1,A\n", ("--workspace", "."), "holds something else"),
        (b"id,surname\n1,A\n", ("people.csv",), "is named twice"),
        (b"id,surname\n1,A\n", ("--model", "people.csv"), "people.csv is no model file"),
    ],
)
def test_what_cannot_be_cleaned_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, arguments: tuple[str, ...], said: str
) -> None:
    """It says what, where and what to do; nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_bytes(content)
    result = run("people.csv", *arguments, code=1)
    [line] = result.stderr.strip().splitlines()
    assert line.startswith("dedup: ")
    assert said in line
    assert listing(tmp_path) == ["people.csv"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.csv",), "missing.csv"),
        (("people.csv", "--column", "email=colour"), "the file has no column 'colour'"),
        (("people.csv", "--column", "wrong=surname"), "'wrong' is no field"),
        (("people.csv", "--entity", "dog"), "dog is none of person, company"),
        (("people.csv", "--encoding", "klingon"), "klingon is no encoding"),
        (("people.csv", "--memory", "3"), "256"),
        (("--table", "crm.public.leads"), "name that with --engine"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """As all commands do it, with exit code 2; nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("id,surname\n1,A\n", "utf-8")
    result = CliRunner().invoke(app, ["clean", *arguments], env={"COLUMNS": "250"})
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert listing(tmp_path) == ["people.csv"]


def test_files_or_a_table_are_needed() -> None:
    """One of the two, and not both."""
    assert "name the files to clean, or a table" in run(code=1).output


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


def test_help_needs_no_engine() -> None:
    """Nor pyarrow: the command line starts as fast as without the extra."""
    script = (
        "import sys; from dedup_service.cli.main import app\n"
        "try: app(['clean', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('pyspark', 'pysail', 'pyarrow', 'numpy', 'jinja2') if name in sys.modules])"
    )
    assert python("-c", script).stdout.splitlines()[-1] == "[]"


def test_without_the_extra_it_says_which_to_install(tmp_path: Path) -> None:
    """By the name of the extra; nothing is left behind."""
    people = write_people(tmp_path)
    script = (
        "import sys; from importlib.abc import MetaPathFinder\n"
        "class Hidden(MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] in ('pysail', 'pyspark'): raise ModuleNotFoundError(name)\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name in ('pysail', 'pyspark') else real(name, *rest)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "from dedup_service.cli.main import app; app(['clean', sys.argv[1]])"
    )
    result = python("-c", script, str(people))
    assert result.returncode == 1
    assert (
        "needs pyspark-client, pysail; install the extra that has it: pip install 'dedup-service[clean]'"
        in (result.stderr)
    )
    assert listing(tmp_path) == ["people.csv"]


def test_an_engine_that_is_none_is_told(tmp_path: Path) -> None:
    """A port where something else answers, or hangs up."""
    people = write_people(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.listen()
        address = f"sc://127.0.0.1:{server.getsockname()[1]}"
        server.close()
        assert "does not answer" in run(people, "--engine", address, code=1).output
    assert listing(tmp_path) == ["people.csv"]
