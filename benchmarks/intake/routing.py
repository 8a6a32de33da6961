"""Route at 200 calls a second: each call is due at a time fixed in advance, from which its latency counts."""

import statistics
import sys
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.intake import outcome as outcomes
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
    if not validate_only:
        # As the published client does: sent again, it would be answered again.
        request.request_id = str(uuid.uuid4())
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


def answers_of(handed: Sequence[Handed], came: load.Outcome) -> list[tuple[Handed, RouteResponse]]:
    """The good answers of a round, each beside whom it is of."""
    return [
        (handed[call], RouteResponse.FromString(came.bodies[call]))
        for call in np.flatnonzero(came.ok).tolist()
    ]


def measure(
    service: Service,
    rounds: Sequence[Sequence[Handed]],
    entities: Mapping[str, str],
    *,
    validate_only: bool,
) -> list[Figure]:
    """Percentiles of the median round; shares and correctness over all rounds."""
    of = "validate_only" if validate_only else "Route"
    came, spent, answers = [], Counter[str](), []
    for handed in rounds:
        outcome, cpu = round_of(service, handed, validate_only=validate_only)
        came.append(outcome)
        spent.update(cpu)
        answers += answers_of(handed, outcome)
    count = sum(map(len, rounds))
    p99 = statistics.median(outcome.latency_ms(99) for outcome in came)
    figures = [
        Figure(f"{of}: p50", statistics.median(outcome.latency_ms(50) for outcome in came), "ms"),
        Figure(f"{of}: p99", p99, "ms", TARGET_P99_MS, at_least=False),
        Figure(f"{of}: not answered", 100 * (1 - len(answers) / count), "%", 0.0, at_least=False),
        *(
            Figure(f"{of}: CPU a call, {role}", spent[role] / count * 1e6, "us")
            for role in (SERVER, POSTGRES, VALKEY, "load")
        ),
        *outcomes.figures(of, outcomes.counted(answers, entities)),
    ]
    if validate_only:
        told = [outcomes.at_sureness(answers, entities, least) for least in outcomes.UPDATES_FROM]
        figures += outcomes.sureness_figures(told)
    return figures
