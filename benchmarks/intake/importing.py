"""A bought list through RouteRecords, in batches of 500: leads a second, over one stream and over several."""

import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from benchmarks.intake import outcome as outcomes
from benchmarks.intake.outcome import Outcome
from benchmarks.intake.population import Handed
from benchmarks.match.processes import POSTGRES, SERVER, VALKEY, cpu_seconds
from benchmarks.match.residence import Service
from benchmarks.report import Figure
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import RouteItem, RouteRecordsRequest, RouteRecordsResponse

BATCH = 500
# As the published client does when it ingests: the service reads one while it carries another out.
UNDER_WAY = 2
TARGET_LEADS_PER_SECOND = 1000.0


def requests_of(handed: Sequence[Handed]) -> list[RouteRecordsRequest]:
    """The batches of a list, each with an id that makes it safe to send again."""
    return [
        RouteRecordsRequest(
            sequence=number,
            items=map(_item, handed[first : first + BATCH]),
            request_id=str(uuid.uuid4()),
        )
        for number, first in enumerate(range(0, len(handed), BATCH))
    ]


def _item(handed: Handed) -> RouteItem:
    item = RouteItem(record=draft_message(handed.draft), must_transact=handed.must_transact)
    item.record.kind = RecordKind.RECORD_KIND_UNSPECIFIED
    return item


def measure(
    service: Service, handed: Sequence[Handed], entities: Mapping[str, str], streams: int
) -> list[Figure]:
    """Send a list over so many streams, each a connection of its own, and wait until all is committed."""
    batches = requests_of(handed)
    before, own_before, started = cpu_seconds(service), time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        sent = list(pool.map(lambda first: list(_sent(service, batches[first::streams])), range(streams)))
    seconds, own = time.perf_counter() - started, time.process_time() - own_before
    spent = (cpu_seconds(service) - before).by_role | {"client": own}
    of = f"import, {streams} stream{'s' if streams > 1 else ''}"
    count = len(handed)
    print(f"  {of}: {count:,} leads, {count / seconds:,.0f} a second", file=sys.stderr)
    outcome, refused = _judged(handed, [answer for answers in sent for answer in answers], entities)
    return [
        Figure(f"{of}: leads", count, "leads"),
        Figure(f"{of}: leads a second", count / seconds, "leads/s", TARGET_LEADS_PER_SECOND),
        Figure(f"{of}: refused", refused, "leads", 0.0, at_least=False),
        *(
            Figure(f"{of}: CPU a lead, {role}", spent[role] / count * 1e6, "us")
            for role in (SERVER, POSTGRES, VALKEY, "client")
        ),
        *outcomes.figures(of, outcome),
    ]


def _sent(service: Service, batches: Sequence[RouteRecordsRequest]) -> Iterator[RouteRecordsResponse]:
    """The answers of one stream, which has at most `UNDER_WAY` batches to answer at a time."""
    outbox: SimpleQueue[RouteRecordsRequest | None] = SimpleQueue()
    with service.client() as client:
        for batch in batches[:UNDER_WAY]:
            outbox.put(batch)
        for place, answer in enumerate(client.intake.RouteRecords(iter(outbox.get, None))):
            following = place + UNDER_WAY
            outbox.put(batches[following] if following < len(batches) else None)
            yield answer


def _judged(
    handed: Sequence[Handed], answers: Sequence[RouteRecordsResponse], entities: Mapping[str, str]
) -> tuple[Outcome, int]:
    """What was made of the list, and how many of it were refused or never answered."""
    pairs = []
    for answer in answers:
        first = answer.sequence * BATCH
        for place, result in enumerate(answer.results):
            if result.HasField("answer"):
                pairs.append((handed[first + place], result.answer))
    return outcomes.counted(pairs, entities), len(handed) - len(pairs)
