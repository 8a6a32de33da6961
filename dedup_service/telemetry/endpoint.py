"""The Prometheus endpoint: what the recorder keeps, as OpenTelemetry's exporter writes it, over HTTP.

Counters and gauges are observable instruments.
OpenTelemetry has no observable histogram: ours are appended to each collection as its data points.
The endpoint answers any caller and any path with the metrics of its own process, in a thread of its own.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIServer

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from dedup_service.telemetry import catalogue
from dedup_service.telemetry.instruments import Distribution
from dedup_service.telemetry.recorder import CODES, Recorder
from dedup_service.telemetry.recording import Phase

SCOPE = "dedup_service"

Spreads = Iterator[tuple[dict[str, str], Distribution]]
Numbers = Iterator[Observation]


class MetricsEndpoint:
    """Serves until it is stopped; `port` is the one it listens on."""

    def __init__(self, recorder: Recorder, resource: Resource, host: str, port: int) -> None:
        """Listen; raises OSError when the address cannot be listened on."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._provider = provider_of(recorder, resource, registry)
        self._server: WSGIServer
        self._thread: threading.Thread
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError:
            self._provider.shutdown()
            raise
        self.port = self._server.server_port

    def stop(self) -> None:
        """Stop listening; takes up to half a second."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._provider.shutdown()


def provider_of(recorder: Recorder, resource: Resource, registry: CollectorRegistry) -> MeterProvider:
    """Let the registry give all metrics of a recorder, until the provider is shut down."""
    provider = MeterProvider([_Reader(recorder, registry)], resource, shutdown_on_exit=False)
    meter = provider.get_meter(SCOPE)
    for metric, read in _numbers(recorder).items():
        create: Callable[..., object] = (
            meter.create_observable_counter
            if metric.kind is catalogue.Kind.COUNTER
            else meter.create_observable_gauge
        )
        create(metric.name, [_callback(read)], metric.unit, metric.meaning)
    return provider


class _Reader(PrometheusMetricReader):
    """The exporter's reader, with the distributions of the recorder in each collection."""

    def __init__(self, recorder: Recorder, registry: CollectorRegistry) -> None:
        super().__init__(scope_info_enabled=False, registry=registry)
        self._distributions = _distributions(recorder)
        self._started_unix_ns = time.time_ns()

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> None:
        histograms = [self._histogram(metric, read()) for metric, read in self._distributions.items()]
        resource = metrics_data.resource_metrics[0].resource
        scope = ScopeMetrics(InstrumentationScope(SCOPE), histograms, "")
        ours = ResourceMetrics(resource, [scope], "")
        both = MetricsData([*metrics_data.resource_metrics, ours])
        super()._receive_metrics(both, timeout_millis, **kwargs)

    def _histogram(self, metric: catalogue.Metric, spreads: Spreads) -> Metric:
        now_unix_ns = time.time_ns()
        points = []
        for labels, distribution in spreads:
            spread = distribution.read()
            points.append(
                HistogramDataPoint(
                    attributes=labels,
                    start_time_unix_nano=self._started_unix_ns,
                    time_unix_nano=now_unix_ns,
                    count=sum(spread.counts),
                    sum=spread.sum,
                    bucket_counts=spread.counts,
                    explicit_bounds=metric.bounds,
                    # Nobody keeps the extremes, and Prometheus has no place for them.
                    min=float("nan"),
                    max=float("nan"),
                )
            )
        return Metric(
            metric.name, metric.meaning, metric.unit, Histogram(points, AggregationTemporality.CUMULATIVE)
        )


def _callback(read: Callable[[], Numbers]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: read()


def _numbers(recorder: Recorder) -> dict[catalogue.Metric, Callable[[], Numbers]]:
    """How to read each counter and gauge."""
    index, matches = recorder.index, recorder.matches

    def calls() -> Numbers:
        for each in recorder.methods:
            for code, count in enumerate(each.codes):
                # Every method has its OK from the start, so that a rate sees the first call.
                if count or code == 0:
                    yield Observation(
                        count, {"method": _name(each.service, each.method), "code": CODES[code]}
                    )

    def refused() -> Numbers:
        return (Observation(count, {"class": room}) for room, count in [*recorder.refused_counts.items()])

    def incomplete() -> Numbers:
        return (Observation(count, {"reason": reason}) for reason, count in matches.incomplete.items())

    def rebuilds() -> Numbers:
        yield Observation(index.published_count, {"outcome": "published"})
        yield Observation(index.failed_count, {"outcome": "failed"})

    def connections() -> Numbers:
        for pool in recorder.pools():
            yield Observation(pool.used_count, {"pool": pool.name, "state": "used"})
            yield Observation(pool.idle_count, {"pool": pool.name, "state": "idle"})

    return {
        catalogue.CALLS: calls,
        catalogue.CALLS_REFUSED: refused,
        catalogue.CALLS_RUNNING: lambda: _one(sum(each.running for each in recorder.methods)),
        catalogue.TRUNCATED_KEYS: lambda: _one(matches.truncated_count),
        catalogue.INCOMPLETE_ANSWERS: incomplete,
        catalogue.INDEX_LAG_REVISIONS: lambda: _one(index.lag_revisions),
        catalogue.INDEX_LAG_TIME: lambda: _one(index.lag_seconds),
        catalogue.INDEX_RECORDS: lambda: _one(index.record_count),
        catalogue.INDEX_KEYS: lambda: _one(index.key_count),
        catalogue.REBUILD_RUNNING: lambda: _one(int(index.rebuilding)),
        catalogue.REBUILD_DONE: lambda: _one(index.rebuild_done),
        catalogue.REBUILD_EXPECTED: lambda: _one(index.rebuild_expected),
        catalogue.REBUILDS: rebuilds,
        catalogue.POSTGRES_CONNECTIONS: connections,
        catalogue.POSTGRES_WAITING: lambda: (
            Observation(pool.waiting_count, {"pool": pool.name}) for pool in recorder.pools()
        ),
    }


def _distributions(recorder: Recorder) -> dict[catalogue.Metric, Callable[[], Spreads]]:
    """How to read each histogram; a method's begins with its first call, there being so many methods."""
    matches = recorder.matches
    return {
        catalogue.CALL_DURATION: lambda: (
            ({"method": _name(each.service, each.method)}, each.duration)
            for each in recorder.methods
            if any(each.codes)
        ),
        catalogue.MATCH_PHASE_DURATION: lambda: (
            ({"phase": phase.name.lower()}, matches.phases[phase]) for phase in Phase
        ),
        catalogue.MATCH_CANDIDATES: lambda: iter([({}, matches.candidates)]),
    }


def _one(value: float) -> Numbers:
    yield Observation(value)


def _name(service: str, method: str) -> str:
    """The method as a label: ``MatchService/Match``."""
    return f"{service.rpartition('.')[2]}/{method}"
