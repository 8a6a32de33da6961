"""The table of who may call what is that of docs/access.md, and what the service does."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import redis
from google.longrunning import operations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2

from dedup_service.client import DedupClient
from dedup_service.domain.principals import Principal
from dedup_service.embedded import RunningServer
from dedup_service.rpc.access import EVERYBODY, TABLE, MissingAccessError, Part, access_of
from tests.conftest import StandingDatabase
from tests.proto.compiled_api import compiled_api
from tests.rpc.access_story import ASKING, OUTCOMES, Story, outcome
from tests.served_desk import ServedDesk, served_desk

ROOT = Path(__file__).parents[2]
PRINCIPALS = """
users:
  idle: {}
  ann: {functions: [sales]}
  carla: {functions: [support]}
  frida: {functions: [finance]}
services:
  matcher: {}
  shop: {sources: [shop]}
  crm: {sources: [crm]}
  importer: {sources: ["*"]}
"""
# Who is a person or a service account is theirs by the file; the first two are nobody.
SORTS = {
    "nobody": "",
    "unknown": "users/mallory",
    "a person without a function": "users/idle",
    "a person of another function": "users/carla",
    "a person of finance": "users/frida",
    "a service account without a source": "services/matcher",
    "a service account of another source": "services/shop",
    "a service account of every source": "services/importer",
}


def methods() -> list[MethodDescriptor]:
    """Every method of the API."""
    pool: Any = operations_pb2.DESCRIPTOR.pool
    services = [f"{file.package}.{service.name}" for file in compiled_api() for service in file.service]
    found = [pool.FindServiceByName(name) for name in [*services, "google.longrunning.Operations"]]
    return [method for service in found for method in service.methods]


def test_the_document_has_the_codes_table() -> None:
    """docs/access.md holds the very table that the code prints."""
    text = (ROOT / "docs" / "access.md").read_text("utf-8")
    table = text.split("<!-- access -->\n")[1].split("<!-- /access -->")[0]
    command = [sys.executable, "-m", "dedup_service.rpc.access"]
    assert table == subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_table_has_every_method_and_no_other() -> None:
    """One line a method, also of the operations; the health of the service is open."""
    assert sorted(TABLE) == sorted(method.full_name for method in methods())


def test_a_method_without_a_line_stops_the_start() -> None:
    """Nothing is served of which nobody has said who may call it."""
    health: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]
    [check, *_] = health.methods
    with pytest.raises(MissingAccessError, match=r"Health\.Check"):
        access_of(check)


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory,
    standing_database: StandingDatabase,
    valkey_server: RunningServer,
) -> Iterator[ServedDesk]:
    """A desk that knows one of each sort, shared by the sorts: they ask for nothing that could be done."""
    path = tmp_path_factory.mktemp("principals") / "principals.yaml"
    path.write_text(PRINCIPALS)
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    environment = {"DEDUP_PRINCIPALS": str(path)}
    with served_desk(standing_database.emptied(), valkey_server.url, environment) as served:
        yield served


@dataclass(frozen=True)
class Answer:
    """What came of a call: its code, and the reason of a refusal."""

    code: grpc.StatusCode
    reason: str = ""


def asked(connected: grpc.Channel, method: MethodDescriptor, principal: str) -> Answer:
    """Call a method with a request that says nothing."""
    channel: Any = connected
    path = f"/{method.containing_service.full_name}/{method.name}"
    request = GetMessageClass(method.input_type)()
    metadata = (("dedup-principal", principal),) if principal else ()
    arguments: dict[str, Any] = {"metadata": metadata, "timeout": 5, "wait_for_ready": True}
    try:
        if method.client_streaming:
            next(channel.stream_stream(path)(iter([request.SerializeToString()]), **arguments), None)
        elif method.server_streaming:
            stream = channel.unary_stream(path)(request.SerializeToString(), **arguments)
            next(stream, None)
            stream.cancel()
        else:
            channel.unary_unary(path)(request.SerializeToString(), **arguments)
    except grpc.RpcError as error:
        call: Any = error
        return Answer(call.code(), _reason(call))
    return Answer(grpc.StatusCode.OK)


def _reason(call: Any) -> str:
    found = dict(call.trailing_metadata() or ()).get("grpc-status-details-bin")
    info = ErrorInfo()
    if found is not None:
        Status.FromString(found).details[0].Unpack(info)
    return info.reason


def expected(method: MethodDescriptor, caller: Principal) -> str:
    """The reason for which the table has the gate refuse a caller; empty where it lets them through."""
    who = TABLE[method.full_name].who
    part, held = (who.people, caller.functions) if caller.human else (who.services, caller.sources)
    if part is Part.NONE:
        return "NOT_AN_APPROVER"
    return "MISSING_ROLE" if part is Part.SOME and not held else ""


@pytest.mark.parametrize("sort", SORTS)
def test_each_method_answers_each_sort_of_principal_as_the_table_says(desk: ServedDesk, sort: str) -> None:
    """Nobody gets past the gate unproven; a sort that the table leaves out is refused before the work, and
    what is open to everybody is refused to none for who they are.
    """
    # A new server: it listens no more to an address from which a hundred calls named nobody.
    desk.stop_answering()
    desk.answer_again()
    name = SORTS[sort]
    directory = desk.running.desk.rules.principals
    wrong = []
    with grpc.insecure_channel(desk.address) as channel:
        for method in methods():
            answer = asked(channel, method, name)
            caller = directory.find(name)
            if caller is None:
                right = answer == Answer(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED_PRINCIPAL")
            elif reason := expected(method, caller):
                right = answer == Answer(grpc.StatusCode.PERMISSION_DENIED, reason)
            else:
                refused = answer.code in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)
                right = not refused or TABLE[method.full_name].who is not EVERYBODY
            if not right:
                wrong.append((method.full_name, answer))
    assert wrong == []
    assert len(methods()) == len(TABLE)


def test_the_rest_of_the_rule_is_asked_by_the_work(desk: ServedDesk) -> None:
    """Who gets past the gate is refused where the record, the proposal or the job is not theirs, and whom the
    table names is answered.
    """
    with DedupClient(desk.address, principal="services/importer", deadline_seconds=10) as importer:
        story = Story(importer)
        outcomes = {
            (attempt.__name__, who): outcome(attempt, importer.acting_as(who))
            for attempt in story.attempts
            for who in ASKING
        }
    assert outcomes == {
        (attempt.__name__, who): reason
        for attempt in story.attempts
        for who, reason in zip(ASKING, OUTCOMES[attempt.__name__], strict=True)
    }
