"""What a peer is asked and what it answers; it runs where the project may not be installed.

The records are those of benchmarks.accuracy, cleaned in the same way: the residents first, then the queries.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.accuracy.peers.exchange import Task, read_task

# A peer is asked until it has answered so many, or has taken so long and answered a few.
MOST_QUERIES = 500
LEAST_QUERIES = 5
MOST_SECONDS = 60.0

# One record as a peer reads it: values by field, None where there is none.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """The residents, whose `record_id` is their number, and the queries to ask one by one."""

    task: Task
    residents: pd.DataFrame
    queries: list[Row]
    unasked: list[Row]


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The records of a frame, in its order."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def asked_count(query_count: int) -> int:
    """How many of the queries are asked, from the first on; the rest may teach."""
    return min(MOST_QUERIES, query_count // 2)


def answer(prepared: Callable[[Question], Callable[[Row], list[int]]]) -> None:
    """Let a peer prepare, then time it query by query: FOLDER PERSON RESIDENTS on the command line."""
    task = read_task()
    resident_count = int(sys.argv[3])
    rows = rows_of(task.records.iloc[resident_count:])
    asked = asked_count(len(rows))
    question = Question(task, task.records.iloc[:resident_count], rows[:asked], rows[asked:])
    started = time.perf_counter()
    find = prepared(question)
    ready = time.perf_counter()
    latencies_ms: list[float] = []
    found: list[list[int]] = []
    for query in question.queries:
        before = time.perf_counter()
        found.append(find(query))
        latencies_ms.append((time.perf_counter() - before) * 1000)
        if len(found) >= LEAST_QUERIES and before - ready > MOST_SECONDS:
            break
    (task.folder / "answers.json").write_text(
        json.dumps({"setup_seconds": ready - started, "latencies_ms": latencies_ms, "found": found})
    )
