"""What recording costs, beside what the libraries would: `python -m tests.telemetry.cost` prints a table."""

import gc
import timeit
from collections.abc import Callable

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from dedup_service.telemetry import catalogue
from dedup_service.telemetry.endpoint import provider_of
from dedup_service.telemetry.instruments import NANOSECONDS, Distribution
from dedup_service.telemetry.recorder import CallTracer, Recorder
from dedup_service.telemetry.recording import MethodMeter, Phase, Telemetry
from dedup_service.telemetry.tracing import SpanMaker

BOUNDS = catalogue.CALL_DURATION.bounds
METADATA = (("dedup-principal", "users/ann"), ("user-agent", "grpc-python"))
_METHOD_COUNT = 48


def microseconds(work: Callable[[], object], repeats: int = 20_000) -> float:
    """The time of one call of `work`, the least of five rounds."""
    gc.collect()
    return min(timeit.repeat(work, number=repeats, repeat=5)) / repeats * 1e6


def match_microseconds(telemetry: Telemetry) -> float:
    """All that one Match records: the call, its five phases, its candidates."""
    meter = telemetry.method("dedup_service.v1.MatchService", "Match")
    return microseconds(lambda: one_match(telemetry, meter))


def one_match(telemetry: Telemetry, method: MethodMeter) -> None:
    call = method.begin(lambda: METADATA)
    match = telemetry.match()
    match.done(Phase.PREPARE)
    match.indexed(40, [])
    match.done(Phase.SCORE)
    match.done(Phase.READ)
    match.done(Phase.ANSWER)
    call.end(0)


def tracer(sampler: Sampler) -> CallTracer:
    """A tracer whose spans nobody sends."""
    return SpanMaker(TracerProvider(sampler=sampler, shutdown_on_exit=False))


def main() -> None:
    registry = CollectorRegistry()
    meter = MeterProvider([PrometheusMetricReader(registry=registry)]).get_meter("cost")
    library = meter.create_histogram("one", "s", explicit_bucket_boundaries_advisory=BOUNDS)
    child = Histogram("two", "beside", ["method"], buckets=BOUNDS, registry=registry).labels("Match")
    ours = Distribution(BOUNDS, NANOSECONDS)
    labels = {"method": "Match"}
    rows = [
        ("one observation, OpenTelemetry", microseconds(lambda: library.record(0.0012, labels))),
        ("one observation, prometheus_client, bound", microseconds(lambda: child.observe(0.0012))),
        ("one observation, ours", microseconds(lambda: ours.add(1_200_000))),
        ("a Match, telemetry off", match_microseconds(Telemetry())),
        ("a Match, metrics", match_microseconds(Recorder())),
        ("a Match, metrics, its trace not sampled", match_microseconds(Recorder(tracer(ALWAYS_OFF)))),
        ("a Match, metrics, its trace sampled", match_microseconds(Recorder(tracer(ALWAYS_ON)))),
    ]
    for name, cost in rows:
        print(f"{name:45} {cost:8.2f} us")  # noqa: T201  # the table is what it is run for
    recorder = Recorder()
    for number in range(_METHOD_COUNT):
        recorder.method("dedup_service.v1.MatchService", f"Method{number}").begin(lambda: METADATA).end(0)
    scraped = CollectorRegistry()
    provider_of(recorder, Resource.create(), scraped)
    scrape = microseconds(lambda: generate_latest(scraped), 20)
    size = len(generate_latest(scraped))
    print(f"a scrape, all {_METHOD_COUNT} methods called: {scrape / 1000:.1f} ms, {size / 1024:.0f} KiB")  # noqa: T201  # as above


if __name__ == "__main__":
    main()
