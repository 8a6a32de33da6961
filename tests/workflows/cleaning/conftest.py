"""A desk with cleanup jobs for each test."""

from pathlib import Path

import pytest

from tests.merge_desk import Office
from tests.workflows.cleaning.clean_desk import CleanDesk
from tests.workflows.conftest import office

__all__ = ["office"]


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> CleanDesk:
    """The office, and an empty folder for its workers."""
    return CleanDesk(office, tmp_path / "cleanup")
