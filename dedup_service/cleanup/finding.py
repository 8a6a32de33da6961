"""What was found, as files: the pairs, the clusters, and the pairs that a person should look at."""

from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

import scoring
from dedup_service.cleanup.work.naming import NAMED, Naming


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that finding duplicates tells.

    Attributes:
        record_count: Of the source.
        candidate_count: Pairs that were weighed.
        verdicts: How many of them are what.
        model: What weighed them; its version is that of the model that it was trained from, where it was.
        doubtful: The entities of which the trained model doubted its own matches.
        too_common: For each blocking rule with keys that more than `most_members` records have: the number of
            members of its largest one, and how many such keys there are; the largest first.
        pairs: Parquet folder: left and right (record ids, left < right), match_weight_bits, match_probability
            and verdict of all pairs that are REVIEW or MATCH.
        clusters: Parquet folder: cluster (a number) and golden_id (of files: the record id) of all members of
            clusters of two or more.
        weighed: Parquet folder for `FindOptions.previous`: numbers of records and weights, and no value.
        reviews: Parquet folder, columns as in `pairs`, of golden ids: pairs for REVIEW neither side of which
        is
            in a cluster.
    """

    record_count: int
    candidate_count: int
    verdicts: dict[scoring.Verdict, int]
    model: scoring.ScoringModel
    doubtful: frozenset[scoring.Entity]
    too_common: tuple[tuple[str, int, int], ...]
    pairs: Path
    clusters: Path
    reviews: Path
    weighed: Path


def named_pairs(pairs: DataFrame, names: DataFrame, model: scoring.ScoringModel) -> DataFrame:
    """Pairs of numbers (left, right, match_weight_bits) under the names (number, name), with their
    verdicts.
    """
    left = names.select(F.col("number").alias("left"), F.col("name").alias("left_name"))
    right = names.select(F.col("number").alias("right"), F.col("name").alias("right_name"))
    named = (
        pairs.join(left, "left").join(right, "right").select("left_name", "right_name", "match_weight_bits")
    )
    return named.mapInArrow(Naming(model.match_threshold), NAMED)
