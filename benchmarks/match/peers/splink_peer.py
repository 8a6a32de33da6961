"""Splink: one record compared with the residents that its blocking rules give, by `predict_between`.

Trained as benchmarks.accuracy does; term frequencies are those of the residents.
"""

from collections.abc import Callable
from dataclasses import replace

import duckdb
import pandas as pd
from splink import DuckDBAPI

from benchmarks.accuracy.peers.splink_peer import _trained
from benchmarks.accuracy.peers.splink_settings import people, prepared
from benchmarks.match.peers.exchange import Question, Row, answer

THRESHOLD = 0.5
MOST_MATCHES = 10


def prepare(question: Question) -> Callable[[Row], list[int]]:
    """Train on the residents and register them once."""
    connection = duckdb.connect()
    connection.execute("set threads to 2")
    api = DuckDBAPI(connection=connection)
    task = replace(question.task, records=question.residents)
    records = prepared(connection, task)
    linker = _trained(api, records, people(task, connection))
    settings = linker._settings_obj  # noqa: SLF001 -- nothing public tells the columns with term frequencies
    for name in sorted({one.name for one in settings._term_frequency_columns}):  # noqa: SLF001 -- see above
        linker.table_management.compute_tf_table(name)
    residents = api.register(records)
    columns = records.columns

    def find(query: Row) -> list[int]:
        row = {name: query.get(name) for name in columns}
        given, family, number = query["given_name"], query["family_name"], int(query["record_id"])
        row |= {"whole_name": f"{given} {family}" if given and family else None, "pair_id": -1 - number}
        # A column of nothing but absent values would be a number to DuckDB.
        frame = pd.DataFrame([row]).astype(dict.fromkeys(set(columns) - {"record_id", "pair_id"}, "string"))
        one = api.register(connection.from_df(frame))
        predicted = linker.inference.predict_between(one, residents, threshold_match_probability=THRESHOLD)
        found = predicted.as_duckdbpyrelation().order("match_weight desc").limit(MOST_MATCHES)
        ends = found.project("record_id_l, record_id_r").fetchall()
        predicted.drop_table_from_database_and_remove_from_cache()
        return [right if left == number else left for left, right in ends]

    return find


if __name__ == "__main__":
    answer(prepare)
