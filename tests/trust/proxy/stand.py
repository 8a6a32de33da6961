"""A served merge desk, every connection of which goes over a link, and what people do at it."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc

from dedup_service.client import DedupClient, ServiceError
from dedup_service.embedded import discard_data, start_postgres, start_valkey
from dedup_service.v1.change_service_pb2 import ListChangesRequest
from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.merge_proposal_pb2 import MERGE_PROPOSAL_STATE_APPROVED, MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge, UndoMergeRequest
from dedup_service.v1.record_service_pb2 import Record, UpdateRecordRequest
from tests.e2e.running_service import RunningService
from tests.trust.proxy.cases import Asked, On
from tests.trust.proxy.tcp import Link, links

PREPARING_SECONDS = 30.0
Call = Callable[[DedupClient, float], Any]


@dataclass(frozen=True, slots=True)
class Errand:
    """One call that may be repeated, whose every answer must be the same, and how that is told."""

    principal: str
    call: Call
    same: Callable[[Any], object]


class Follower:
    """A downstream system: it follows the changes over its link, and takes them up again when that breaks."""

    def __init__(self, address: str) -> None:
        self._client = DedupClient(address, principal="services/follower")
        self._thread = threading.Thread(target=self._follow, daemon=True, name="follower")
        self._token = ""
        self._ended = False
        self.seen: dict[str, None] = {}
        self.order_broken: list[str] = []

    def start(self, token: str) -> None:
        self._token = token
        self._thread.start()

    def end(self) -> None:
        self._ended = True
        self._client.close()
        self._thread.join(10)

    def _follow(self) -> None:
        last = (0, 0)
        while not self._ended:
            try:
                for message in self._client.follow_changes(self._token):
                    for change in message.changes:
                        place = _place(change.name)
                        if change.name not in self.seen and place < last:
                            self.order_broken.append(change.name)
                        last = max(last, place)
                        self.seen[change.name] = None
                    self._token = message.resume_token.token
            except (ServiceError, grpc.RpcError, ValueError):
                # The client has given up, or was closed: a system that follows starts again where it was.
                time.sleep(0.05)


def _place(name: str) -> tuple[int, int]:
    revision, _, ordinal = name.partition("/")[2].partition("-")
    return int(revision), int(ordinal or 0)


@dataclass(slots=True)
class Stand:
    """The service, its links, and clients that go over the client link or past it."""

    service: RunningService
    links: dict[On, Link]
    follower: Follower
    database_url: str
    redis_url: str
    through: DedupClient
    past: DedupClient

    def errand(self, asked: Asked, number: int) -> Errand:
        """What is asked, with all that it needs prepared over sound links."""
        names = [f"sources/crm/records/p{number}{side}" for side in "ab"]
        if asked is Asked.WRITE:
            return _write(names[0], number)
        first = self._prepared(_write(names[0], number))
        if asked is Asked.MATCH:
            wanted = MatchRequest(record=first.name)
            return Errand("users/ann", lambda client, s: client.matches.Match(wanted, timeout=s), _nothing)
        second = self._prepared(_write(names[1], number))
        draft = MergeProposal(golden_records=[first.golden_record, second.golden_record])
        created = CreateMergeProposalRequest(merge_proposal=draft, request_id=str(uuid.uuid4()))
        matcher = self.past.acting_as("services/matcher")
        proposal = matcher.merge_proposals.CreateMergeProposal(created, timeout=PREPARING_SECONDS)
        vote = ApproveMergeProposalRequest(
            name=proposal.name, etag=proposal.etag, request_id=str(uuid.uuid4())
        )
        voting = Errand(
            "users/ann",
            lambda client, s: client.merge_proposals.ApproveMergeProposal(vote, timeout=s),
            lambda answer: (answer.name, len(answer.votes), answer.state),
        )
        if asked is Asked.VOTE:
            return voting
        assert self._prepared(voting).state == MERGE_PROPOSAL_STATE_APPROVED, "it needs one vote of sales"
        execute = ExecuteMergeProposalRequest(
            name=proposal.name, etag=proposal.etag, request_id=str(uuid.uuid4())
        )
        merging = Errand(
            "users/ann",
            lambda client, s: client.merge_proposals.ExecuteMergeProposal(execute, timeout=s),
            lambda answer: (answer.name, answer.revision.token),
        )
        if asked is Asked.MERGE:
            return merging
        return _undo(self._prepared(merging))

    def _prepared(self, errand: Errand) -> Any:
        return errand.call(self.past.acting_as(errand.principal), PREPARING_SECONDS)

    def change_names(self) -> list[str]:
        """All changes that the store tells, in order."""
        names: list[str] = []
        token = ""
        while True:
            request = ListChangesRequest(page_size=1000, page_token=token)
            answer = self.past.changes.ListChanges(request, timeout=PREPARING_SECONDS)
            names += [change.name for change in answer.changes]
            token = answer.next_page_token
            if not token:
                return names


def _write(name: str, number: int) -> Errand:
    """A new record: written once, whatever the number of calls, its version is 1."""
    values = {"email": f"{name.rpartition('/')[2]}@example.com", "family_name": f"Person {number}"}
    request = UpdateRecordRequest(
        record=Record(name=name, kind=RECORD_KIND_CONTACT, values=values),
        allow_missing=True,
        request_id=str(uuid.uuid4()),
    )
    return Errand(
        "services/importer",
        lambda client, s: client.records.UpdateRecord(request, timeout=s),
        lambda answer: (answer.name, answer.etag, answer.revision.token),
    )


def _undo(merge: Merge) -> Errand:
    request = UndoMergeRequest(
        name=merge.name, etag=merge.etag, reason="they are two people", request_id=str(uuid.uuid4())
    )
    return Errand(
        "users/ann",
        lambda client, s: client.merges.UndoMerge(request, timeout=s),
        lambda answer: (answer.name, answer.state, answer.revision.token),
    )


def _nothing(_: Any) -> object:
    return None


@contextmanager
def stand(directory: Path) -> Iterator[Stand]:
    """The service on servers of its own, with sound links, until the context ends."""
    with ExitStack() as stack:
        data = directory / "servers"
        data.mkdir(mode=0o711)
        stack.callback(discard_data, data)
        postgres = start_postgres(data)
        stack.callback(postgres.stop)
        valkey = start_valkey(data)
        stack.callback(valkey.stop)
        host = parse_qs(urlsplit(postgres.url).query)["host"][0]
        sql_socket = Path(host) / ".s.PGSQL.5432"
        redis_socket = Path(urlsplit(valkey.url).path)
        behind = stack.enter_context(links({On.SQL: sql_socket, On.REDIS: redis_socket}))
        database = urlsplit(postgres.url).path
        home = directory / "service"
        home.mkdir(mode=0o711)
        service = RunningService(
            home,
            DEDUP_DATABASE_URL=f"postgresql://postgres@{behind[On.SQL].address}{database}",
            DEDUP_REDIS_URL=f"redis://{behind[On.REDIS].address}/0",
        )
        stack.callback(service.end)
        service.start()
        front = stack.enter_context(links({On.CLIENT: service.address, On.CHANGES: service.address}))
        follower = Follower(front[On.CHANGES].address)
        stack.callback(follower.end)
        through = stack.enter_context(DedupClient(front[On.CLIENT].address, principal="users/ann"))
        past = stack.enter_context(DedupClient(service.address, principal="services/follower"))
        first = past.changes.ListChanges(ListChangesRequest(), timeout=PREPARING_SECONDS)
        follower.start(first.revision.token)
        every = {On(name): link for name, link in (behind | front).items()}
        yield Stand(service, every, follower, postgres.url, valkey.url, through, past)
