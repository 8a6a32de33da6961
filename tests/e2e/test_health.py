"""The health of each service is what its callers would meet, while servers go away and come back."""

from collections.abc import Iterator

import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from dedup_service.client import DedupClient
from tests.e2e.running_service import PROBER, RunningService, running_service
from tests.e2e.test_shutdown import wait_until

WHOLE, LIVENESS = "", "liveness"
MATCH, INTAKE = "dedup_service.v1.MatchService", "dedup_service.v1.IntakeService"
RECORD = "dedup_service.v1.RecordService"
ALL = {WHOLE, LIVENESS, MATCH, INTAKE, RECORD}


@pytest.fixture
def service() -> Iterator[RunningService]:
    with running_service() as running:
        yield running


def serving(service: RunningService) -> set[str]:
    """Which of them say SERVING now."""
    with DedupClient(service.address, principal=PROBER) as client:
        return {
            name
            for name in ALL
            if client.health.Check(HealthCheckRequest(service=name)).status == HealthCheckResponse.SERVING
        }


def test_health_follows_the_servers(service: RunningService) -> None:
    """Without the index matches are NOT_SERVING, without PostgreSQL all but the liveness; both come back."""
    assert serving(service) == ALL
    service.kill_valkey()
    wait_until(lambda: serving(service) == ALL - {MATCH, INTAKE})
    service.bring_back_valkey()
    wait_until(lambda: serving(service) == ALL)
    service.kill_postgres()
    wait_until(lambda: serving(service) == {LIVENESS})
    service.bring_back_postgres()
    wait_until(lambda: serving(service) == ALL)
    assert service.logged_incidents() == []
