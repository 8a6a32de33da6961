"""How soon a record is matchable: by its writer at once, and by everybody else."""

import secrets
import time

from benchmarks.match.bench import Bench
from benchmarks.report import Figure
from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.record_service_pb2 import Record

ROUNDS = 50
TARGET_SECONDS = 1.0
_GIVEN_UP_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.002


def measure(bench: Bench) -> list[Figure]:
    """Write a record of nobody else, ask as its writer, and ask on another connection until it is found."""
    at_once = 0
    for_all: list[float] = []
    with bench.service.client() as writer, bench.service.client("users/ann") as reader:
        # The connection of the reader is made before it counts.
        reader.matches.Match(_query("nobody"))
        for number in range(ROUNDS):
            word = secrets.token_hex(10)
            record = Record(
                # The same few records each time, so that the residence does not grow; none has a number.
                name=f"sources/bench/records/fresh-{number}",
                kind=RecordKind.RECORD_KIND_CONTACT,
                values={"full_name": f"{word} {word[::-1]}", "email": _email(word)},
            )
            [batch] = writer.ingest([record])
            written = time.monotonic()
            query = _query(word)
            query.min_revision.CopyFrom(batch.answer.revision)
            at_once += _finds(writer, query, record.name)
            for_all.append(_seconds_until_found(reader, _query(word), record.name, written))
    return [
        Figure("written records that their writer finds at once", 100 * at_once / ROUNDS, "%", 100.0),
        Figure("found by all after, longest", max(for_all), "s", TARGET_SECONDS, at_least=False),
    ]


def _email(word: str) -> str:
    return f"{word}@{word[:8]}.example"


def _query(word: str) -> MatchRequest:
    query = MatchRequest(page_size=10)
    query.candidate.kind = RecordKind.RECORD_KIND_CONTACT
    query.candidate.values["full_name"] = f"{word} {word[::-1]}"
    query.candidate.values["email"] = _email(word)
    return query


def _finds(client: DedupClient, query: MatchRequest, name: str) -> bool:
    return name in [match.record for match in client.matches.Match(query).matches]


def _seconds_until_found(client: DedupClient, query: MatchRequest, name: str, since: float) -> float:
    """Seconds from the answer of the write until a Match without any token names the record."""
    while time.monotonic() - since < _GIVEN_UP_SECONDS:
        if _finds(client, query, name):
            return time.monotonic() - since
        time.sleep(_LOOK_AGAIN_SECONDS)
    return float("inf")
