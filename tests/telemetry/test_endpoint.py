"""The endpoint gives what was recorded, as Prometheus reads it."""

import asyncio
import os
import socket

import pytest

from dedup_service.telemetry import catalogue
from dedup_service.telemetry.catalogue import METRICS, Kind
from dedup_service.telemetry.recording import Phase, PoolState, Telemetry
from dedup_service.telemetry.running import TelemetryError, address_of_worker, running_telemetry
from tests.telemetry.scraping import Scrape, scraped

LOCAL = "127.0.0.1:0"
SERVICE = "dedup_service.v1.MatchService"
MATCH = "MatchService/Match"
# What the exporter and the process add of themselves.
NOT_OURS = ("process_", "target_info", "target")


def record_something(telemetry: Telemetry) -> None:
    """One of everything."""
    call = telemetry.method(SERVICE, "Match").begin(lambda: ())
    match = telemetry.match()
    match.done(Phase.PREPARE)
    match.indexed(41, ["HOT_KEY_TRUNCATED"])
    for phase in (Phase.SCORE, Phase.READ, Phase.ANSWER):
        match.done(phase)
    call.end(0)
    telemetry.index.head(12)
    telemetry.index.applied(9)
    telemetry.index.checked(100, 700, rebuilding=False)
    telemetry.index.rebuild_begun(50)
    telemetry.index.rebuild_loaded(20)
    telemetry.refused("MATCH")
    telemetry.watch_pools(lambda: [PoolState("read", 2, 3, 1)])


async def scrape_of_something() -> Scrape:
    async with running_telemetry(LOCAL, {}) as running:
        record_something(running.telemetry)
        return await scraped(running.metrics_address)


async def test_everything_recorded_is_served() -> None:
    """Numbers arrive as they were recorded."""
    scrape = await scrape_of_something()
    assert scrape.value("dedup_calls_total", method=MATCH, code="OK") == 1
    assert scrape.value("dedup_calls_refused_total", **{"class": "MATCH"}) == 1
    assert scrape.value("dedup_calls_running") == 0
    assert scrape.value("dedup_call_duration_seconds_count", method=MATCH) == 1
    assert scrape.value("dedup_match_candidates_sum") == 41
    assert scrape.value("dedup_match_truncated_keys_total") == 1
    assert scrape.value("dedup_match_incomplete_answers_total", reason="HOT_KEY_TRUNCATED") == 1
    assert scrape.value("dedup_match_incomplete_answers_total", reason="INDEX_BEHIND") == 0
    assert scrape.value("dedup_index_lag_revisions") == 3
    assert 0 < scrape.value("dedup_index_lag_time_seconds") < 10
    assert scrape.value("dedup_index_records") == 100
    assert scrape.value("dedup_index_keys") == 700
    assert scrape.value("dedup_index_rebuild_running") == 1
    assert scrape.value("dedup_index_rebuild_done_records") == 20
    assert scrape.value("dedup_index_rebuild_expected_records") == 50
    assert scrape.value("dedup_index_rebuilds_total", outcome="published") == 0
    assert scrape.value("dedup_postgres_connections", pool="read", state="used") == 2
    assert scrape.value("dedup_postgres_connections", pool="read", state="idle") == 3
    assert scrape.value("dedup_postgres_waiting_requests", pool="read") == 1
    for phase in Phase:
        assert scrape.value("dedup_match_phase_duration_seconds_count", phase=phase.name.lower()) == 1


async def test_the_catalogue_is_what_is_served() -> None:
    """Each metric of the catalogue is served under its name, kind and labels, and no other is."""
    scrape = await scrape_of_something()
    ours = {name: kind for name, kind in scrape.kinds.items() if not name.startswith(NOT_OURS)}
    assert ours == {each.prometheus_name: str(each.kind) for each in METRICS}
    for each in METRICS:
        bound = {"le"} if each.kind is Kind.HISTOGRAM else set()
        assert scrape.labels(each.prometheus_name) - bound == set(each.labels), each.name


async def test_buckets_are_cumulative_and_those_of_the_catalogue() -> None:
    """A histogram's buckets have the bounds of the catalogue, and each holds those before it."""
    scrape = await scrape_of_something()
    buckets = {
        labels[0][1]: value for labels, value in scrape.series["dedup_match_candidates_bucket"].items()
    }
    bounds = [float(bound) for bound in buckets]
    assert bounds == [*catalogue.MATCH_CANDIDATES.bounds, float("inf")]
    assert [value for bound, value in buckets.items() if float(bound) < 41] == [0.0] * 6
    assert {value for bound, value in buckets.items() if float(bound) > 41} == {1.0}


async def test_later_scrapes_see_what_came_meanwhile() -> None:
    """Numbers go on from scrape to scrape, each series once."""
    async with running_telemetry(LOCAL, {}) as running:
        method = running.telemetry.method(SERVICE, "Match")
        counts = []
        for _ in range(3):
            method.begin(lambda: ()).end(0)
            scrape = await scraped(running.metrics_address)
            counts.append(scrape.value("dedup_call_duration_seconds_count", method=MATCH))
            lines = [line for line in scrape.text.splitlines() if not line.startswith("#")]
            assert len({line.rpartition(" ")[0] for line in lines}) == len(lines)
    assert counts == [1, 2, 3]


async def test_the_process_is_served_too() -> None:
    """Processor time and memory of this process are there under the names that all processes have."""
    async with running_telemetry(LOCAL, {}) as running:
        scrape = await scraped(running.metrics_address)
    assert scrape.value("process_cpu_seconds_total") > 0
    assert scrape.value("process_resident_memory_bytes") > 1_000_000


async def test_each_worker_has_a_port() -> None:
    """Worker N is served at the port plus N, with numbers of its own; no port and no address stay so."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        first = free.getsockname()[1]
    addresses = [address_of_worker(f"127.0.0.1:{first}", number) for number in (0, 1)]
    async with running_telemetry(addresses[0], {}) as one, running_telemetry(addresses[1], {}) as two:
        assert one.metrics_address == f"127.0.0.1:{first}"
        assert two.metrics_address == f"127.0.0.1:{first + 1}"
        two.telemetry.method(SERVICE, "Match").begin(lambda: ()).end(0)
        scrapes = await asyncio.gather(scraped(one.metrics_address), scraped(two.metrics_address))
    counted = [sum(scrape.series.get("dedup_calls_total", {}).values()) for scrape in scrapes]
    assert counted == [0, 1]
    assert [address_of_worker(listen, 5) for listen in ("127.0.0.1:0", "")] == ["127.0.0.1:0", ""]


async def test_a_port_that_is_taken_says_so() -> None:
    """The start ends with the address and the setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TelemetryError, match=rf"{address}.*DEDUP_METRICS_LISTEN"):
            async with running_telemetry(address, {}):
                pass


async def test_the_port_is_free_after_the_end() -> None:
    """Nothing listens any more once telemetry has ended."""
    async with running_telemetry(LOCAL, {}) as running:
        host, _, port = running.metrics_address.rpartition(":")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))


async def test_nothing_is_served_unless_asked_for() -> None:
    """Without an address and without an endpoint for traces nothing is recorded at all."""
    async with running_telemetry("", {"PATH": os.environ["PATH"]}) as running:
        assert type(running.telemetry) is Telemetry
        assert not running.metrics_address
        record_something(running.telemetry)
