"""What a telling of the story carries from step to step, and how it writes, reads and is refused."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeVar

import grpc

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.audit_service_pb2 import AuditHead
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest, GoldenRecord
from dedup_service.v1.match_service_pb2 import Match, MatchRequest, MatchResponse
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import GetMergeProposalRequest
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.record_service_pb2 import GetRecordRequest, Record
from tests.e2e.golden_copies import Images

Answer = TypeVar("Answer")
PATIENCE_SECONDS = 15.0
POLL_SECONDS = 0.05

IMPORTER = "services/importer"
MATCHER = "services/matcher"
FOLLOWER = "services/follower"
ANN, BEN = "users/ann", "users/ben"  # sales
CARLA = "users/carla"  # support
FIONA = "users/fiona"  # finance
OMAR = "users/omar"  # operations
PAULA = "users/paula"  # partners, without a stake in this customer


class Writer(Protocol):
    """How a write reaches the service: `attempt` sends the same request with the same id each time."""

    def __call__(self, attempt: Callable[[], Answer]) -> Answer: ...


def once(attempt: Callable[[], Answer]) -> Answer:
    """Send a write and trust in its answer."""
    return attempt()


@dataclass(frozen=True, slots=True)
class DoneWrite:
    """A write of the current step, which can be sent again, and its answer."""

    attempt: Callable[[], object]
    answer: object


@dataclass(slots=True)
class Seen:
    """What the people of the story have seen and keep in mind."""

    records: dict[str, Record] = field(default_factory=dict)
    golden_of: dict[str, str] = field(default_factory=dict)
    revision: RevisionToken = field(default_factory=RevisionToken)
    proposal: MergeProposal = field(default_factory=MergeProposal)
    stale_etag: str = ""
    head: AuditHead = field(default_factory=AuditHead)
    merge: Merge = field(default_factory=Merge)
    conversion: Merge = field(default_factory=Merge)
    before_merge: Images = field(default_factory=dict)


class Story:
    """One telling of the story against one address."""

    def __init__(self, address: str, seed: int, writer: Writer = once) -> None:
        self.seen = Seen()
        self.step_writes: list[DoneWrite] = []
        self._address = address
        self._writer = writer
        self._random = Random(seed)
        self._clients: dict[str, DedupClient] = {}

    def client(self, who: str = ANN) -> DedupClient:
        """The connection of a principal."""
        if who not in self._clients:
            self._clients[who] = DedupClient(self._address, principal=who, deadline_seconds=20)
        return self._clients[who]

    def hang_up(self) -> None:
        """End all connections; calls that run on them end as well."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def request_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def write(self, who: str, send: Callable[[DedupClient], Answer]) -> Answer:
        """Carry out a write; the request that `send` sends has a request id of its own."""

        def attempt() -> Answer:
            return send(self.client(who))

        answer = self._writer(attempt)
        self.step_writes.append(DoneWrite(attempt, answer))
        return answer

    @contextmanager
    def refused(self, code: grpc.StatusCode, reason: str) -> Iterator[list[ServiceError]]:
        """What is done within must be refused, for this reason; the error is put on the list given."""
        caught: list[ServiceError] = []
        try:
            yield caught
        except ServiceError as error:
            if (error.code, error.reason) != (code, reason):
                raise
            caught.append(error)
        assert caught, f"nothing was refused with {reason}"

    def golden(self, name: str) -> GoldenRecord:
        """A golden record by any of its names, not older than the last write."""
        request = GetGoldenRecordRequest(name=name, min_revision=self.seen.revision)
        return self.client().golden_records.GetGoldenRecord(request)

    def record(self, name: str) -> Record:
        request = GetRecordRequest(name=name, min_revision=self.seen.revision)
        return self.client().records.GetRecord(request)

    def proposal(self, name: str) -> MergeProposal:
        request = GetMergeProposalRequest(name=name, min_revision=self.seen.revision)
        return self.client().merge_proposals.GetMergeProposal(request)

    def matches(self, request: MatchRequest) -> dict[str, Match]:
        """All matches by record, as soon as the search is complete; one that is not must say why.

        After Valkey was lost the service may refuse to search, or tell that it rebuilds, for some seconds.
        """
        request.min_revision.CopyFrom(self.seen.revision)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._match(request)
            if answer is not None and answer.complete:
                return {match.record: match for match in answer.matches}
            assert answer is None or answer.incomplete_reasons, "incomplete without a reason"
            assert time.monotonic() < deadline, f"never complete again: {answer}"
            time.sleep(POLL_SECONDS)

    def _match(self, request: MatchRequest) -> MatchResponse | None:
        try:
            return self.client(PAULA).matches.Match(request)
        except ServiceError as error:
            if error.reason != "INDEX_UNAVAILABLE":
                raise
            return None
