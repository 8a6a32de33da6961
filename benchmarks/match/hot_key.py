"""A blocking key with 100,000 members: others do not feel it, and its own answers say what they lack."""

import statistics

import numpy as np

from benchmarks.match import load
from benchmarks.match.load import Outcome, Plan
from benchmarks.match.population import request_of
from benchmarks.match.residence import Service, ingest, residence, served
from benchmarks.match.speed import STEADY_RATE
from benchmarks.match.truth import keys_of
from benchmarks.report import Figure
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.match_service_pb2 import MatchResponse
from dedup_service.v1.record_service_pb2 import Record

RESIDENTS = 20_000
MEMBERS = 100_000
TARGET_RATIO = 1.1
PHONE = "+44 20 7946 0991"
# Of the load in which somebody asks for the hot key too: once a second.
_HOT_EVERY = round(STEADY_RATE)
_ROUNDS = 3

Calls = np.ndarray[tuple[int], np.dtype[np.bool_]]


def measure(resident_count: int, workers: int, seconds: float) -> list[Figure]:
    """The same calls before the key has members and after, on a service of their own."""
    home = residence(resident_count, "hot")
    home.empty()
    usual = home.population.queries
    mixed = list(usual)
    mixed[::_HOT_EVERY] = [request_of(member(MEMBERS))] * len(mixed[::_HOT_EVERY])
    with served(home.data_dir, workers) as service:
        ingest(service, home.population.residents())
        before, _ = _others_p99_ms(service, usual, seconds)
        ingest(service, map(member, range(MEMBERS)))
        unasked, _ = _others_p99_ms(service, usual, seconds)
        asked, outcome = _others_p99_ms(service, mixed, seconds)
    named, incomplete, hot = _own_answers(outcome, len(mixed))
    return [
        Figure("members of the hot key", MEMBERS, "records"),
        Figure("p99 of other queries, before it is hot", before, "ms"),
        Figure("p99 of other queries, with it", unasked, "ms"),
        Figure("p99 of other queries, when it is asked for each second", asked, "ms"),
        Figure("ratio, with it", unasked / before, "times", TARGET_RATIO, at_least=False),
        Figure("ratio, when it is asked for", asked / before, "times", TARGET_RATIO, at_least=False),
        Figure("its own answers that say complete=false", 100 * incomplete / hot, "%", 100.0),
        Figure("its own answers that name the key", 100 * named / hot, "%", 100.0),
    ]


def member(number: int) -> Record:
    """Somebody of whom nothing is known but a telephone that all share, and a mailbox that nobody does."""
    return Record(
        name=f"sources/bench/records/hot-{number}",
        kind=RecordKind.RECORD_KIND_CONTACT,
        values={"phone": PHONE, "email": f"mailbox-{number:07d}@m{number:07d}.example"},
    )


def _others_p99_ms(service: Service, requests: list[bytes], seconds: float) -> tuple[float, Outcome]:
    """The p99 of the calls that do not ask for the hot key, median of three loads; and the last load."""
    p99s = []
    # One more than counts, to warm up.
    for number in range(_ROUNDS + 1):
        plan = Plan(service.host, service.port, STEADY_RATE, seconds, seed=number + 1)
        outcome = load.run(plan, requests)
        if number:
            p99s.append(outcome.latency_ms(99, ~_hot(outcome, len(requests))))
    return statistics.median(p99s), outcome


def _hot(outcome: Outcome, request_count: int) -> Calls:
    """Which calls ask for the hot key, in a load in which some do; left out of every load alike."""
    hot: Calls = np.arange(len(outcome.due_ns)) % request_count % _HOT_EVERY == 0
    return hot


def _own_answers(outcome: Outcome, request_count: int) -> tuple[int, int, int]:
    """Answers about the hot key that name it, those that say they are incomplete, and all."""
    [key] = [key for key in keys_of(member(0)) if key.startswith("p:")]
    calls = np.flatnonzero(_hot(outcome, request_count) & outcome.ok).tolist()
    answers = [MatchResponse.FromString(outcome.bodies[call]) for call in calls]
    named = sum(key in [reason.key for reason in answer.incomplete_reasons] for answer in answers)
    return named, sum(not answer.complete for answer in answers), max(1, len(answers))
