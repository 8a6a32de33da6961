"""A row of the table: what a contestant took for a set and how right it was; kept until all are there."""

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.accuracy.measure import best_components, best_pairs, pairwise
from benchmarks.clean.contestants import ENVIRONMENT, Contestant, scored_pairs
from benchmarks.clean.process import Cost, NotFinishedError, measured
from benchmarks.clean.sets import KEPT, RecordSet
from scoring import Entity

_ROWS = KEPT / "rows"


class Row(msgspec.Struct, frozen=True):
    """Medians of so many runs; `f1` as it comes and `best_f1`, chosen by the truth, for each entity, 0 to 1.

    `failure` says why there are no figures. `load` is the highest load average that a run began at.
    """

    record_count: int
    contestant: str
    run_count: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: float = 0.0
    f1: dict[str, float] = {}
    best_f1: dict[str, float] = {}
    failure: str = ""
    load: float = 0.0
    time: str = ""


class Asked(msgspec.Struct, frozen=True):
    """How to measure: how often, the longest that one run may take, and the memory that ours may use."""

    run_count: int
    limit_seconds: float
    memory_mib: int


def measured_row(contestant: Contestant, one: RecordSet, asked: Asked) -> Row:
    """Run a contestant on a set so many times; a peer once more, not timed, for its best threshold."""
    costs, f1, loads = list[Cost](), dict[str, float](), list[float]()
    try:
        for _ in range(asked.run_count):
            with _output() as output:
                loads.append(os.getloadavg()[0])
                command = contestant.command(one, output, asked.memory_mib)
                costs.append(measured(command, output, asked.limit_seconds, ENVIRONMENT))
                if len(costs) == asked.run_count:
                    clusters = contestant.clusters(one, output)
                    f1 = {str(entity): pairwise(one.truth(entity), clusters[entity]).f1 for entity in Entity}
    except NotFinishedError as error:
        return Row(
            one.record_count, contestant.name, len(costs), failure=str(error), load=max(loads), time=_now()
        )
    best = _best_f1(contestant, one, asked) if contestant.is_peer else {}
    return Row(
        one.record_count,
        contestant.name,
        len(costs),
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu_seconds for cost in costs),
        statistics.median(cost.peak_bytes for cost in costs),
        f1,
        {entity: max(best[entity], f1[entity]) for entity in best},
        load=round(max(loads), 2),
        time=_now(),
    )


def keep(row: Row) -> None:
    """Keep a row until the table is written."""
    _ROWS.mkdir(parents=True, exist_ok=True)
    _place(row.record_count, row.contestant).write_bytes(msgspec.json.encode(row))


def kept_row(record_count: int, contestant: str) -> Row | None:
    """The row as it was measured last."""
    place = _place(record_count, contestant)
    return msgspec.json.decode(place.read_bytes(), type=Row) if place.is_file() else None


def _place(record_count: int, contestant: str) -> Path:
    return _ROWS / f"{record_count}-{contestant.replace(' ', '-')}.json"


def _best_f1(contestant: Contestant, one: RecordSet, asked: Asked) -> dict[str, float]:
    """The highest F1 over all thresholds, of its pairs or of their connected components; empty where it does
    not come to an end of writing all its pairs in four times the limit.
    """
    with _output() as output:
        command = [*contestant.command(one, output, asked.memory_mib), "--pairs"]
        try:
            measured(command, output, 4 * asked.limit_seconds, ENVIRONMENT)
        except NotFinishedError:
            return {}
        found = {}
        for entity in Entity:
            truth, pairs = one.truth(entity), scored_pairs(output, entity)
            found[str(entity)] = max(
                best_pairs(truth, pairs).figures.f1, best_components(truth, pairs).figures.f1
            )
        return found


@contextmanager
def _output() -> Iterator[Path]:
    """A folder for one run, on the disk that holds the sets: temporary folders may be in memory."""
    KEPT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=KEPT))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="minutes")
