"""CLUSTER: from weighed pairs to clusters, by average linkage within connected components.

Components are found here by scipy where the links fit, 16 bytes each, else in the engine by contraction
(Boruvka 1926), in a number of rounds that grows with the logarithm of the number of links. The pairs of each
component are then brought together, and `scoring.resolution.partition` has the say.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

import scoring
from dedup_service.cleanup.engine import Engine
from dedup_service.cleanup.errors import EngineError
from dedup_service.cleanup.finding import named_pairs
from dedup_service.cleanup.numbering import golden_number
from dedup_service.cleanup.options import FindOptions
from dedup_service.cleanup.phases import Phase
from dedup_service.cleanup.running import Facts, Running
from dedup_service.cleanup.sources import Comparables, RecordSource
from dedup_service.cleanup.work.partitioning import MEMBERS, Partitioning
from scoring.calibration import bits_of

LINKS_HERE = 50_000_000
"""Beyond so many links components are found in the engine: some 4 GiB are needed here for so many."""
_MOST_ROUNDS = 1000


def components(
    engine: Engine, links: DataFrame, link_count: int, folder: Path, links_here: int = LINKS_HERE
) -> DataFrame:
    """Number and component (the least number in it) of everything that a link of `links` (left, right) joins.

    Raises:
        EngineError: the engine did not come to an end of it.
    """
    if not link_count:
        # A frame cannot be made of a table without rows.
        return engine.session.range(0).selectExpr("id AS number", "id AS component")
    if link_count > links_here:
        return _components_there(engine, links, folder)
    table = links.select("left", "right").toArrow()
    left, right = table.column("left").to_numpy(), table.column("right").to_numpy()
    numbers, position = np.unique(np.concatenate([left, right]), return_inverse=True)
    first, second = position[: len(left)], position[len(left) :]
    graph = coo_matrix((np.ones(len(first), np.int8), (first, second)), shape=(len(numbers), len(numbers)))
    label = connected_components(graph, directed=False)[1]
    # Numbers ascend, so that the first of each label is the least.
    _, first_of = np.unique(label, return_index=True)
    table = pa.table({"number": numbers, "component": numbers[first_of][label]})
    return engine.session.createDataFrame(table)


def _components_there(engine: Engine, links: DataFrame, folder: Path) -> DataFrame:
    """By contraction: everything goes to its least neighbour, and on to where that one goes, until only links
    between such least ones are left, of which there are half as many at most.
    """
    rounds = _Rounds(engine, folder)
    either = links.select(F.col("right").alias("left"), F.col("left").alias("right"))
    edges = rounds.kept(links.select("left", "right").union(either))
    numbers = edges.select(F.col("left").alias("number")).distinct()
    labels = rounds.kept(numbers.selectExpr("number", "number AS component"))
    while not edges.isEmpty():
        goes = edges.groupBy("left").agg(F.min("right").alias("right"))
        goes = _followed(rounds.kept(goes.select("left", F.least("left", "right").alias("right"))), rounds)
        moved = labels.join(goes.withColumnRenamed("left", "component"), "component", "left")
        labels = rounds.kept(moved.select("number", F.coalesce("right", "component").alias("component")))
        ends = goes.select(F.col("left").alias("right"), F.col("right").alias("end"))
        starts = goes.select("left", F.col("right").alias("start"))
        shorter = edges.join(starts, "left").join(ends, "right").where("start != end")
        edges = rounds.kept(shorter.selectExpr("start AS left", "end AS right").distinct())
    return labels


def _followed(goes: DataFrame, rounds: "_Rounds") -> DataFrame:
    """Where everything ends that goes from left to right, over and over."""
    while True:
        further = goes.select(F.col("left").alias("right"), F.col("right").alias("further"))
        goes = rounds.kept(goes.join(further, "right").select("left", "right", "further"))
        if goes.where("right != further").isEmpty():
            return goes.select("left", "right")
        goes = goes.select("left", F.col("further").alias("right"))


class _Rounds:
    """Outcomes of rounds, each written down, so that a round does not do those before it again."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._count = 0

    def kept(self, rows: DataFrame) -> DataFrame:
        """The rows as written and read again.

        Raises:
            EngineError: there were so many rounds that something must be wrong.
        """
        if self._count == _MOST_ROUNDS:
            raise EngineError("the clusters", f"were not found in {_MOST_ROUNDS} rounds", "report this")
        path = str(self._folder / f"components-{self._count}")
        self._count += 1
        rows.write.mode("overwrite").parquet(path)
        return self._engine.session.read.schema(rows.schema).parquet(path)


