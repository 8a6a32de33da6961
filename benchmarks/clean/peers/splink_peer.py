"""Splink 5 on DuckDB from a file to clusters; splink_plan says what it is told.

DuckDB reads and cleans the file, as its guides ask for: through pandas it would take twice as long.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from splink import DuckDBAPI, Linker, SettingsCreator

from benchmarks.clean.peers.exchange import Asked, asked
from benchmarks.clean.peers.splink_plan import Plan, companies, people, prepared

# Its example of historical_50k clusters at 0.95; what is below is only predicted where somebody looks at it.
THRESHOLD = 0.95
LEAST_BITS = -10.0


def main() -> None:
    """People, then companies, each with a model of its own."""
    task = asked()
    plans = {"PERSON": people, "COMPANY": companies}
    for entity, path in task.parts():
        _clean(task, entity, path, plans[entity]())


def _clean(task: Asked, entity: str, path: Path, plan: Plan) -> None:
    connection = duckdb.connect()
    connection.execute("set threads to 2")
    linker = _trained(connection, prepared(connection, path, plan), plan, task.u_pairs)
    if task.pairs:
        predicted = linker.inference.predict(threshold_match_weight=LEAST_BITS)
    else:
        predicted = linker.inference.predict(threshold_match_probability=THRESHOLD)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=THRESHOLD
    )
    members = _columns(clustered, "record_id, cluster_id")
    clusters = np.zeros(len(members["record_id"]), np.int64)
    clusters[members["record_id"]] = members["cluster_id"]
    pairs = None
    if task.pairs:
        rows = _columns(predicted, "record_id_l, record_id_r, match_weight")
        pairs = (rows["record_id_l"], rows["record_id_r"], rows["match_weight"])
    task.write(entity, clusters, pairs)
    connection.close()


def _trained(
    connection: duckdb.DuckDBPyConnection, records: duckdb.DuckDBPyRelation, plan: Plan, u_pairs: float
) -> Linker:
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=plan.comparisons,
        blocking_rules_to_generate_predictions=plan.blocking,
        retain_matching_columns=False,
    )
    linker = Linker(DuckDBAPI(connection=connection).register(records), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(plan.certain, recall=0.7)
    # Without a seed, which would cost it time.
    linker.training.estimate_u_using_random_sampling(max_pairs=u_pairs)
    for rule in plan.training:
        # On few records a level may come out at m = 0, which Splink refuses: its default m then stays.
        with suppress(ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )
    return linker


def _columns(frame: Any, names: str) -> dict[str, np.ndarray[Any, Any]]:
    found: dict[str, np.ndarray[Any, Any]] = frame.as_duckdbpyrelation().project(names).fetchnumpy()
    return found


if __name__ == "__main__":
    main()
