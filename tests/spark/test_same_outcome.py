"""Spark finds what the engine in this process finds, to the last bit."""

from dataclasses import replace
from pathlib import Path

import pytest

from dedup_service.cleanup import Engine, FindOptions, RawRows, Workspace
from dedup_service.cleanup.clustering import components
from scoring.resolution.copies import MOST_ALIKE
from tests.cleanup.crm import clusters_of, found_rows
from tests.spark.conftest import OPTIONS
from tests.spark.outcomes import Outcome, outcome
from tests.spark.records import COPY_COUNT, SHARED_COUNT, golden_of, mixed_rows, store_of

pytestmark = pytest.mark.spark


def test_a_table_comes_out_as_a_file_does(
    spark: Engine, mixed_file: RawRows, found_here: Outcome, tmp_path: Path
) -> None:
    """The rows of the file as a table of the catalogue: training, every weight, pairs, clusters, reviews and
    the keys that too many share.
    """
    spark.read(str(mixed_file.rows)).write.mode("overwrite").saveAsTable("mixed")
    table = replace(mixed_file, rows=spark.session.table("mixed"))
    found_here.assert_same(outcome(spark, table, Workspace(tmp_path / "workspace"), OPTIONS))


def test_what_is_hard_for_an_engine_is_in_the_file(found_here: Outcome, trained_here: Workspace) -> None:
    """A key that 5,000 share, one record more than ten times over, clusters, and pairs for review."""
    assert max(members for _, members, _ in found_here.too_common) >= SHARED_COUNT
    assert len(found_rows(trained_here.stage("pairs") / "copies")) == COPY_COUNT - MOST_ALIKE
    assert len(clusters_of(trained_here.stage("found") / "clusters")) > 500
    assert found_here.reviews


def test_the_records_of_a_store_come_out_the_same(
    spark: Engine, embedded: Engine, trained_here: Workspace, found_here: Outcome, tmp_path: Path
) -> None:
    """With golden records of several records, and pairs that are not a match and stay apart."""
    assert found_here.clusters
    joined = clusters_of(trained_here.stage("found") / "clusters")
    apart = [(golden_of(one), golden_of(other)) for one, other, *_ in sorted(map(sorted, joined))[:200]]
    source = store_of(tmp_path, mixed_rows(), apart)
    untrained = FindOptions(train=False)
    here = outcome(embedded, source, Workspace(tmp_path / "here"), untrained)
    here.assert_same(outcome(spark, source, Workspace(tmp_path / "there"), untrained))
    clusters = clusters_of(tmp_path / "there" / "found" / "clusters")
    assert clusters
    assert not any({one, other} <= cluster for one, other in apart for cluster in clusters)


def test_components_are_found_on_spark_as_here(
    spark: Engine, trained_here: Workspace, found_here: Outcome, tmp_path: Path
) -> None:
    """Of the links between all these records, where they are too many to be brought here."""
    assert found_here.weighed
    links = spark.read(str(trained_here.stage("scored") / "pairs")).where("match_weight_bits > 0")
    count = links.count()
    here, there = (
        {
            row["number"]: row["component"]
            for row in components(spark, links, count, tmp_path, at_most).collect()
        }
        for at_most in (count, 0)
    )
    assert here
    assert there == here
