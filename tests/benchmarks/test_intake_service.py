"""The benchmark's parts against a real service: what is handed in is routed, and told as it was."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest

from benchmarks.intake import importing, routing
from benchmarks.intake.population import Population, drawn
from benchmarks.match.residence import Service, ingest, served
from benchmarks.report import Figure
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.v1.intake_service_pb2 import ListIntakesRequest, RouteRequest

pytestmark = pytest.mark.proof

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@cache
def population() -> Population:
    return drawn(600, 100, 60, NOW)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data_dir = tmp_path_factory.mktemp("intake") / "data"
    data_dir.mkdir(mode=0o711)
    with served(data_dir, workers=1) as running:
        ingest(running, map(draft_message, population().residents))
        yield running


def values(figures: list[Figure]) -> dict[str, float]:
    return {figure.name.partition(": ")[2]: figure.value for figure in figures}


def intake_count(service: Service) -> int:
    with service.client() as client:
        return len(client.intake.ListIntakes(ListIntakesRequest(page_size=1000)).intakes)


def test_a_preview_is_answered_and_writes_nothing(service: Service) -> None:
    """Every call of the round, most of those who are stored found, and no intake kept."""
    before = intake_count(service)
    found = values(
        routing.measure(service, [population().forms[:30]], population().entities, validate_only=True)
    )
    assert found["not answered"] == 0
    assert found["of those who are stored, updated or proposed"] > 50
    assert intake_count(service) == before


def test_a_round_routes_each_record_once(service: Service) -> None:
    """Over gRPC by the open load, with shares that sum up; the second of two rounds counts too."""
    rounds = [population().forms[30:60], population().forms[60:]]
    before = intake_count(service)
    found = values(routing.measure(service, rounds, population().entities, validate_only=False))
    assert found["not answered"] == 0
    assert found["p99"] >= found["p50"] > 0
    assert sum(found[name] for name in ("INSERT", "UPDATE", "INSERT_WITH_PROPOSAL")) == pytest.approx(100)
    assert intake_count(service) == before + 70


def test_an_import_routes_a_list_over_two_streams(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """More batches than are under way at a time; each is judged beside the lead that it is of."""
    monkeypatch.setattr(importing, "BATCH", 10)
    before = intake_count(service)
    found = values(importing.measure(service, population().leads, population().entities, streams=2))
    assert found["leads"] == 60
    assert found["refused"] == 0
    assert found["of those who are stored, updated or proposed"] > 50
    assert intake_count(service) == before + 60


def test_a_call_leaves_the_kind_to_intake() -> None:
    """A form does not know it; one that writes can be sent again, a preview needs no id."""
    one = population().forms[0]
    writing = RouteRequest.FromString(routing.request_of(one))
    preview = RouteRequest.FromString(routing.request_of(one, validate_only=True))
    assert not writing.record.kind
    assert writing.record.values == one.draft.values
    assert writing.request_id
    assert preview.validate_only
    assert not preview.request_id
