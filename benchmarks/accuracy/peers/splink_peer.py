"""Splink 5 on DuckDB, trained and used as its tutorials and examples do; splink_settings says what with.

python splink_peer.py FOLDER ENTITY
"""

from contextlib import suppress
from typing import Any

import duckdb
import numpy as np
from splink import DuckDBAPI, Linker, SettingsCreator

from benchmarks.accuracy.peers.exchange import Task, read_task, write_found
from benchmarks.accuracy.peers.splink_settings import Plan, companies, people, prepared

# Predict with a low threshold, cluster at 0.95: as in the example of historical_50k.
# On a small set the best threshold may be far down; on a large one the pairs below would fill memory.
LEAST_WEIGHT_BITS = -30.0
LEAST_WEIGHT_LARGE_BITS = -10.0
LARGE = 200_000
THRESHOLD = 0.95
THRESHOLD_BITS = float(np.log2(THRESHOLD / (1 - THRESHOLD)))
MAX_PAIRS = 1e7
SEED = 1


def main() -> None:
    """Train, predict, cluster; or train on all records and score the pairs that are asked for."""
    task = read_task()
    connection = duckdb.connect()
    connection.execute("set threads to 2")
    api = DuckDBAPI(connection=connection)
    records = prepared(connection, task)
    plan = people(task, connection) if task.entity == "PERSON" else companies(task, connection)
    linker = _trained(api, records, plan)
    if task.pairs is not None:
        _score_pairs(task, connection, api, linker)
        return
    least = LEAST_WEIGHT_LARGE_BITS if len(task.records) > LARGE else LEAST_WEIGHT_BITS
    predicted = linker.inference.predict(threshold_match_weight=least)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=THRESHOLD
    )
    rows = _columns(predicted, "record_id_l, record_id_r, match_weight")
    members = _columns(clustered, "record_id, cluster_id")
    clusters = np.zeros(len(task.records), np.int64)
    clusters[members["record_id"]] = members["cluster_id"]
    write_found(
        task,
        rows["record_id_l"],
        rows["record_id_r"],
        rows["match_weight"],
        threshold=THRESHOLD_BITS,
        clusters=clusters,
    )


def _trained(api: DuckDBAPI, records: Any, plan: Plan) -> Linker:
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=plan.comparisons,
        blocking_rules_to_generate_predictions=plan.blocking,
        retain_matching_columns=False,
        additional_columns_to_retain=["pair_id"],
    )
    linker = Linker(api.register(records), settings, log_level=None)
    if plan.deterministic:
        linker.training.estimate_probability_two_random_records_match(plan.deterministic, recall=plan.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=SEED)
    for rule in plan.training:
        # On a hundred records a level may come out at m = 0, which Splink refuses: its default m then stays.
        with suppress(ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )
    return linker


def _score_pairs(task: Task, connection: duckdb.DuckDBPyConnection, api: DuckDBAPI, linker: Linker) -> None:
    """Exactly the pairs asked for: each side a table with a row a pair, joined on the number of the pair."""
    assert task.pairs is not None
    # The settings tell which columns have term frequencies; nothing public does.
    settings = linker._settings_obj  # noqa: SLF001 -- see above
    for name in sorted({one.name for one in settings._term_frequency_columns}):  # noqa: SLF001 -- see above
        linker.table_management.compute_tf_table(name)
    sides = []
    for side, positions in enumerate(task.pairs.T.tolist()):
        wanted = ", ".join(f"({pair}, {record})" for pair, record in enumerate(positions))
        sides.append(
            connection.sql(
                f"""select prepared.* replace (wanted.pair * 2 + {side} as record_id, wanted.pair as pair_id)
                from prepared join (values {wanted}) wanted(pair, record)
                on prepared.record_id = wanted.record"""
            )
        )
    predicted = linker.inference.predict_between(
        api.register(sides[0]),
        api.register(sides[1]),
        blocking_rules_to_generate_predictions=["l.pair_id = r.pair_id"],
    )
    rows = _columns(predicted, "pair_id_l, match_weight")
    pairs = task.pairs[rows["pair_id_l"]]
    write_found(task, pairs[:, 0], pairs[:, 1], rows["match_weight"], threshold=THRESHOLD_BITS)


def _columns(frame: Any, names: str) -> dict[str, np.ndarray[Any, Any]]:
    found: dict[str, np.ndarray[Any, Any]] = frame.as_duckdbpyrelation().project(names).fetchnumpy()
    return found


if __name__ == "__main__":
    main()
