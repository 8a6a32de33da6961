"""TRAIN: a model fitted to samples of the records and of their candidate pairs, here.

What is drawn is drawn by number, so that it is the same on every engine, and costs the same for a million
records and for a hundred million.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

import scoring
from dedup_service.cleanup.numbering import COMPANY_BIT
from dedup_service.cleanup.pairing import with_comparables
from dedup_service.cleanup.work.weighing import Drawn
from scoring.model import with_match_threshold, with_parameters

SAMPLED_RECORDS = 100_000
SAMPLED_PAIRS = 200_000
# The lowest bit of a number tells the entity, and what a pair's numbers have in common there is no chance.
_CHANCE_BITS = 30
_LEAST_RECORDS = 2


Counts = dict[scoring.Entity, int]


def count_by_entity(rows: DataFrame, column: str) -> Counts:
    """How many rows are of each entity, by the number in a column."""
    counted = rows.groupBy(F.col(column).bitwiseAND(COMPANY_BIT).alias("bit")).count().collect()
    found = {row["bit"]: row["count"] for row in counted}
    return {scoring.Entity.PERSON: found.get(0, 0), scoring.Entity.COMPANY: found.get(COMPANY_BIT, 0)}


def trained(
    prepared: DataFrame, pairs: DataFrame, model: scoring.ScoringModel, seed: int
) -> tuple[scoring.ScoringModel, frozenset[scoring.Entity]]:
    """The model fitted to both entities, and those of which it doubts its own matches."""
    from scoring.resolution.training import train_on_samples

    record_counts, pair_counts = count_by_entity(prepared, "number"), count_by_entity(pairs, "left")
    doubtful = set()
    for entity in scoring.Entity:
        record_count, pair_count = record_counts[entity], pair_counts[entity]
        if record_count < _LEAST_RECORDS or not pair_count:
            continue
        records = _drawn(_of(prepared, "number", entity), F.col("number"), SAMPLED_RECORDS, record_count)
        packed = records.select("number", "comparable").toArrow().sort_by("number").column("comparable")
        strangers = [scoring.unpack(one) for one in packed.to_pylist()]
        chance = F.col("left").bitwiseXOR(F.col("right"))
        drawn = _drawn(_of(pairs, "left", entity), chance, SAMPLED_PAIRS, pair_count)
        rows = (
            with_comparables(drawn, prepared)
            .toArrow()
            .sort_by([("left", "ascending"), ("right", "ascending")])
        )
        for _, _, pair_records, left, right in Drawn.of(rows).by_entity():
            fitted = train_on_samples(
                model.of(entity), strangers, pair_records, left, right,
                record_count=record_count, candidate_count=pair_count, seed=seed,
            )  # fmt: skip
            model = with_parameters(model, fitted.parameters)
            model = with_match_threshold(model, fitted.match_threshold)
            doubtful |= {entity} if fitted.is_doubtful else set()
    return model, frozenset(doubtful)


def _of(rows: DataFrame, column: str, entity: scoring.Entity) -> DataFrame:
    bit = COMPANY_BIT if entity is scoring.Entity.COMPANY else 0
    return rows.where(F.col(column).bitwiseAND(COMPANY_BIT) == bit)


def _drawn(rows: DataFrame, chance: Column, wanted: int, count: int) -> DataFrame:
    """A share of the rows by the bits of a number in which each is equally likely."""
    if count <= wanted:
        return rows
    scale = 1 << _CHANCE_BITS
    share = int(scale * wanted / count)
    drawn = F.shiftrightunsigned(chance, 1).bitwiseAND(scale - 1)
    return rows.where(drawn < share)
