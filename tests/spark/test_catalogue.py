"""`dedup clean` on a table that a cluster knows."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dedup_service.cleanup import Engine, FindOptions, RawRows, Workspace
from dedup_service.cli.main import app
from tests.cleanup.crm import clusters_of, rows
from tests.spark.outcomes import outcome
from tests.spark.records import file_of

pytestmark = pytest.mark.spark
UNTRAINED = FindOptions(train=False)
NAME = "spark_catalog.default.people"


@pytest.fixture
def people(tmp_path: Path) -> RawRows:
    """Some people, as a file."""
    return file_of(tmp_path, rows(400))


@pytest.fixture
def table(spark: Engine, people: RawRows) -> Iterator[str]:
    """The same people, as a table of the catalogue."""
    spark.read(str(people.rows)).write.mode("overwrite").saveAsTable(NAME)
    yield NAME
    spark.session.sql(f"DROP TABLE {NAME}")


def test_the_command_cleans_a_table(
    spark: Engine, embedded: Engine, people: RawRows, table: str, tmp_path: Path
) -> None:
    """`dedup clean --table --engine` writes the clusters that are found in a file of the same rows."""
    here = outcome(embedded, people, Workspace(tmp_path / "here"), UNTRAINED)
    asked = [
        "clean",
        "--table",
        table,
        "--engine",
        spark.url,
        "--no-train",
        "--output",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(app, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["folder"] == str(tmp_path / "out")
    members: dict[str, set[str]] = {}
    with (tmp_path / "out" / "clusters.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            members.setdefault(row["cluster_id"], set()).add(row["record_id"])
    assert here.clusters
    assert {frozenset(one) for one in members.values()} == clusters_of(
        tmp_path / "here" / "found" / "clusters"
    )
