"""Engines that are there, and those that are not."""

import socket
import stat
from pathlib import Path

import pytest

from dedup_service.cleanup import EngineError, Workspace, WorkspaceError, open_engine


def test_the_embedded_engine_starts_and_stops(workspace: Workspace) -> None:
    """It answers a query, and spills into the workspace alone."""
    with open_engine(memory_mib=256, workspace=workspace) as engine:
        assert engine.embedded
        assert engine.session.range(5).count() == 5


def test_two_engines_may_run_one_after_another(workspace: Workspace) -> None:
    """Stopping one leaves nothing that keeps the next from starting."""
    for count in (3, 4):
        with open_engine(memory_mib=256, workspace=workspace) as engine:
            assert engine.session.range(count).count() == count


@pytest.mark.parametrize("url", ["localhost:15002", "http://localhost:15002", "sc://", "spark"])
def test_what_is_no_address_is_said_to_be_none(url: str, workspace: Workspace) -> None:
    """The form of an address is told."""
    with (
        pytest.raises(EngineError, match="sc://host:port"),
        open_engine(url, memory_mib=256, workspace=workspace),
    ):
        pass


def test_an_engine_that_is_away_is_told_at_once(workspace: Workspace) -> None:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        pytest.raises(EngineError, match="does not answer"),
        open_engine(f"sc://127.0.0.1:{port}", memory_mib=256, workspace=workspace),
    ):
        pass


def test_too_little_memory_is_refused(workspace: Workspace) -> None:
    """The least is told."""
    with pytest.raises(EngineError, match="256 MiB"), open_engine(memory_mib=10, workspace=workspace):
        pass


def test_a_workspace_is_its_owners_alone(tmp_path: Path) -> None:
    """Also where the folder was there before, open to all."""
    path = tmp_path / "open"
    path.mkdir(mode=0o777)
    workspace = Workspace(path)
    assert stat.S_IMODE(workspace.path.stat().st_mode) == 0o700


def test_a_workspace_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file is no folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be used"):
        Workspace(tmp_path / "file" / "folder")


def test_a_stage_counts_only_with_its_marker(workspace: Workspace) -> None:
    """What was begun and not finished is not there, nor what was made from something else."""
    workspace.begin("prepared")
    assert workspace.finished("prepared", "a") is None
    workspace.finish("prepared", "a", {"records": 3})
    assert workspace.finished("prepared", "a") == {"records": 3}
    assert workspace.finished("prepared", "b") is None


def test_beginning_a_stage_throws_away_what_was_made_from_it(workspace: Workspace) -> None:
    """Later stages go with it, earlier ones stay."""
    for name in ("prepared", "pairs", "scored"):
        workspace.begin(name)
        workspace.finish(name, "a", {})
    workspace.begin("pairs")
    assert workspace.finished("prepared", "a") == {}
    assert workspace.finished("scored", "a") is None


def test_removing_a_workspace_leaves_nothing(workspace: Workspace) -> None:
    """Removed twice is removed once."""
    workspace.begin("prepared")
    workspace.remove()
    workspace.remove()
    assert not workspace.path.exists()
