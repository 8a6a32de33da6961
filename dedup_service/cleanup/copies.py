"""Exact copies of a record: a list imported over and over.

Blocking passes over what too many records share, and copies share everything. So the first few of equal
records are candidates like any other, and each further one is paired with the first alone (as
`scoring.resolution.copies` does for records in memory).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

from scoring.resolution.copies import MOST_ALIKE


def further_copies(prepared: DataFrame) -> DataFrame:
    """The columns left (the first of equal records) and right (a copy beyond the first ten), by their
    numbers; records that hold nothing to compare are nobody's copies.
    """
    held = prepared.where("size(keys) > 0").select("content", "number")
    many = held.groupBy("content").count().where(f"count > {MOST_ALIKE}").select("content")
    equal = Window.partitionBy("content").orderBy("number")
    ranked = held.join(many, "content").select(
        F.min("number").over(Window.partitionBy("content")).alias("left"),
        F.col("number").alias("right"),
        F.row_number().over(equal).alias("rank"),
    )
    return ranked.where(f"rank > {MOST_ALIKE}").select("left", "right")
