"""An executor that is killed costs time, and nothing else."""

from dataclasses import dataclass, field

import psutil
import pytest

from dedup_service.cleanup import Engine, Phase, Progress, RawRows, Workspace
from tests.spark.conftest import OPTIONS
from tests.spark.outcomes import Outcome, outcome
from tests.spark.spark_server import SparkServer

pytestmark = pytest.mark.spark
# So much processor time of the Python workers of an executor says that it is weighing pairs.
_WORKING_SECONDS = 0.3


@dataclass(slots=True)
class Killer:
    """Kills one executor once its Python workers work on SCORE."""

    server: SparkServer
    killed: psutil.Process | None = None
    told_after: list[Phase] = field(default_factory=list)
    _at_begin: dict[int, float] = field(default_factory=dict)

    def tell(self, progress: Progress) -> None:
        """Called with the progress of the run."""
        if self.killed is not None:
            self.told_after.append(progress.phase)
        elif progress.phase is Phase.SCORE:
            for executor in self.server.executors():
                seconds = python_seconds(executor)
                if seconds - self._at_begin.setdefault(executor.pid, seconds) > _WORKING_SECONDS:
                    executor.kill()
                    self.killed = executor
                    break


def python_seconds(executor: psutil.Process) -> float:
    """Processor time of all Python workers of an executor."""
    times = (one.cpu_times() for one in executor.children(recursive=True))
    return sum(one.user + one.system for one in times)


def test_a_killed_executor_changes_nothing(
    spark: Engine,
    server: SparkServer,
    mixed_file: RawRows,
    up_to_score: Workspace,
    found_here: Outcome,
) -> None:
    """Killed while it weighs pairs: the outcome is that of a run in which nothing happened."""
    killer = Killer(server)
    found = outcome(spark, mixed_file, up_to_score, OPTIONS, killer.tell)
    assert killer.killed is not None
    assert Phase.SCORE in killer.told_after
    found_here.assert_same(found)
