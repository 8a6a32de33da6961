"""A run on Spark that is asked to stop."""

import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup_service.cleanup import Engine, Phase, Progress, RawRows, Stopped, Workspace, find_duplicates
from tests.spark.conftest import OPTIONS

pytestmark = pytest.mark.spark
_MOST_SECONDS = 10.0
_UNDER_WAY_SECONDS = 3.0
# Pairs for a minute and more; one file for each executor.
_RECORDS, _FILES = 3500, 2


def give_much_to_weigh(workspace: Workspace) -> None:
    """All pairs of thousands of people, in place of the candidate pairs."""
    numbers = pq.read_table(workspace.stage("prepared") / "records", columns=["number"])["number"].to_numpy()
    people = np.sort(numbers[numbers & 1 == 0])[:_RECORDS]
    first, second = np.triu_indices(len(people), 1)
    candidates = workspace.stage("pairs") / "candidates"
    for path in candidates.iterdir():
        path.unlink()
    for at in range(_FILES):
        columns = [pa.array(people[one[at::_FILES]]) for one in (first, second)]
        pq.write_table(pa.table(columns, names=["left", "right"]), candidates / f"part-{at}.parquet")


def test_a_run_stops_in_score(spark: Engine, mixed_file: RawRows, up_to_score: Workspace) -> None:
    """Within seconds, though it has long to go; what was finished stays, and the session is good for more."""
    give_much_to_weigh(up_to_score)
    begun_time: list[float] = []
    asked_time: list[float] = []

    def note(progress: Progress) -> None:
        if progress.phase is Phase.SCORE and not begun_time:
            begun_time.append(time.monotonic())

    def should_stop() -> bool:
        if begun_time and time.monotonic() - begun_time[0] > _UNDER_WAY_SECONDS and not asked_time:
            asked_time.append(time.monotonic())
        return bool(asked_time)

    with pytest.raises(Stopped):
        find_duplicates(spark, mixed_file, up_to_score, OPTIONS, on_progress=note, should_stop=should_stop)
    assert time.monotonic() - asked_time[0] < _MOST_SECONDS
    finished = {one.parent.name for one in up_to_score.path.glob("*/finished.json")}
    assert finished == {"prepared", "pairs", "model"}
    assert spark.session.range(5).count() == 5
