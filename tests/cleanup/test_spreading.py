"""Work in processes beside this one."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pyarrow as pa
import pytest

from dedup_service.cleanup import EngineError, Stopped
from dedup_service.cleanup.spreading import Meter, spread


@dataclass(frozen=True)
class Doubling:
    """Doubles a column; fails on a number, or kills its process on another."""

    fails_on: int = -1
    dies_on: int = -1

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The doubled rows."""
        numbers = rows.column("n").to_pylist()
        if self.fails_on in numbers:
            raise ValueError(f"secret {numbers}")
        if self.dies_on in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        return pa.table({"n": [2 * number for number in numbers]})


@dataclass(frozen=True)
class Made:
    """Makes the work; can be pickled."""

    work: Doubling

    def __call__(self) -> Doubling:
        """The work."""
        return self.work


def batches(count: int) -> Iterator[pa.RecordBatch]:
    """So many rows, ten a batch."""
    for start in range(0, count, 10):
        yield pa.RecordBatch.from_pydict({"n": list(range(start, min(count, start + 10)))})


def doubled(work: Doubling, processes: int, meter: Meter, count: int = 500) -> list[int]:
    """What comes out for the first numbers."""
    with spread(Made(work), 25, name="doubling", processes=processes, meter=meter) as function:
        return [number for batch in function(batches(count)) for number in batch.column(0).to_pylist()]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_answers_come_in_order_and_are_counted(processes: int) -> None:
    """However many processes do it."""
    meter = Meter()
    assert doubled(Doubling(), processes, meter) == [2 * number for number in range(500)]
    assert meter.done == 500


def test_no_process_is_left() -> None:
    """Neither after work that was done nor after work that failed."""
    before = set(psutil.Process().children())
    doubled(Doubling(), 2, Meter())
    with pytest.raises(EngineError):
        doubled(Doubling(fails_on=40), 2, Meter())
    assert set(psutil.Process().children()) <= before


def test_a_failure_tells_where_and_no_value() -> None:
    """The text of the error stays in the process: it may hold what a record holds."""
    with pytest.raises(EngineError, match="ValueError at ") as told:
        doubled(Doubling(fails_on=40), 2, Meter())
    assert "secret" not in str(told.value)


def test_a_process_that_is_killed_is_told() -> None:
    """Nothing hangs."""
    with pytest.raises(EngineError, match="ended"):
        doubled(Doubling(dies_on=120), 2, Meter())


@pytest.mark.parametrize("processes", [1, 2])
def test_work_stops_when_it_is_asked_to(processes: int) -> None:
    """At the next table."""
    meter = Meter(is_stopped=True)
    with pytest.raises(Stopped):
        doubled(Doubling(), processes, meter)
