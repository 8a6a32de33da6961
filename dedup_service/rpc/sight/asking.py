"""Requests: nobody asks by what they may not read, or writes it, so that no answer can tell it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from dedup_service.domain.errors import NotFound, PermissionRefused, Reason
from dedup_service.domain.records import ID_TO_BE_GIVEN, RecordKey
from dedup_service.domain.visibility import VisibilityPolicy
from dedup_service.rpc.sight.compared import COMPARED
from dedup_service.rpc.sight.names import Hiding, is_map, named_records
from dedup_service.v1 import (
    core_pb2,
    golden_record_service_pb2,
    intake_service_pb2,
    match_service_pb2,
    merge_proposal_pb2,
    record_service_pb2,
)

_VALUES = "values."


def check_request(request: Message, caller: str, hiding: Hiding, rules: VisibilityPolicy) -> None:
    """Refuse a request that names a masked field or a hidden record.

    The least probability of a match becomes one of whole bits where a compared field is masked: by narrowing
    it down one could else learn the weight of the masked comparison.

    Raises:
        PermissionRefused: MISSING_ROLE, naming the field and the functions that may read it.
        NotFound: for the first hidden record, as if there were none.
    """
    for name in _fields_named(request):
        if hiding.sight.masks(name):
            functions = sorted(rules.fields[name].functions) if name in rules.fields else []
            raise PermissionRefused(
                Reason.MISSING_ROLE,
                f"{caller} may not read {name}, and so neither writes it nor asks by it",
                functions,
            )
    if hiding.sight.hides_records:
        for name in _records_named(request):
            key = RecordKey.parse(name)
            if hiding.hides(name) and key is not None and key.source_record_id != ID_TO_BE_GIVEN:
                raise NotFound("Record", name)
    if isinstance(request, match_service_pb2.MatchRequest) and hiding.sight.masks_any(COMPARED):
        _round_probability(request)


def _fields_named(message: Message) -> Iterator[str]:
    found = _NAMING.get(type(message))
    if found is not None:
        yield from found(message)
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE and not is_map(field):
            for one in value if field.is_repeated else (value,):
                yield from _fields_named(one)


def _of_mask(mask: Any) -> Iterator[str]:
    return (path.partition(_VALUES)[2] for path in mask.paths if _VALUES in path)


_NAMING: Mapping[type[Message], Callable[[Any], Iterator[str]]] = {
    record_service_pb2.Record: lambda message: iter(message.values),
    core_pb2.Candidate: lambda message: iter(message.values),
    intake_service_pb2.ValidateRequest: lambda message: iter(message.values),
    merge_proposal_pb2.MergeProposal: lambda message: iter(message.field_choices),
    golden_record_service_pb2.Identifier: lambda message: iter((message.field,)),
    golden_record_service_pb2.ConfirmAccountRequest: lambda _: iter(("customer_number",)),
    FieldMask: _of_mask,
}


def _records_named(message: Message) -> Iterator[str]:
    """The records that a request is about: not those that somebody mentions in a comment."""
    for field, value in message.ListFields():
        if is_map(field):
            if isinstance(message, merge_proposal_pb2.MergeProposal):
                yield from value.values()
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in value if field.is_repeated else (value,):
                yield from _records_named(one)
        elif field.name == "filter":
            yield from named_records(message)
        elif field.type == FieldDescriptor.TYPE_STRING:
            # Below a record there may be more, such as its certificate of erasure.
            yield from ("/".join(each.split("/")[:4]) for each in (value if field.is_repeated else (value,)))


def _round_probability(request: match_service_pb2.MatchRequest) -> None:
    least = request.min_probability
    if request.HasField("min_probability") and 0.0 < least < 1.0:
        bits = max(-1000, math.floor(math.log2(least) - math.log2(1.0 - least)))
        request.min_probability = 1.0 / (1.0 + 2.0**-bits)
