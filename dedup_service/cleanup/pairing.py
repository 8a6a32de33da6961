"""Pairs of numbers with what their records hold."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it


def with_comparables(pairs: DataFrame, prepared: DataFrame) -> DataFrame:
    """The pairs with the comparables of both sides, as `work.weighing` reads them."""
    left = prepared.select(F.col("number").alias("left"), F.col("comparable").alias("left_comparable"))
    right = prepared.select(F.col("number").alias("right"), F.col("comparable").alias("right_comparable"))
    # The first side of a join is the one that an engine holds in memory: there are several pairs to a record.
    return right.join(left.join(pairs.select("left", "right"), "left"), "right")
