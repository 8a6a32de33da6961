"""The commands run in this process, against a desk that is served in a thread."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from dedup_service.cli.main import app
from dedup_service.client import DedupClient
from tests.cli.command_results import Run
from tests.served_desk import ServedDesk, served_desk


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[ServedDesk]:
    """A desk of this test's own."""
    with served_desk(database_url, redis_url) as served:
        yield served


@pytest.fixture
def dedup(desk: ServedDesk) -> Run:
    """Runs a command against the desk; `who` is the principal, `typed` what a person types into it."""

    def run(
        *arguments: str, who: str = "users/ann", code: int = 0, columns: int = 250, typed: str = ""
    ) -> Result:
        environment = {"DEDUP_ADDRESS": desk.address, "DEDUP_PRINCIPAL": who, "COLUMNS": str(columns)}
        result = CliRunner().invoke(app, list(arguments), env=environment, input=typed)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def client(desk: ServedDesk) -> Iterator[DedupClient]:
    """A client of the desk, to prepare it and to look behind the commands."""
    with DedupClient(desk.address, principal="services/importer", deadline_seconds=10) as connected:
        yield connected
