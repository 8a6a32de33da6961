"""From records to duplicates, phase by phase; each phase leaves its outcome in the workspace.

READ and PREPARE are one pass over the rows, BLOCK makes candidate pairs, TRAIN fits the model to samples,
SCORE weighs the pairs, CLUSTER divides what they link. Every phase is a function of the outcome of those
before it and of the options alone, so that a run which was killed and started again ends as it would have.
"""

import hashlib
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

import scoring
from dedup_service.cleanup.blocking import REFINED_MEMBERS, blocks, refined_keys, too_common
from dedup_service.cleanup.clustering import Clustering
from dedup_service.cleanup.copies import further_copies
from dedup_service.cleanup.engine import Engine
from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.finding import Found
from dedup_service.cleanup.model_bytes import ModelBytes
from dedup_service.cleanup.options import FindOptions
from dedup_service.cleanup.pairing import with_comparables
from dedup_service.cleanup.phases import OnProgress, Phase, ShouldStop
from dedup_service.cleanup.running import Facts, Running
from dedup_service.cleanup.sources import RecordSource, preparing_of, rows_of
from dedup_service.cleanup.training import trained
from dedup_service.cleanup.work.preparing import PREPARED, ROWS_AT_ONCE
from dedup_service.cleanup.work.weighing import PAIRS_AT_ONCE, SCORED, Weighing
from dedup_service.cleanup.workspace import Workspace
from scoring.calibration import bits_of

# Rows of two numbers that one partition of a shuffle holds: 32 MB.
_PARTITION_ROWS = 2_000_000
_LEAST_PARTITIONS = 8


def find_duplicates(
    engine: Engine,
    source: RecordSource,
    workspace: Workspace,
    options: FindOptions,
    *,
    on_progress: OnProgress = lambda _: None,
    should_stop: ShouldStop = lambda: False,
) -> Found:
    """The duplicates among all records of a source. The same records and options give the same answer, on
    every engine and however often the run was killed before.

    Args:
        engine: Where it runs; it reads and writes the workspace.
        source: The records.
        workspace: Finished phases of a run on the same records and options are taken up from it.
        options: How.
        on_progress: Told of each phase, some times a second, in the thread of the caller.
        should_stop: Asked as often.

    Raises:
        InputError: a record id stands twice, or there is no record.
        EngineError: the engine went away or gave up.
        Stopped: `should_stop` said so; what was finished stays.
    """
    return _Pipeline(source, options, Running(engine, workspace, on_progress, should_stop)).run()


