"""What is on follows from the settings; what cannot be had is said at the start."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from dedup_service.telemetry.recorder import Recorder
from dedup_service.telemetry.recording import Telemetry
from dedup_service.telemetry.running import (
    DEFAULT_RATIO,
    TelemetryError,
    running_telemetry,
    sampling_ratio,
    wants_traces,
)

ROOT = Path(__file__).parents[2]
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
# Takes OpenTelemetry away, as an installation without the extra would lack it.
WITHOUT_EXTRA = """
import asyncio, logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
sys.modules["opentelemetry"] = sys.modules["prometheus_client"] = None
from dedup_service.telemetry.running import TelemetryError, running_telemetry
async def main(listen, environ):
    try:
        async with running_telemetry(listen, environ) as running:
            running.telemetry.method("s", "M").begin(lambda: ()).end(0)
            print("runs", type(running.telemetry).__name__)
    except TelemetryError as error:
        print("refused", error)
"""


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "otlp"}, True),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_traces_are_wanted_where_an_endpoint_is_named(environ: dict[str, str], wanted: bool) -> None:
    """The standard variables turn traces on, and off again."""
    assert wants_traces(environ) is wanted


def test_another_protocol_is_refused() -> None:
    """A collector's gRPC port would swallow spans sent by HTTP, so the start says what to change."""
    environ = ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(TelemetryError, match="set it to http/protobuf"):
        wants_traces(environ)


@pytest.mark.parametrize(
    ("environ", "ratio"),
    [
        ({}, DEFAULT_RATIO),
        ({"OTEL_TRACES_SAMPLER_ARG": "0.25"}, 0.25),
        ({"OTEL_TRACES_SAMPLER": "always_on", "OTEL_TRACES_SAMPLER_ARG": "x"}, None),
    ],
)
def test_the_ratio_is_the_variables(environ: dict[str, str], ratio: float | None) -> None:
    """A named sampler is OpenTelemetry's own affair; otherwise a ratio may be given."""
    assert sampling_ratio(environ) == ratio


@pytest.mark.parametrize("text", ["x", "-0.1", "1.5", "nan"])
def test_a_ratio_must_be_one(text: str) -> None:
    """What is no ratio is refused by name."""
    with pytest.raises(TelemetryError, match="OTEL_TRACES_SAMPLER_ARG"):
        sampling_ratio({"OTEL_TRACES_SAMPLER_ARG": text})


async def test_the_switch_of_all_sdks_is_obeyed(caplog: pytest.LogCaptureFixture) -> None:
    """OTEL_SDK_DISABLED turns metrics off too, and the log says so."""
    with caplog.at_level(logging.WARNING):
        async with running_telemetry("127.0.0.1:0", {"OTEL_SDK_DISABLED": "true"}) as running:
            assert type(running.telemetry) is Telemetry
            assert not running.metrics_address
    assert "OTEL_SDK_DISABLED" in caplog.text


async def test_metrics_are_on_with_an_address() -> None:
    """An address alone is enough, and an IPv6 one is taken too."""
    async with running_telemetry("[::1]:0", {}) as running:
        assert type(running.telemetry) is Recorder
        assert running.metrics_address.startswith("[::1]:")


def without_extra(listen: str, environ: dict[str, str]) -> str:
    code = f"{WITHOUT_EXTRA}\nasyncio.run(main({listen!r}, {environ!r}))"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_service_runs_without_the_extra() -> None:
    """With nothing asked for, nothing of OpenTelemetry is needed."""
    assert without_extra("", {}) == "runs Telemetry\n"


def test_metrics_without_the_extra_are_refused() -> None:
    """Asked for metrics that it cannot give, the start says what to install."""
    said = without_extra("127.0.0.1:0", {})
    assert said.startswith("refused metrics cannot be served")
    assert "dedup-service[telemetry]" in said


def test_traces_without_the_extra_are_missed() -> None:
    """Variables that hold for a whole machine do not stop the service; its log says what is missing."""
    said = without_extra("", ENDPOINT)
    assert "WARNING no traces are exported" in said
    assert said.endswith("runs Telemetry\n")


def test_nothing_is_imported_that_is_not_wanted() -> None:
    """A start without telemetry does not pay for OpenTelemetry."""
    code = (
        "import sys, dedup_service.telemetry.running, dedup_service.telemetry.recorder;"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'prometheus'))])"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout == "[]\n"
