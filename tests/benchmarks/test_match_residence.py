"""What is kept of a residence between runs, and what is not."""

from pathlib import Path

import pytest

from benchmarks.match import residence as module
from benchmarks.match.residence import Ingested, residence

RESIDENTS = 200


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "KEPT", tmp_path / "kept")
    return tmp_path / "kept"


@pytest.mark.usefixtures("kept")
def test_a_residence_is_found_again_with_what_it_took() -> None:
    """The second run knows that the residents are in, and how fast that was."""
    assert residence(RESIDENTS).ingested is None
    residence(RESIDENTS).keep(Ingested(4000.0, 3900.0))
    assert residence(RESIDENTS).ingested == Ingested(4000.0, 3900.0)


def test_a_residence_of_an_older_generator_is_removed(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It depends on the files that made it; only its own predecessors go."""
    older, other = residence(RESIDENTS), residence(RESIDENTS, "hot")
    monkeypatch.setattr(module, "_DEPENDS_ON", ("Makefile",))
    newer = residence(RESIDENTS)
    assert newer.folder != older.folder
    assert not older.folder.exists()
    assert other.folder.exists()
    assert newer.folder.parent == kept


@pytest.mark.usefixtures("kept")
def test_a_try_does_not_share_its_data_with_a_whole_run() -> None:
    """The number of residents is part of the place."""
    assert residence(RESIDENTS).folder != residence(RESIDENTS + 50).folder
