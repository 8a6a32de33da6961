"""A bought list through RouteRecords, in batches of 500: leads a second, over one stream and over several."""

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.intake import outcome as outcomes
from benchmarks.intake.population import Handed
from benchmarks.match.processes import POSTGRES, SERVER, VALKEY, cpu_seconds
from benchmarks.match.residence import Service
from benchmarks.report import Figure
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import RouteItem, RouteResult

BATCH = 500
TARGET_LEADS_PER_SECOND = 1000.0


def _item(handed: Handed) -> RouteItem:
    item = RouteItem(record=draft_message(handed.draft), must_transact=handed.must_transact)
    item.record.kind = RecordKind.RECORD_KIND_UNSPECIFIED
    return item


def measure(
    service: Service, handed: Sequence[Handed], entities: Mapping[str, str], streams: int
) -> list[Figure]:
    """Send a list over so many streams, each a connection of its own, and wait until all is committed."""
    parts = _parts(handed, streams)
    items = [[_item(one) for one in part] for part in parts]
    before, own_before, started = cpu_seconds(service), time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        results = list(pool.map(lambda part: _sent(service, part), items))
    seconds, own = time.perf_counter() - started, time.process_time() - own_before
    spent = (cpu_seconds(service) - before).by_role | {"client": own}
    of = f"import, {streams} stream{'s' if streams > 1 else ''}"
    count = len(handed)
    print(f"  {of}: {count:,} leads, {count / seconds:,.0f} a second", file=sys.stderr)
    answers = [
        (one, result.answer)
        for part, told in zip(parts, results, strict=True)
        for one, result in zip(part, told, strict=True)
        if result.HasField("answer")
    ]
    return [
        Figure(f"{of}: leads", count, "leads"),
        Figure(f"{of}: leads a second", count / seconds, "leads/s", TARGET_LEADS_PER_SECOND),
        Figure(f"{of}: refused", count - len(answers), "leads", 0.0, at_least=False),
        *(
            Figure(f"{of}: CPU a lead, {role}", spent[role] / count * 1e6, "us")
            for role in (SERVER, POSTGRES, VALKEY, "client")
        ),
        *outcomes.figures(of, outcomes.counted(answers, entities)),
    ]


def _parts(handed: Sequence[Handed], streams: int) -> list[list[Handed]]:
    """The list in whole batches, dealt out in turn."""
    batches = [handed[first : first + BATCH] for first in range(0, len(handed), BATCH)]
    return [[one for batch in batches[first::streams] for one in batch] for first in range(streams)]


def _sent(service: Service, items: Sequence[RouteItem]) -> list[RouteResult]:
    """What became of each, by the published client: what was refused for now is sent again."""
    with service.client() as client:
        return [result for batch in client.route(items, BATCH) for result in batch.answer.results]