@dataclass(frozen=True, slots=True)
class _Pipeline:
    source: RecordSource
    options: FindOptions
    running: Running

    def run(self) -> Found:
        options, stage = self.options, self.running.stage
        made_from = _digest(
            self.source.identity, scoring.preparation_fingerprint().hex(), scoring.blocking_fingerprint()
        )
        prepared = stage("prepared", made_from, self._prepare)
        made_from = _digest(made_from, options.most_members, options.max_cluster)
        blocked = stage("pairs", made_from, partial(self._block, prepared))
        made_from = _digest(made_from, ModelBytes.of(options.base_model).data, options.train, options.seed)
        fitted = stage("model", made_from, self._train)
        model = ModelBytes.read(self._folder("model")).model()
        made_from = _digest(made_from, options.previous)
        scored = stage("scored", made_from, partial(self._score, model, blocked))
        made_from = _digest(made_from, options.least_join_probability)
        stage("found", made_from, partial(self._cluster, model))
        return Found(
            record_count=prepared["records"],
            candidate_count=blocked["pairs"],
            verdicts={verdict: scored[verdict] for verdict in scoring.Verdict},
            model=model,
            doubtful=frozenset(scoring.Entity(one) for one in fitted["doubtful"]),
            too_common=tuple((rule, largest, count) for rule, largest, count in blocked["too_common"]),
            pairs=self._folder("found") / "pairs",
            clusters=self._folder("found") / "clusters",
            reviews=self._folder("found") / "reviews",
            weighed=self._folder("scored") / "pairs",
        )

    def _prepare(self, folder: Path) -> Facts:
        engine = self.running.engine
        rows = rows_of(engine, self.source)
        total = rows.count()
        if not total:
            raise InputError("the records", "are none", "give at least two")
        prepared = self.running.through(
            Phase.PREPARE,
            rows,
            preparing_of(self.source),
            PREPARED,
            folder / "records",
            rows_at_once=ROWS_AT_ONCE,
            total=total,
        )
        self._check_ids(prepared, total)
        return {"records": total}

    def _check_ids(self, prepared: DataFrame, total: int) -> None:
        """Every record has an id and a number of its own."""
        if prepared.where("record_id is null or record_id = ''").limit(1).count():
            raise InputError(
                "the record id", "is empty in some rows", "give each row one, or name another column"
            )
        if prepared.select("number").distinct().count() == total:
            return
        twice = (
            prepared.groupBy("record_id").count().where("count > 1").orderBy("record_id").limit(1).collect()
        )
        if twice:
            raise InputError(
                f"the record id {twice[0]['record_id']!r}",
                f"stands in {twice[0]['count']} rows",
                "give each row an id of its own, or name another column",
            )
        raise InputError("two record ids", "share a number by chance", "change one id in any way")

    def _block(self, prepared: Facts, folder: Path) -> Facts:
        records = self._records()
        partitions = _partitions(10 * prepared["records"])
        further, of_copies = further_copies(records, self.options.max_cluster)
        copies = self.running.write(Phase.BLOCK, of_copies, folder / "copies")
        further = self.running.write(Phase.BLOCK, further, folder / "further")
        looking = records if further.isEmpty() else records.join(further, "number", "left_anti")
        keys = looking.select("number", F.explode("keys").alias("key"))
        found = self.running.write(
            Phase.BLOCK, blocks(keys, self.options.most_members, partitions), folder / "blocks"
        )
        common = found.where("is_common").select(F.col("left").alias("number"), F.col("right").alias("key"))
        refined = blocks(refined_keys(common, partitions), REFINED_MEMBERS, partitions)
        again = self.running.write(Phase.BLOCK, refined, folder / "refined").where("not is_common")
        pairs = found.where("not is_common").union(again).select("left", "right").distinct()
        pairs = self.running.write(Phase.BLOCK, pairs.union(copies), folder / "candidates")
        facts = {"pairs": pairs.count(), "too_common": too_common(common)}
        shutil.rmtree(folder / "blocks", ignore_errors=True)
        shutil.rmtree(folder / "refined", ignore_errors=True)
        return facts

    def _train(self, folder: Path) -> Facts:
        model, doubtful = self.options.base_model, frozenset[scoring.Entity]()
        if self.options.train:
            fitted: list[tuple[scoring.ScoringModel, frozenset[scoring.Entity]]] = []
            self.running.watch(
                Phase.TRAIN,
                lambda: fitted.append(
                    trained(
                        self._records(),
                        self._pairs(),
                        model,
                        self.options.seed,
                        self.running.engine.processes,
                    )
                ),
            )
            model, doubtful = fitted[0]
        ModelBytes.of(model).write(folder)
        return {"doubtful": sorted(doubtful)}

    def _score(self, model: scoring.ScoringModel, blocked: Facts, folder: Path) -> Facts:
        pairs, known, total = self._pairs(), None, blocked["pairs"]
        if self.options.previous is not None:
            known = self._known(self.options.previous, folder)
            pairs = pairs.join(known.select("left", "right"), ["left", "right"], "left_anti")
            total = None
        scored = self.running.through(
            Phase.SCORE,
            with_comparables(pairs, self._records()),
            partial(Weighing.by, ModelBytes.of(model)),
            SCORED,
            folder / ("pairs" if known is None else "new"),
            rows_at_once=PAIRS_AT_ONCE,
            total=total,
        )
        if known is not None:
            scored = self.running.write(Phase.SCORE, scored.union(known), folder / "pairs")
        bits = F.col("match_weight_bits")
        counted = scored.agg(
            F.count_if(bits >= bits_of(model.match_threshold)).alias("match"),
            F.count_if(bits >= bits_of(model.review_threshold)).alias("likely"),
        ).collect()[0]
        return {
            scoring.Verdict.MATCH: counted["match"],
            scoring.Verdict.REVIEW: counted["likely"] - counted["match"],
            scoring.Verdict.NO_MATCH: blocked["pairs"] - counted["likely"],
        }

    def _known(self, previous: Path, folder: Path) -> DataFrame:
        """The candidate pairs of records that both are as they were, with the weights that they had."""
        changed = self._records().where("is_changed").select("number")
        pairs = self._pairs()
        for side in ("left", "right"):
            pairs = pairs.join(changed.select(F.col("number").alias(side)), side, "left_anti")
        weighed = self.running.engine.session.read.schema(SCORED).parquet(str(previous))
        known = pairs.select("left", "right").join(weighed, ["left", "right"])
        return self.running.write(
            Phase.SCORE, known.select("left", "right", "match_weight_bits"), folder / "known"
        )

    def _cluster(self, model: scoring.ScoringModel, folder: Path) -> Facts:
        clustering = Clustering(self.running, self.source, self.options, model)
        scored = self.running.engine.read(str(self._folder("scored") / "pairs"))
        return clustering.write(self._records(), scored, folder)

    def _records(self) -> DataFrame:
        return self.running.engine.read(str(self._folder("prepared") / "records"))

    def _pairs(self) -> DataFrame:
        return self.running.engine.read(str(self._folder("pairs") / "candidates"))

    def _folder(self, name: str) -> Path:
        return self.running.workspace.stage(name)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def _partitions(rows: int) -> int:
    return max(_LEAST_PARTITIONS, -(-rows // _PARTITION_ROWS))
