"""Where calls come in: to the handler of their method, or out again at once where all places are taken.

Above capacity most calls are refused, so a refusal must cost little: this one reads neither the request nor
the caller, and its status was written once. What people decide has doors of its own: gRPC keeps a queue for
each, so that a vote never stands behind a flood of matches.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from grpc.aio import ServicerContext

from dedup_service.rpc.access import CallClass
from dedup_service.rpc.admission import BUSY, Admission
from dedup_service.rpc.errors import STATUS_METADATA_KEY, OverloadedError, status_of
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.telemetry.recording import MethodMeter, Telemetry

# Few call them. Each door of its own costs every call some time, so programs share one.
_OF_PEOPLE = (CallClass.DECIDE, CallClass.MANAGE)
_CODE = grpc.StatusCode.RESOURCE_EXHAUSTED


@dataclass(frozen=True, slots=True)
class Door:
    """What answers a method, and the places that its calls take."""

    handler: Any
    room: str
    meter: MethodMeter


class Doors(grpc.GenericRpcHandler):
    """The methods of the API by their paths, such as ``/dedup_service.v1.MatchService/Match``."""

    def __init__(
        self, doors: Mapping[str, Door], admission: Admission, tokens: RevisionTokens, telemetry: Telemetry
    ) -> None:
        self._doors = doors
        self._admission = admission
        self._telemetry = telemetry
        # Of the sort that takes a stream: its requests are not waited for.
        self._refusing: Any = grpc.stream_stream_rpc_method_handler(_refusing(tokens))

    @property
    def of_their_own(self) -> Mapping[str, Mapping[str, Any]]:
        """The handlers of what people decide, by service and method."""
        found: dict[str, dict[str, Any]] = {}
        for path, door in self._doors.items():
            if door.room in _OF_PEOPLE:
                _, service, method = path.split("/")
                found.setdefault(service, {})[method] = door.handler
        return found

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call; None for a method that nobody answers."""
        door = self._doors.get(handler_call_details.method)
        if door is None:
            return None
        if not self._admission.full(door.room):
            return door.handler
        self._telemetry.refused(door.room)
        door.meter.begin(lambda: None).end(_CODE.value[0])
        return self._refusing


def _refusing(tokens: RevisionTokens) -> Callable[..., Awaitable[None]]:
    status = status_of(OverloadedError(BUSY), "", tokens)
    trailer = ((STATUS_METADATA_KEY, status.SerializeToString()),)

    async def refuse(_: object, context: ServicerContext[Any, Any]) -> None:
        await context.abort(_CODE, status.message, trailer)

    return refuse
