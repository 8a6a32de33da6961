"""TRAIN: a model fitted to samples of the records and of their candidate pairs, here.

What is drawn is drawn by number, so that it is the same on every engine, and costs the same for a million records
and for a hundred million.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame
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


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records and candidate pairs there are of each entity."""

    records: dict[scoring.Entity, int]
    pairs: dict[scoring.Entity, int]


def count_by_entity(prepared: DataFrame, pairs: DataFrame) -> Counts:
    """The counts of the stages."""
    return Counts(_by_entity(prepared, "number"), _by_entity(pairs, "left"))


def _by_entity(rows: DataFrame, column: str) -> dict[scoring.Entity, int]:
    counted = rows.groupBy(F.col(column).bitwiseAND(COMPANY_BIT).alias("bit")).count().collect()
    found = {row["bit"]: row["count"] for row in counted}
    return {scoring.Entity.PERSON: found.get(0, 0), scoring.Entity.COMPANY: found.get(COMPANY_BIT, 0)}


def trained(
    prepared: DataFrame, pairs: DataFrame, counts: Counts, model: scoring.ScoringModel, seed: int
) -> tuple[scoring.ScoringModel, frozenset[scoring.Entity]]:
    """The model fitted to both entities, and those of which it doubts its own matches."""
    from scoring.resolution.training import train_on_samples

    doubtful = set()
    for entity in scoring.Entity:
        record_count, pair_count = counts.records[entity], counts.pairs[entity]
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


def _drawn(rows: DataFrame, chance: "F.Column", wanted: int, count: int) -> DataFrame:
    """A share of the rows by the bits of a number in which each is equally likely."""
    if count <= wanted:
        return rows
    scale = 1 << _CHANCE_BITS
    share = int(scale * wanted / count)
    drawn = F.shiftrightunsigned(chance, 1).bitwiseAND(scale - 1)
    return rows.where(drawn < share)
