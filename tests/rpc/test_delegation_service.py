"""Delegations over the wire: make, show, list and end them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.v1 import delegation_service_pb2 as pb
from tests.rpc.api import ANN, Api, by, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
DENIED = grpc.StatusCode.PERMISSION_DENIED


def at(days: float) -> Timestamp:
    """A moment so many days from now, in whole microseconds."""
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return moment


def asking(**given: Any) -> pb.CreateDelegationRequest:
    """A request for a delegation of ann to carla for a day, with these fields instead."""
    fields = {"delegate": "users/carla", "functions": ["sales"], "end_time": at(1), "reason": "a day off"}
    return pb.CreateDelegationRequest(delegation=pb.Delegation(**(fields | given)))  # type: ignore[arg-type]  # the fields of the message by name


async def all_delegations(api: Api, asked: str = "") -> list[pb.Delegation]:
    request = pb.ListDelegationsRequest(filter=asked)
    return list((await api.delegations.ListDelegations(request, metadata=ANN)).delegations)


async def test_a_delegation_is_made_and_read_again(api: Api) -> None:
    """The delegator is the caller, it holds from now, and it is read as it was answered."""
    request = asking()
    # What a caller writes into an output field is not what is stored.
    request.delegation.delegator = "users/fiona"
    made = await api.delegations.CreateDelegation(request, metadata=ANN)
    assert (made.delegator, made.delegate, list(made.functions)) == ("users/ann", "users/carla", ["sales"])
    assert (made.start_time, made.end_time) == (made.create_time, request.delegation.end_time)
    assert made.reason == "a day off"
    asked = pb.GetDelegationRequest(name=made.name, min_revision=made.revision)
    assert await api.delegations.GetDelegation(asked, metadata=by("fiona")) == made
    assert await all_delegations(api) == [made]


async def test_an_absence_names_nobody(api: Api) -> None:
    """Without a delegate and functions it covers all that the delegator holds."""
    made = await api.delegations.CreateDelegation(asking(delegate="", functions=[]), metadata=ANN)
    assert (made.delegate, list(made.functions)) == ("", ["sales"])


async def test_a_delegation_on_trial_is_not_stored(api: Api) -> None:
    """`validate_only` answers with what it would be, without name, version and token."""
    request = asking()
    request.validate_only = True
    shown = await api.delegations.CreateDelegation(request, metadata=ANN)
    assert (shown.delegator, shown.name, shown.etag, shown.HasField("revision")) == (
        "users/ann",
        "",
        "",
        False,
    )
    assert await all_delegations(api) == []


async def test_a_repeated_delegation_is_one(api: Api) -> None:
    """The same request id answers the same; with another content it is refused."""
    request = asking()
    request.request_id = str(uuid.uuid4())
    first = await api.delegations.CreateDelegation(request, metadata=ANN)
    assert await api.delegations.CreateDelegation(request, metadata=ANN) == first
    assert await all_delegations(api) == [first]
    request.delegation.delegate = "users/dev"
    refusal = await refused(api.delegations.CreateDelegation(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"delegate": "users/nobody"}, ["delegation.delegate"]),
        ({"delegate": "services/matcher"}, ["delegation.delegate"]),
        ({"delegate": "users/ann"}, ["delegation.delegate"]),
        ({"delegate": "\0"}, ["delegation.delegate"]),
        ({"functions": ["finance"]}, ["delegation.functions"]),
        ({"functions": [""]}, ["delegation.functions[0]"]),
        ({"functions": ["sales"] * 101}, ["delegation.functions"]),
        ({"start_time": at(-1)}, ["delegation.start_time"]),
        ({"end_time": at(-1)}, ["delegation.end_time"]),
        ({"end_time": at(91)}, ["delegation.end_time"]),
        ({"end_time": None}, ["delegation.end_time"]),
        ({"end_time": Timestamp(seconds=2**60)}, ["delegation.end_time"]),
        (
            {"start_time": Timestamp(nanos=-1), "end_time": Timestamp(nanos=1)},
            ["delegation.start_time", "delegation.end_time"],
        ),
        ({"reason": "x" * 2001}, ["delegation.reason"]),
        (
            {"delegate": "users/nobody", "functions": ["finance"], "end_time": at(91)},
            ["delegation.delegate", "delegation.functions", "delegation.end_time"],
        ),
    ],
)
async def test_a_delegation_that_cannot_be_made_is_refused(
    api: Api, given: dict[str, Any], fields: list[str]
) -> None:
    """Delegate, functions, times and reason are refused by their path, what the rules find all at once."""
    refusal = await refused(api.delegations.CreateDelegation(asking(**given), metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, fields)
    assert await all_delegations(api) == []


async def test_a_service_account_delegates_nothing(api: Api) -> None:
    """It votes for nothing, so there is nothing to give on."""
    refusal = await refused(api.delegations.CreateDelegation(asking(), metadata=by("services/matcher")))
    assert refusal.reason == (DENIED, "NOT_AN_APPROVER")


async def test_delegations_are_listed_by_either_side(api: Api) -> None:
    """The oldest first, a page at a time, narrowed by delegator and delegate."""
    first = await api.delegated("ann", "carla", "sales")
    second = await api.delegated("fiona", "ann", "finance")
    assert await all_delegations(api, 'delegate = "users/ann"') == [second]
    assert await all_delegations(api, 'delegator = "users/ann"') == [first]
    page = await api.delegations.ListDelegations(pb.ListDelegationsRequest(page_size=1), metadata=ANN)
    rest = await api.delegations.ListDelegations(
        pb.ListDelegationsRequest(page_size=1, page_token=page.next_page_token), metadata=ANN
    )
    assert [*page.delegations, *rest.delegations] == [first, second]
    assert not rest.next_page_token
    refusal = await refused(all_delegations(api, "reason = x"))
    assert (refusal.reason, refusal.fields) == (INVALID, ["filter"])


async def test_a_delegation_is_ended_by_its_two(api: Api) -> None:
    """Under the etag that was seen; it then ends at that moment, and ending it again changes nothing."""
    made = await api.delegated("ann", "carla", "sales")
    request = pb.EndDelegationRequest(name=made.name, etag=made.etag)
    refusal = await refused(api.delegations.EndDelegation(request, metadata=by("ben")))
    assert refusal.reason == (DENIED, "NOT_AN_APPROVER")
    stale = pb.EndDelegationRequest(name=made.name, etag='"0"')
    refusal = await refused(api.delegations.EndDelegation(stale, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert refusal.info.metadata["current_etag"] == made.etag
    ended = await api.delegations.EndDelegation(request, metadata=by("carla"))
    assert ended.end_time.ToNanoseconds() < made.end_time.ToNanoseconds()
    assert ended.revision != made.revision
    again = pb.EndDelegationRequest(name=made.name, etag=ended.etag)
    assert await api.delegations.EndDelegation(again, metadata=ANN) == ended


async def test_a_repeated_end_is_answered_again(api: Api) -> None:
    """The same request id under the etag that was seen first gives the same answer."""
    made = await api.delegated("ann", "carla", "sales")
    request = pb.EndDelegationRequest(name=made.name, etag=made.etag, request_id=str(uuid.uuid4()))
    first = await api.delegations.EndDelegation(request, metadata=ANN)
    assert await api.delegations.EndDelegation(request, metadata=ANN) == first


async def test_what_is_no_delegation_is_refused(api: Api) -> None:
    """A name never issued is not found; one that is no name, or no etag, is an invalid argument."""
    for name, code in (("delegations/1", grpc.StatusCode.NOT_FOUND), ("users/ann", INVALID[0])):
        request = pb.GetDelegationRequest(name=name)
        assert (await refused(api.delegations.GetDelegation(request, metadata=ANN))).code == code
        ending = pb.EndDelegationRequest(name=name, etag="e")
        assert (await refused(api.delegations.EndDelegation(ending, metadata=ANN))).code == code
    ending = pb.EndDelegationRequest(name="delegations/1")
    assert (await refused(api.delegations.EndDelegation(ending, metadata=ANN))).fields == ["etag"]
