"""Telemetry from the start of a process to its end: what is on, and the doors through which it leaves.

OpenTelemetry is imported only when something is on; without the extra `telemetry` all of it is off.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from dedup_service.telemetry.recorder import Recorder
from dedup_service.telemetry.recording import Telemetry

LOG = logging.getLogger(__name__)

# A call with its spans costs some 140 microseconds more, one in a hundred little more than one.
DEFAULT_RATIO = 0.01
FLUSH_SECONDS = 2.0
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"


class TelemetryError(Exception):
    """Telemetry cannot be given as it was asked for; says why and what to do."""


@dataclass(frozen=True, slots=True)
class RunningTelemetry:
    """What to record with, and where metrics are served, as HOST:PORT; empty when they are not."""

    telemetry: Telemetry
    metrics_address: str = ""


@asynccontextmanager
async def running_telemetry(
    metrics_listen: str, environ: Mapping[str, str]
) -> AsyncIterator[RunningTelemetry]:
    """Serve metrics at HOST:PORT, none when that is empty, and export traces when OTEL_ variables say where.

    With port 0 it is any free one.
    `environ` is the environment of the process, which the exporter of traces reads by itself.

    Raises:
        TelemetryError: the address cannot be listened on, a variable cannot be followed, or metrics are
            wanted without the extra `telemetry`.
    """
    traced = wants_traces(environ)
    if metrics_listen and _disabled(environ):
        LOG.warning("no metrics are served: OTEL_SDK_DISABLED is true")
        metrics_listen = ""
    async with AsyncExitStack() as stack:
        running = RunningTelemetry(Telemetry())
        if metrics_listen or traced:
            try:
                running = await _started(stack, metrics_listen, environ, traced=traced)
            except ImportError as error:
                missing = 'the extra telemetry is not installed: pip install "dedup-service[telemetry]"'
                if metrics_listen:
                    raise TelemetryError(f"metrics cannot be served: {missing}") from error
                # The variables are often set for every program of a machine.
                LOG.warning("no traces are exported: %s", missing)
        yield running


async def _started(
    stack: AsyncExitStack, metrics_listen: str, environ: Mapping[str, str], *, traced: bool
) -> RunningTelemetry:
    """Open the doors that are wanted; the stack closes them."""
    from dedup_service.telemetry.endpoint import MetricsEndpoint  # noqa: PLC0415  # only if wanted
    from dedup_service.telemetry.resource import resource  # noqa: PLC0415  # only if wanted
    from dedup_service.telemetry.tracing import SpanMaker, exporting_provider  # noqa: PLC0415  # only if wanted

    sender = resource()
    tracer = None
    if traced:
        provider = exporting_provider(sender, sampling_ratio(environ))
        stack.push_async_callback(_flushed, provider.shutdown)
        tracer = SpanMaker(provider)
    recorder = Recorder(tracer)
    if not metrics_listen:
        return RunningTelemetry(recorder)
    host, _, port = metrics_listen.rpartition(":")
    try:
        endpoint = MetricsEndpoint(recorder, sender, host.strip("[]"), int(port))
    except (OSError, OverflowError) as error:
        raise TelemetryError(
            f"cannot serve metrics on {host}:{port}: another program has the port, or the host is not of "
            "this machine; choose another address with DEDUP_METRICS_LISTEN"
        ) from error
    stack.push_async_callback(asyncio.to_thread, endpoint.stop)
    return RunningTelemetry(recorder, f"{host}:{endpoint.port}")


def address_of_worker(metrics_listen: str, number: int) -> str:
    """Where worker `number`, counted from 0, serves its metrics: on one port they would be mixed.

    It is the port given plus the number; port 0 stays any free one, and no address stays none.
    """
    host, _, port = metrics_listen.rpartition(":")
    return f"{host}:{int(port) + number}" if metrics_listen and int(port) else metrics_listen


async def _flushed(shut_down: Callable[[], None]) -> None:
    """Send what is left; a collector that does not answer holds the end up for a moment only."""
    flushing = threading.Thread(target=shut_down, name="last traces", daemon=True)
    flushing.start()
    await asyncio.to_thread(flushing.join, FLUSH_SECONDS)


def wants_traces(environ: Mapping[str, str]) -> bool:
    """Whether the standard variables say where traces go, and do not turn them off.

    Raises:
        TelemetryError: they ask for OTLP over gRPC, or as JSON.
    """
    if _disabled(environ) or not any(environ.get(name, "").strip() for name in _ENDPOINTS):
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() not in {"", "otlp"}:
        return False
    protocol = next((environ[name].strip() for name in _PROTOCOLS if environ.get(name, "").strip()), _HTTP)
    if protocol != _HTTP:
        raise TelemetryError(
            f"traces are exported by {_HTTP} only, and {_PROTOCOLS[1]} is {protocol}: set it to {_HTTP}, and "
            "the endpoint to the collector's port for HTTP, usually 4318"
        )
    return True


def sampling_ratio(environ: Mapping[str, str]) -> float | None:
    """The share of calls without a traced caller that get a span; None when a sampler is named."""
    if environ.get("OTEL_TRACES_SAMPLER", "").strip():
        return None
    text = environ.get("OTEL_TRACES_SAMPLER_ARG", "").strip() or str(DEFAULT_RATIO)
    wrong = TelemetryError(f"OTEL_TRACES_SAMPLER_ARG is {text!r}: write a ratio from 0 to 1")
    try:
        ratio = float(text)
    except ValueError:
        raise wrong from None
    if not 0 <= ratio <= 1:
        raise wrong
    return ratio


def _disabled(environ: Mapping[str, str]) -> bool:
    return environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
