"""One embedded engine a test process: it starts in a second."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dedup_service.cleanup import Engine, Workspace, open_engine


@pytest.fixture(scope="session")
def shared_engine() -> Iterator[Engine]:
    """The embedded engine with processes beside it."""
    with (
        tempfile.TemporaryDirectory(prefix="dedup-engine-") as folder,
        open_engine(memory_mib=512, workspace=Workspace(Path(folder))) as engine,
    ):
        yield replace(engine, processes=2)


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    """The embedded engine that does Python work where it calls: for small data, without starting
    processes.
    """
    return replace(shared_engine, processes=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace(tmp_path / "workspace")
