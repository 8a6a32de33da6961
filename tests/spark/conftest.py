"""One Spark for all tests, and what a first run on each engine found of the same records."""

import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from dedup_service.cleanup import Engine, FindOptions, RawRows, Workspace, open_engine
from tests.spark.java_release import java_problem
from tests.spark.outcomes import Outcome, outcome
from tests.spark.records import file_of, mixed_rows
from tests.spark.spark_server import SparkServer, discard, free_port
from tests.spark.spark_sessions import SparkSessions

OPTIONS = FindOptions()
_MEMORY_MIB = 512


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of Spark's log with a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, SparkServer):
        report.sections.append(("the end of Spark's log", server.last_lines()))
    return report


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Where all of it lies."""
    path = Path(tempfile.mkdtemp(prefix="dedup-spark-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[SparkServer]:
    """A Spark; a test that ended it leaves it ended."""
    if problem := java_problem():
        pytest.exit(problem, returncode=1)
    (folder / "spark").mkdir()
    found = SparkServer(folder / "spark", free_port())
    try:
        yield found
    finally:
        discard(found)


@pytest.fixture(scope="session")
def sessions(server: SparkServer, folder: Path) -> Iterator[SparkSessions]:
    """One session for as long as the Spark runs: with each new one, executors start Python anew."""
    with SparkSessions(server, Workspace(folder / "session")) as found:
        yield found


@pytest.fixture
def spark(sessions: SparkSessions) -> Engine:
    """A session with the Spark, which runs."""
    return sessions.engine()


@pytest.fixture(scope="session")
def embedded(folder: Path) -> Iterator[Engine]:
    """The engine in this process."""
    with open_engine(memory_mib=_MEMORY_MIB, workspace=Workspace(folder / "embedded")) as engine:
        yield engine


@pytest.fixture(scope="session")
def mixed_file(folder: Path) -> RawRows:
    """The records as a file."""
    return file_of(folder, mixed_rows())


@pytest.fixture(scope="session")
def trained_here(folder: Path) -> Workspace:
    """The workspace of the run in this process."""
    return Workspace(folder / "trained-here")


@pytest.fixture(scope="session")
def found_here(embedded: Engine, mixed_file: RawRows, trained_here: Workspace) -> Outcome:
    """What the engine in this process finds of the file, with training."""
    return outcome(embedded, mixed_file, trained_here, OPTIONS)


@pytest.fixture
def up_to_score(found_here: Outcome, trained_here: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the same records in which SCORE is next."""
    assert found_here.candidate_count
    for name in ("prepared", "pairs", "model"):
        shutil.copytree(trained_here.stage(name), tmp_path / "workspace" / name)
    return Workspace(tmp_path / "workspace")
