"""Route at 200 calls a second: each call has a due time fixed in advance, and its latency counts from there."""

import statistics
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.intake import outcome as outcomes
from benchmarks.intake.outcome import Outcome
from benchmarks.intake.population import Handed
from benchmarks.match import load
from benchmarks.match.load import Plan
from benchmarks.match.processes import POSTGRES, SERVER, VALKEY, cpu_seconds
from benchmarks.match.residence import IMPORTER, Service
from benchmarks.report import Figure
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import RouteRequest, RouteResponse

PATH = "/dedup_service.v1.IntakeService/Route"
RATE = 200.0
TARGET_P99_MS = 30.0
CONNECTIONS = 8


def request_of(handed: Handed, *, validate_only: bool = False) -> bytes:
    """Asks who somebody is, as a form does: without saying what kind of record they become."""
    request = RouteRequest(
        record=draft_message(handed.draft), must_transact=handed.must_transact, validate_only=validate_only
    )
    request.record.kind = RecordKind.RECORD_KIND_UNSPECIFIED
    return request.SerializeToString()


def round_of(
    service: Service, handed: Sequence[Handed], *, validate_only: bool, rate: float = RATE
) -> tuple[load.Outcome, dict[str, float]]:
    """Hand all of these in at the rate; what came of each call, and the CPU seconds by role."""
    plan = Plan(
        service.host,
        service.port,
        rate,
        len(handed) / rate,
        connections=CONNECTIONS,
        path=PATH,
        principal=IMPORTER,
    )
    before = cpu_seconds(service)
    came = load.run(plan, [request_of(one, validate_only=validate_only) for one in handed])
    spent = (cpu_seconds(service) - before).by_role | {"load": came.cpu_seconds}
    print(
        f"  {'validate_only' if validate_only else 'insert':13}  p50 {came.latency_ms(50):8.1f} ms  "
        f"p99 {came.latency_ms(99):8.1f} ms  not answered {int((~came.ok).sum())}",
        file=sys.stderr,
    )
    return came, spent


def judged(handed: Sequence[Handed], came: load.Outcome, entities: Mapping[str, str]) -> Outcome:
    """What the good answers of a round say."""
    calls = np.flatnonzero(came.ok).tolist()
    return outcomes.counted(
        ((handed[call], RouteResponse.FromString(came.bodies[call])) for call in calls), entities
    )


def measure(
    service: Service,
    rounds: Sequence[Sequence[Handed]],
    entities: Mapping[str, str],
    *,
    validate_only: bool,
) -> list[Figure]:
    """The median round by its p99; shares and correctness over all rounds."""
    done = [(one, *round_of(service, one, validate_only=validate_only)) for one in rounds]
    of = "validate_only" if validate_only else "Route"
    every = [pair for handed, came, _ in done for pair in ((handed, came),)]
    outcome = Outcome()
    for handed, came in every:
        outcome += judged(handed, came, entities)
    count = sum(len(handed) for handed, _ in every)
    lost = sum(int((~came.ok).sum()) for _, came in every)
    return [
        Figure(f"{of}: p50", statistics.median(came.latency_ms(50) for _, came in every), "ms"),
        Figure(
            f"{of}: p99",
            statistics.median(came.latency_ms(99) for _, came in every),
            "ms",
            TARGET_P99_MS,
            at_least=False,
        ),
        Figure(f"{of}: not answered", 100 * lost / count, "%", 0.0, at_least=False),
        *(
            Figure(f"{of}: CPU a call, {role}", sum(s[role] for *_, s in done) / count * 1e6, "us")
            for role in (SERVER, POSTGRES, VALKEY, "load")
        ),
        *outcomes.figures(of, outcome),
    ]
