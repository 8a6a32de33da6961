"""Connections of which a test knows what worker is behind them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import grpc
import psutil

from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT, Candidate, RevisionToken
from dedup_service.v1.match_service_pb2 import MatchRequest, MatchResponse
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.record_service_pb2 import IngestRecordsRequest, IngestRecordsResponse, Record
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub
from tests.e2e.running_service import RunningService

WORKERS = 2
WAIT_SECONDS = 20.0
# The kernel deals connections out by chance: after so many each worker has one.
MOST_DOORS = 60
METADATA = (("dedup-principal", "services/importer"),)


@dataclass(frozen=True, slots=True)
class Door:
    """A connection to the service, and the process behind it."""

    channel: grpc.Channel
    pid: int

    def write(self, *people: Record) -> RevisionToken:
        """Write records; the revision that has them."""
        batch = IngestRecordsRequest(sequence=1, records=people)
        calls = RecordServiceStub(self.channel)
        answer: IngestRecordsResponse = next(
            iter(calls.IngestRecords(iter([batch]), metadata=METADATA, timeout=10))
        )
        assert not answer.rejected
        return answer.revision

    def matches(self, who: Record, since: RevisionToken | None = None) -> MatchResponse:
        query = MatchRequest(candidate=Candidate(kind=who.kind, values=who.values), min_revision=since)
        return MatchServiceStub(self.channel).Match(query, metadata=METADATA, timeout=10)


def person(source: str, number: int, domain: str = "example.com") -> Record:
    """A contact whose e-mail address nobody else has."""
    return Record(
        name=f"sources/{source}/records/{number}",
        kind=RECORD_KIND_CONTACT,
        values={
            "given_name": "Ada",
            "family_name": f"Person{number}",
            "email": f"{source}.{number}@{domain}",
        },
    )


def workers_of(service: RunningService) -> list[psutil.Process]:
    """The processes that serve, which are the children of the one that was started."""
    return psutil.Process(service.process.pid).children()


def listening(process: psutil.Process, port: int) -> bool:
    try:
        found = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found)


def port_of(service: RunningService) -> int:
    return int(service.address.rpartition(":")[2])


def all_listen(service: RunningService) -> bool:
    serving = [each for each in workers_of(service) if listening(each, port_of(service))]
    return len(serving) == WORKERS


def callers_of(process: psutil.Process, port: int) -> set[int]:
    """The ports of the connections that a worker has accepted."""
    return {
        each.raddr.port
        for each in process.net_connections("tcp")
        if each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
    }


Doors = Callable[[RunningService], Mapping[int, Door]]


@contextmanager
def opened_doors() -> Iterator[Doors]:
    """Gives a door to each worker, by its process number."""
    with ExitStack() as opened:

        def open_doors(service: RunningService) -> Mapping[int, Door]:
            found: dict[int, Door] = {}
            known = {each.pid: callers_of(each, port_of(service)) for each in workers_of(service)}
            for _ in range(MOST_DOORS):
                # Channels to one address would share a connection.
                options = (("grpc.use_local_subchannel_pool", 1),)
                channel = opened.enter_context(grpc.insecure_channel(service.address, options=options))
                grpc.channel_ready_future(channel).result(WAIT_SECONDS)
                for worker in workers_of(service):
                    callers = callers_of(worker, port_of(service))
                    if callers - known.get(worker.pid, set()):
                        found[worker.pid] = Door(channel, worker.pid)
                    known[worker.pid] = callers
                if len(found) == WORKERS:
                    break
            return found

        yield open_doors
