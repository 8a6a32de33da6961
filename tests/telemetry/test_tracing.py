"""Spans reach a collector as the standard variables say, and say nothing of anybody."""

import time
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from dedup_service.telemetry.recorder import CODES
from dedup_service.telemetry.recording import Metadata, Phase, Telemetry
from dedup_service.telemetry.running import running_telemetry
from tests.telemetry.collector import Collector, attributes, collector

SERVICE = "dedup_service.v1.MatchService"
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PRINCIPAL = ("dedup-principal", "users/ann")


@pytest.fixture
def receiving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment of this process names."""
    with collector() as receiving:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiving.endpoint)
        yield receiving


def environment(receiving: Collector, ratio: str = "1") -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": receiving.endpoint, "OTEL_TRACES_SAMPLER_ARG": ratio}


def match(telemetry: Telemetry, code: int = 0, metadata: Metadata = (PRINCIPAL,)) -> None:
    """A call of Match as the service records it."""
    call = telemetry.method(SERVICE, "Match").begin(lambda: metadata)
    meter = telemetry.match()
    meter.done(Phase.PREPARE)
    time.sleep(0.002)
    meter.indexed(41, ["HOT_KEY_TRUNCATED"])
    meter.done(Phase.SCORE)
    call.end(code)


async def test_a_call_is_a_span_with_its_phases(receiving: Collector) -> None:
    """The collector gets one span a call, and one below it for each phase, with their times and counts."""
    before_ns = time.time_ns()
    async with running_telemetry("", environment(receiving)) as running:
        match(running.telemetry)
    [call] = receiving.calls()
    assert receiving.paths == ["/v1/traces"]
    assert call.name == f"{SERVICE}/Match"
    assert attributes(list(call.attributes)) == {
        "rpc.system.name": "grpc",
        "rpc.method": f"{SERVICE}/Match",
        "rpc.response.status_code": "OK",
    }
    assert before_ns <= call.start_time_unix_nano < call.end_time_unix_nano <= time.time_ns()
    phases = receiving.phases(call)
    assert [phase.name for phase in phases] == ["prepare", "index", "score"]
    times_ns = [time_ns for p in phases for time_ns in (p.start_time_unix_nano, p.end_time_unix_nano)]
    assert times_ns == sorted(times_ns)
    assert call.start_time_unix_nano <= times_ns[0] < times_ns[-1] <= call.end_time_unix_nano
    assert phases[1].end_time_unix_nano - phases[1].start_time_unix_nano >= 2_000_000
    assert attributes(list(phases[1].attributes)) == {
        "dedup.match.candidates": 41,
        "dedup.match.truncated.keys": 1,
    }
    assert {span.trace_id for span in phases} == {call.trace_id}
    assert len(receiving.spans) == 4


async def test_the_sender_is_named(receiving: Collector) -> None:
    """Spans come from `dedup-service` of this version."""
    async with running_telemetry("", environment(receiving)) as running:
        match(running.telemetry)
    [request] = receiving.requests
    sender = attributes(list(request.resource_spans[0].resource.attributes))
    assert (sender["service.name"], sender["service.version"]) == ("dedup-service", version("dedup-service"))


async def test_the_environment_may_name_the_sender(
    receiving: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OTEL_SERVICE_NAME has the last word."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "crm-dedup")
    async with running_telemetry("", environment(receiving)) as running:
        match(running.telemetry)
    [request] = receiving.requests
    assert attributes(list(request.resource_spans[0].resource.attributes))["service.name"] == "crm-dedup"


async def test_a_caller_that_is_traced_gets_its_span(receiving: Collector) -> None:
    """A call within a sampled trace is part of it, whatever the ratio; one within another is left out."""
    sampled = (("traceparent", f"00-{TRACE_ID}-{SPAN_ID}-01"), PRINCIPAL)
    not_sampled = (("traceparent", f"00-{TRACE_ID}-{SPAN_ID}-00"), PRINCIPAL)
    async with running_telemetry("", environment(receiving, "0")) as running:
        match(running.telemetry)
        match(running.telemetry, metadata=not_sampled)
        match(running.telemetry, metadata=sampled)
    [call] = receiving.calls()
    assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)


async def test_a_caller_that_is_not_sampled_is_left_out(receiving: Collector) -> None:
    """A caller that has decided against a trace is not overruled by the ratio."""
    not_sampled = (("traceparent", f"00-{TRACE_ID}-{SPAN_ID}-00"),)
    async with running_telemetry("", environment(receiving, "1")) as running:
        match(running.telemetry, metadata=not_sampled)
    assert receiving.spans == []


@pytest.mark.parametrize("parent", ["", "nonsense", "00-zz-01", b"00-binary"])
async def test_a_parent_that_cannot_be_read_is_none(receiving: Collector, parent: str | bytes) -> None:
    """Whatever a caller writes there, its call has a trace of its own."""
    async with running_telemetry("", environment(receiving)) as running:
        match(running.telemetry, metadata=(("traceparent", parent),))
    [call] = receiving.calls()
    assert call.parent_span_id == b""


async def test_some_calls_are_traced(receiving: Collector) -> None:
    """With a ratio between, some calls have spans and others none."""
    async with running_telemetry("", environment(receiving, "0.5")) as running:
        for _ in range(200):
            running.telemetry.method(SERVICE, "Score").begin(lambda: ()).end(0)
    assert 0 < len(receiving.calls()) < 200


@pytest.mark.parametrize(
    ("code", "fault"), [("INVALID_ARGUMENT", False), ("UNAVAILABLE", True), ("INTERNAL", True)]
)
async def test_a_fault_of_the_service_is_an_error(receiving: Collector, code: str, fault: bool) -> None:
    """Spans of calls that the service failed are errors; those of calls that it refused are not."""
    async with running_telemetry("", environment(receiving)) as running:
        match(running.telemetry, CODES.index(code))
    [call] = receiving.calls()
    said = attributes(list(call.attributes))
    assert said["rpc.response.status_code"] == code
    assert said.get("error.type") == (code if fault else None)
    assert (call.status.code == Status.STATUS_CODE_ERROR) is fault


async def test_spans_do_not_say_who_calls(receiving: Collector) -> None:
    """The metadata of a call is in none of its spans, not even the principal."""
    async with running_telemetry("", environment(receiving)) as running:
        match(running.telemetry, metadata=(PRINCIPAL, ("user-agent", "quux-desk/1.0")))
    sent = b"".join(request.SerializeToString() for request in receiving.requests)
    assert len(receiving.spans) == 4
    assert b"users/ann" not in sent
    assert b"quux" not in sent


async def test_a_collector_that_is_away_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telemetry ends within moments although its last spans cannot be sent."""
    with collector() as gone:
        endpoint = gone.endpoint
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": "1"}
    async with running_telemetry("", environ) as running:
        match(running.telemetry)
        started = time.monotonic()
    assert time.monotonic() - started < 5
