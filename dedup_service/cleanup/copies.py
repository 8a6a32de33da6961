"""Exact copies of a record: a list imported over and over.

Blocking passes over what too many records share, and copies share everything. So the first ten of equal
records are candidates like any other, and each further one is paired with those before it: with as many as a
cluster may hold, since average linkage asks every pair of a cluster, and an equal record that was compared
with one of them alone would be outvoted by the rest.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

from scoring.resolution.copies import MOST_ALIKE


def further_copies(prepared: DataFrame, max_cluster: int) -> tuple[DataFrame, DataFrame]:
    """The numbers of copies beyond the first ten of equal records; and the pairs (left, right) of each with
    those before it among `max_cluster` of them. Records that hold nothing to compare are nobody's copies.
    """
    held = prepared.where("size(keys) > 0").select("content", "number")
    many = held.groupBy("content").count().where(f"count > {MOST_ALIKE}").select("content")
    in_order = Window.partitionBy("content").orderBy("number")
    ranked = held.join(many, "content").select(
        "content", "number", (F.row_number().over(in_order) - 1).alias("rank")
    )
    ranked = ranked.withColumn("part", F.floor(F.col("rank") / max_cluster))
    before = ranked.select("content", "part", F.col("number").alias("left"), F.col("rank").alias("left_rank"))
    pairs = before.join(ranked.where(f"rank >= {MOST_ALIKE}"), ["content", "part"]).where("left_rank < rank")
    further = ranked.where(f"rank >= {MOST_ALIKE}").select("number")
    return further, pairs.select("left", F.col("number").alias("right"))
