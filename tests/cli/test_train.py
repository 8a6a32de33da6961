"""`dedup train` and `dedup models`, on files and on the store of a running service."""

import csv
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dedup_service.cli.main import app
from dedup_service.client import DedupClient
from dedup_service.v1 import match_service_pb2 as pb
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.record_service_pb2 import Record
from scoring import shipped_model
from scoring.model_file import model_of, parse_model_file
from tests.cli.command_results import json_lines
from tests.served_desk import ServedDesk
from tests.workflows.training_records import Known, companies, people

SHIPPED = shipped_model().version
Settings = dict[str, str]


def write(path: Path, records: list[Known]) -> Path:
    """The records as a CSV file, with the columns of all of them."""
    names = list(dict.fromkeys(name for record in records for name in record.values))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["record_id", *names])
        writer.writeheader()
        writer.writerows({"record_id": at} | record.values for at, record in enumerate(records))
    return path


def run(*arguments: str | Path, settings: Settings | None = None, code: int = 0) -> Result:
    environment = {"COLUMNS": "250", **(settings or {})}
    result = CliRunner().invoke(app, [*map(str, arguments)], env=environment)
    assert result.exit_code == code, result.output
    return result


def test_files_give_a_model_file(tmp_path: Path) -> None:
    """People and companies of several files are trained on together, into one file that is a model."""
    files = (write(tmp_path / "p.csv", people(200)), write(tmp_path / "c.csv", companies(200)))
    result = run("train", *files, "--output", tmp_path / "model.json")
    file = parse_model_file((tmp_path / "model.json").read_bytes())
    assert file.people.population == file.companies.population == 1000
    assert model_of(file).version in result.stdout
    assert "people, " in result.stdout
    assert "companies, " in result.stdout
    assert "from 10 bits" in result.stdout
    assert "labels are too few" in result.stdout
    assert f"wrote {tmp_path / 'model.json'}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the files to train on, or say --store"),
        (("p.csv", "--store"), "name the files to train on, or say --store"),
        (("p.csv",), "say with --output"),
        (("p.csv", "--output", "m.json"), "fewer than 200 records"),
        (("p.csv", "--output", "nowhere/m.json"), "there is no folder nowhere; make it first"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """Without records, without a place for the model, or with few records nothing is written."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "p.csv", people(20))
    assert said in run("train", *arguments, code=1).stderr
    assert not (tmp_path / "m.json").exists()


def test_a_file_is_not_activated_by_itself(tmp_path: Path) -> None:
    """--activate goes with --store: nothing says which service a file is for."""
    path = write(tmp_path / "p.csv", people(20))
    assert "dedup models add" in run("train", path, "--activate", code=2).stderr


@pytest.fixture
def settings(desk: ServedDesk, database_url: str, client: DedupClient) -> Settings:
    """The settings of a service that holds 300 people."""
    records = [
        Record(
            name=f"sources/crm/records/{at}",
            kind=RecordKind.RECORD_KIND_CONTACT,
            values=known.values,
        )
        for at, known in enumerate(people(200))
    ]
    assert all(not batch.answer.rejected for batch in client.ingest(iter(records)))
    assert desk.address
    return {"DEDUP_DATABASE_URL": database_url}


def in_use(client: DedupClient) -> str:
    """What the running service says first when it lists its models."""
    listed = client.matches.ListScoringModels(pb.ListScoringModelsRequest())
    return listed.scoring_models[0].name.removeprefix("scoringModels/")


def scores_by(client: DedupClient) -> str:
    """The model that an answer of the running service names."""
    side = pb.PairSide(record="sources/crm/records/0")
    answer = client.matches.Score(pb.ScoreRequest(pair=pb.Pair(left=side, right=side)))
    return answer.scoring_model.removeprefix("scoringModels/")


def wait_until_scored_by(client: DedupClient, version: str) -> None:
    end = time.monotonic() + 10
    while scores_by(client) != version:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_model_of_the_store_is_a_candidate_until_it_is_activated(
    settings: Settings, client: DedupClient
) -> None:
    """Training shifts nothing; activating, and going back, reaches the running service without a restart."""
    [trained] = json_lines(run("train", "--store", "--json", settings=settings))
    assert trained["verdict"] == "UNKNOWN"
    assert not trained["activated"]
    assert scores_by(client) == in_use(client) == SHIPPED
    version = trained["version"]
    run("models", "activate", version, settings=settings)
    wait_until_scored_by(client, version)
    run("models", "activate", SHIPPED, settings=settings)
    wait_until_scored_by(client, SHIPPED)


def test_training_activates_when_asked(settings: Settings, client: DedupClient) -> None:
    """--activate says what was in use before and how to go back to it."""
    said = run("train", "--store", "--activate", settings=settings).stdout
    assert f"is in use in place of {SHIPPED}" in said
    assert f"dedup models activate {SHIPPED}" in said
    wait_until_scored_by(client, in_use(client))
    assert in_use(client) != SHIPPED


def test_what_stewards_decided_is_counted(settings: Settings, client: DedupClient) -> None:
    """A not-a-match link is a label that the training takes from the store and says."""
    left, right = ("sources/crm/records/0", "sources/crm/records/3")
    link = Distinction(left=[left], right=[right], reason="two people")
    client.distinctions.CreateDistinction(CreateDistinctionRequest(distinction=link))
    [trained] = json_lines(run("train", "--store", "--json", settings=settings))
    assert trained["origin"].endswith("with 0 same and 1 different labels")
    assert "people: 0 same and 1 different labels; 50 of both calibrate" in trained["findings"]


def test_models_are_listed_shown_and_added(settings: Settings, tmp_path: Path) -> None:
    """A model shown is its file, which can be added again; the list has all, the one in use first."""
    [trained] = json_lines(run("train", "--store", "--json", settings=settings))
    shown = run("models", "show", trained["version"], settings=settings).stdout
    (tmp_path / "model.json").write_text(shown, "utf-8")
    [added] = json_lines(run("models", "add", tmp_path / "model.json", "--json", settings=settings))
    listed = json_lines(run("models", "--json", settings=settings))
    assert [(one["version"], one["state"]) for one in listed] == [
        (SHIPPED, "ACTIVE"),
        (trained["version"], "CANDIDATE"),
    ]
    assert listed[1] == added
    assert listed[1]["findings"] == trained["findings"]
    table = run("models", settings=settings).stdout
    assert "ships with this release" in table
    assert trained["origin"] in table
    assert "too few labels to tell" in table
    assert "UNKNOWN" not in table
    run("models", "delete", trained["version"], settings=settings)
    assert [one["version"] for one in json_lines(run("models", "--json", settings=settings))] == [SHIPPED]


def test_what_is_no_model_is_not_added_or_activated(settings: Settings, tmp_path: Path) -> None:
    """Other files, unknown versions and the shipped model as a file are refused in a line."""
    (tmp_path / "model.json").write_text("{}", "utf-8")
    assert (
        "is no model file" in run("models", "add", tmp_path / "model.json", code=1, settings=settings).stderr
    )
    assert "does not exist" in run("models", "activate", "trained-x", code=1, settings=settings).stderr
    assert "ships with the release" in run("models", "show", SHIPPED, code=1, settings=settings).stderr
    deleted = run("models", "delete", SHIPPED, code=1, settings=settings).stderr
    assert "ships with this release and cannot be deleted" in deleted
