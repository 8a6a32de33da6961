"""Spans of calls, exported by OTLP over HTTP to the endpoint that the standard OTEL_ variables name.

A span is made when its call is over, from the times that were recorded: a call that is not sampled costs
one decision of the sampler.
No attribute holds anything of a request but its method: no record, no principal, no blocking key.
"""

import time
from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dedup_service.telemetry.recorder import CODES, Part, TracedCall
from dedup_service.telemetry.recording import Metadata

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACE_HEADERS = ("traceparent", "tracestate")
# The codes that OpenTelemetry's conventions count as a fault of the server.
_FAULTS = frozenset(
    CODES.index(name)
    for name in ("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS")
)


def exporting_provider(resource: Resource, ratio: float | None) -> TracerProvider:
    """Gives spans to the exporter in batches; its `shutdown` sends what is left.

    `ratio` is the share of calls without a traced caller that get a span, from 0 to 1; None leaves the
    sampler to the variables OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
    The exporter reads all else from its own standard variables.
    """
    sampler = None if ratio is None else ParentBased(TraceIdRatioBased(ratio))
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class SpanMaker:
    """Implements `recorder.CallTracer`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("dedup_service")

    def record(self, call: TracedCall) -> None:
        """Make the span of a call that is over, and one of each of its phases."""
        unix_offset_ns = time.time_ns() - time.perf_counter_ns()
        code = CODES[call.code]
        span = self._tracer.start_span(
            f"{call.service}/{call.method}",
            _parent(call.metadata),
            SpanKind.SERVER,
            {
                "rpc.system.name": "grpc",
                "rpc.method": f"{call.service}/{call.method}",
                "rpc.response.status_code": code,
            },
            start_time=call.started_ns + unix_offset_ns,
        )
        if span.is_recording():
            if call.code in _FAULTS:
                span.set_attribute("error.type", code)
                span.set_status(Status(StatusCode.ERROR))
            if call.left_out:
                span.set_attribute("dedup.phases.left_out", call.left_out)
            for part in call.parts:
                self._record_part(span, part, unix_offset_ns)
        span.end(call.ended_ns + unix_offset_ns)

    def _record_part(self, span: Span, part: Part, unix_offset_ns: int) -> None:
        attributes: dict[str, int] = {}
        if part.candidate_count is not None:
            attributes["dedup.match.candidates"] = part.candidate_count
        if part.truncated_count:
            attributes["dedup.match.truncated.keys"] = part.truncated_count
        child = self._tracer.start_span(
            part.phase.name.lower(),
            set_span_in_context(span, Context()),
            attributes=attributes,
            start_time=part.started_ns + unix_offset_ns,
        )
        child.end(part.ended_ns + unix_offset_ns)


def _parent(metadata: Metadata) -> Context:
    """The context of the caller's trace, empty when there is none."""
    carrier: Mapping[str, str] = {
        key: value for key, value in metadata if key in _TRACE_HEADERS and isinstance(value, str)
    }
    return _PROPAGATOR.extract(carrier, Context()) if carrier else Context()