def linked_pairs(pairs: DataFrame, component_of: DataFrame) -> DataFrame:
    """component, left, right and match_weight_bits of the pairs within one component."""
    left = component_of.select(F.col("number").alias("left"), "component")
    right = component_of.select(F.col("number").alias("right"), F.col("component").alias("other"))
    return (
        pairs.join(left, "left")
        .join(right, "right")
        .where(F.col("component") == F.col("other"))
        .select("component", "left", "right", "match_weight_bits")
    )


@dataclass(frozen=True, slots=True)
class Clustering:
    """The last phase: from the weighed pairs of records to what is told of golden records."""

    running: Running
    source: RecordSource
    options: FindOptions
    model: scoring.ScoringModel

    def write(self, records: DataFrame, scored: DataFrame, folder: Path) -> Facts:
        """Write pairs, clusters and reviews into the folder."""
        write = partial(self.running.write, Phase.CLUSTER)
        likely = F.col("match_weight_bits") >= bits_of(self.model.review_threshold)
        ids = records.select("number", F.col("record_id").alias("name"))
        write(named_pairs(scored.where(likely), ids, self.model), folder / "pairs")
        goldens, weighed = ids, scored
        if isinstance(self.source, Comparables):
            goldens = records.select(
                F.col("golden").alias("number"), F.col("golden_id").alias("name")
            ).distinct()
            weighed = write(_of_goldens(scored, records), folder / "weighed")
        members = self._members(weighed, folder)
        clusters = members.join(goldens, "number").select("cluster", F.col("name").alias("golden_id"))
        count = write(clusters, folder / "clusters").select("cluster").distinct().count()
        alone = weighed.where(likely)
        for side in ("left", "right"):
            alone = alone.join(members.select(F.col("number").alias(side)), side, "left_anti")
        write(named_pairs(alone, goldens, self.model), folder / "reviews")
        return {"clusters": count}

    def _members(self, weighed: DataFrame, folder: Path) -> DataFrame:
        """Cluster and number of all members of clusters of two or more."""
        join_bits = self._join_bits()
        # A pair that does not speak for joining does not speak against it by more than it weighs.
        bits = F.col("match_weight_bits")
        weighed = weighed.select(
            "left",
            "right",
            F.when(bits >= join_bits, bits).otherwise(F.least(bits, F.lit(0.0))).alias("match_weight_bits"),
        )
        links = weighed.where("match_weight_bits > 0")
        found: list[DataFrame] = []
        self.running.watch(
            Phase.CLUSTER,
            lambda: found.append(components(self.running.engine, links, links.count(), folder)),
        )
        inside = linked_pairs(weighed, found[0])
        apart = self.source.apart if isinstance(self.source, Comparables) else ()
        numbers = frozenset(
            (min(one, other), max(one, other))
            for one, other in ((golden_number(left), golden_number(right)) for left, right in apart)
        )
        partitions = _LEAST_PARTITIONS + links.count() // _PARTITION_LINKS
        return self.running.through(
            Phase.CLUSTER,
            inside.repartition(partitions, "component"),
            partial(Partitioning, self.options.max_cluster, numbers),
            MEMBERS,
            folder / "members",
            rows_at_once=_WHOLE_PARTITION,
            total=None,
        )

    def _join_bits(self) -> float:
        least = self.options.least_join_probability
        return bits_of(self.model.match_threshold if least is None else least)


_PARTITION_LINKS = 500_000
_LEAST_PARTITIONS = 8
# The pairs of a component are never parted.
_WHOLE_PARTITION = 1 << 62


def _of_goldens(scored: DataFrame, records: DataFrame) -> DataFrame:
    """The best weight of each two golden records, of the pairs of their records."""
    left = records.select(F.col("number").alias("left"), F.col("golden").alias("one"))
    right = records.select(F.col("number").alias("right"), F.col("golden").alias("other"))
    both = scored.join(left, "left").join(right, "right").where(F.col("one") != F.col("other"))
    ordered = both.select(
        F.least("one", "other").alias("left"), F.greatest("one", "other").alias("right"), "match_weight_bits"
    )
    return ordered.groupBy("left", "right").agg(F.max("match_weight_bits").alias("match_weight_bits"))
