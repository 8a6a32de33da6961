"""TRAIN: a model fitted to samples of the records and of their candidate pairs, here.

What is drawn is drawn by number, so that it is the same on every engine, and costs the same for a million
records and for a hundred million.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

import scoring
from dedup_service.cleanup.model_bytes import ModelBytes
from dedup_service.cleanup.numbering import COMPANY_BIT
from dedup_service.cleanup.pairing import with_comparables
from dedup_service.cleanup.spreading import Workers
from dedup_service.cleanup.work.fitting import Fitted, Fitting
from scoring.model import with_match_threshold, with_parameters

SAMPLED_RECORDS = 50_000
SAMPLED_PAIRS = 100_000
"""Of each entity, at most about so many are drawn."""
# The lowest bit of a number tells the entity, and what a pair's numbers have in common there is no chance.
_CHANCE_BITS = 30
_LEAST_RECORDS = 2

Counts = dict[scoring.Entity, int]


def trained(
    prepared: DataFrame, pairs: DataFrame, model: scoring.ScoringModel, seed: int, processes: int
) -> tuple[scoring.ScoringModel, frozenset[scoring.Entity]]:
    """The model fitted to both entities, and those of which it doubts its own matches.

    With several processes people and companies are fitted at once, in two of them.
    """
    samples = dict(_samples(prepared, pairs, ModelBytes.of(model), seed))
    fitted: dict[scoring.Entity, Fitted] = {}
    if processes == 1:
        fitted = {entity: Fitted.read(fitting(rows)) for entity, (fitting, rows) in samples.items()}
    else:
        with ExitStack() as stack:
            waiting: dict[scoring.Entity, Future[pa.Table]] = {}
            for entity, (fitting, rows) in samples.items():
                worker = stack.enter_context(closing(Workers(_Made(fitting), 1)))
                waiting[entity] = worker.submit(rows)
            fitted = {entity: Fitted.read(future.result()) for entity, future in waiting.items()}
    for found in fitted.values():
        model = with_parameters(model, found.parameters)
    for found in fitted.values():
        model = with_match_threshold(model, found.match_threshold)
    return model, frozenset(entity for entity, found in fitted.items() if found.is_doubtful)


class _Made:
    """Makes work that is there already; can be pickled."""

    def __init__(self, work: Fitting) -> None:
        self._work = work

    def __call__(self) -> Fitting:
        return self._work


def _samples(
    prepared: DataFrame, pairs: DataFrame, model: ModelBytes, seed: int
) -> Iterator[tuple[scoring.Entity, tuple[Fitting, pa.Table]]]:
    """For each entity with anything to fit to: the work, and the sample of pairs to do it with."""
    record_counts, pair_counts = _count_by_entity(prepared, "number"), _count_by_entity(pairs, "left")
    for entity in scoring.Entity:
        record_count, pair_count = record_counts[entity], pair_counts[entity]
        if record_count < _LEAST_RECORDS or not pair_count:
            continue
        drawn = _drawn(_of(prepared, "number", entity), F.col("number"), SAMPLED_RECORDS, record_count)
        # In the order of their numbers: what is drawn from them in turn is the same on every engine.
        strangers = drawn.select("number", "comparable").toArrow().sort_by("number").column("comparable")
        chance = F.col("left").bitwiseXOR(F.col("right"))
        sampled = _drawn(_of(pairs, "left", entity), chance, SAMPLED_PAIRS, pair_count)
        rows = with_comparables(sampled, prepared).toArrow()
        rows = rows.sort_by([("left", "ascending"), ("right", "ascending")])
        yield entity, (Fitting(model, entity, strangers, record_count, pair_count, seed), rows)


def _count_by_entity(rows: DataFrame, column: str) -> Counts:
    """How many rows are of each entity, by the number in a column."""
    counted = rows.groupBy(F.col(column).bitwiseAND(COMPANY_BIT).alias("bit")).count().collect()
    found = {row["bit"]: row["count"] for row in counted}
    return {scoring.Entity.PERSON: found.get(0, 0), scoring.Entity.COMPANY: found.get(COMPANY_BIT, 0)}


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
