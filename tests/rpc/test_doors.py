"""The doors of the methods: what people decide has doors of its own, and all others are heard in turn."""

import asyncio
from typing import Any

import grpc

from dedup_service.rpc.access import CallClass
from dedup_service.rpc.admission import Admission
from dedup_service.rpc.doors import Door, Doors
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.telemetry.recording import Telemetry
from dedup_service.v1 import core_pb2, match_service_pb2, merge_proposal_service_pb2
from tests.rpc.api import ANN, Api

# More than the service works on and lets wait at a time.
FLOOD = 400


async def test_a_vote_stands_behind_no_flood_of_matches(api: Api) -> None:
    """On one connection, sent after hundreds of matches, it is answered while most of them still wait."""
    person = core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values={"email": "ann@x.com"})
    match = match_service_pb2.MatchRequest(candidate=person)
    vote = merge_proposal_service_pb2.ApproveMergeProposalRequest(name="mergeProposals/none")
    matches = [asyncio.ensure_future(ended(api.matches.Match(match, metadata=ANN))) for _ in range(FLOOD)]
    code = await ended(api.proposals.ApproveMergeProposal(vote, metadata=ANN))
    waiting = sum(not each.done() for each in matches)
    codes = await asyncio.gather(*matches)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert waiting > FLOOD / 2
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}


async def ended(call: Any) -> grpc.StatusCode:
    """What a call ends with, whatever it is."""
    code: grpc.StatusCode = await call.code()
    return code


def test_each_method_of_people_has_a_door_of_its_own() -> None:
    """Those that decide and manage have; those that programs call by the thousand share one."""
    meter = Telemetry().method("S", "M")
    doors = {f"/S/{room}": Door(object(), room, meter) for room in CallClass}
    found = Doors(doors, Admission(16, 1), RevisionTokens("epoch"), Telemetry()).of_their_own
    assert {service: set(methods) for service, methods in found.items()} == {
        "S": {CallClass.DECIDE, CallClass.MANAGE}
    }
