"""goldenmatch: `match_one`, by which its incremental mode matches a record, as it configures itself.

Its exact keys, which the incremental mode joins, are looked up in a dictionary here: that costs it nothing.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import polars as pl
from goldenmatch.core.autoconfig import auto_configure_df
from goldenmatch.core.frame import to_frame
from goldenmatch.core.match_one import match_one

from benchmarks.match.peers.exchange import Question, Row, answer

MOST_MATCHES = 10


def prepare(question: Question) -> Callable[[Row], list[int]]:
    """Let it configure itself on the residents, and hold them in memory."""
    frame = pl.from_pandas(question.residents.drop(columns=["record_id"]))
    # On some populations it does not trust what it found and refuses; it is asked all the same.
    config = auto_configure_df(frame, allow_red_config=True)
    residents = frame.with_row_index("__row_id__").with_columns(pl.col("__row_id__").cast(pl.Int64))
    keys = config.get_matchkeys()
    exact = [key for key in keys if key.type == "exact"]
    tables = [_table(to_frame(residents), key) for key in exact]
    fuzzy = [key for key in keys if key.type != "exact"]
    held = to_frame(residents)

    def find(query: Row) -> list[int]:
        record = {name: value for name, value in query.items() if name != "record_id"}
        scores: dict[int, float] = {}
        one = to_frame(pl.DataFrame([record], schema=frame.schema))
        for key, table in zip(exact, tables, strict=True):
            [value] = _derived(one, key)
            scores.update(dict.fromkeys(table.get(value, ()) if value else (), 1.0))
        for key in fuzzy:
            for number, score in match_one(record, held, key):
                scores[number] = max(score, scores.get(number, 0.0))
        return sorted(scores, key=lambda number: -scores[number])[:MOST_MATCHES]

    return find


def _derived(frame: Any, key: Any) -> list[Any]:
    derived = frame.derive_matchkey(
        [(one.field, list(one.transforms or [])) for one in key.fields if one.field]
    )
    return list(frame.with_column("__key__", derived).column("__key__").to_list())


def _table(frame: Any, key: Any) -> dict[Any, list[int]]:
    table: dict[Any, list[int]] = defaultdict(list)
    for number, value in enumerate(_derived(frame, key)):
        if value:
            table[value].append(number)
    return dict(table)


if __name__ == "__main__":
    answer(prepare)
