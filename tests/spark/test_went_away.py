"""A Spark that is away, or goes away: it is said what to do, and the run goes on when it is back."""

import time
from pathlib import Path

import pytest

from dedup_service.cleanup import EngineError, Phase, Progress, RawRows, Workspace, open_engine
from tests.spark.conftest import OPTIONS
from tests.spark.outcomes import Outcome, outcome
from tests.spark.spark_server import SparkServer
from tests.spark.spark_sessions import SparkSessions

pytestmark = [
    pytest.mark.spark,
    # What the client says beside the error that it raises.
    pytest.mark.filterwarnings(r"ignore:\[RETRIES_EXCEEDED\]"),
]
# The client asks again for half a minute, in case the network was away and not Spark.
_MOST_SECONDS = 90.0


def test_a_run_goes_on_when_spark_is_back(
    sessions: SparkSessions,
    server: SparkServer,
    mixed_file: RawRows,
    up_to_score: Workspace,
    found_here: Outcome,
) -> None:
    """It goes away in SCORE: told in time and with advice; what was finished stays, and is not done again."""
    killed_time: list[float] = []

    def kill_in_score(progress: Progress) -> None:
        if progress.phase is Phase.SCORE and not killed_time:
            server.kill()
            killed_time.append(time.monotonic())

    with pytest.raises(EngineError, match="went away; bring it back"):
        outcome(sessions.engine(), mixed_file, up_to_score, OPTIONS, kill_in_score)
    assert time.monotonic() - killed_time[0] < _MOST_SECONDS
    assert not (up_to_score.stage("scored") / "finished.json").exists()

    phases: list[Phase] = []
    found = outcome(sessions.engine(), mixed_file, up_to_score, OPTIONS, lambda one: phases.append(one.phase))
    assert list(dict.fromkeys(phases)) == [Phase.SCORE, Phase.CLUSTER]
    found_here.assert_same(found)


def test_a_spark_that_is_away_is_told_at_once(server: SparkServer, tmp_path: Path) -> None:
    """Nobody waits for it."""
    server.kill()
    begin = time.monotonic()
    with (
        pytest.raises(EngineError, match=r"does not answer.*start it"),
        open_engine(server.url, memory_mib=512, workspace=Workspace(tmp_path)),
    ):
        pass
    assert time.monotonic() - begin < 5.0
