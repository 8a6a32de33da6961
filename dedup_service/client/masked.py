"""Marks in the place of values that the caller may not read, for programs that show values to people.

The service leaves such a value out of an answer and gives a tag for it beside the others. A mark takes its
place, so that all which shows values shows that there is one; tags of equal values are equal, and so are the
marks. Do not write back what holds marks: the service refuses it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from dedup_service.v1 import (
    core_pb2,
    golden_record_service_pb2,
    intake_service_pb2,
    match_service_pb2,
    merge_plan_pb2,
    record_service_pb2,
)

# Makes the mark of a tag; of an empty one where the service gives none.
Mark = Callable[[str], str]


def put_marks(message: Message, mark: Mark) -> None:
    """Put a mark in the place of every masked value of a message."""
    rule = _RULES.get(type(message))
    if rule is not None:
        rule(message, mark)
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for below in _messages(field, value):
                put_marks(below, mark)


def _messages(field: FieldDescriptor, value: Any) -> list[Message]:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        is_message = entry.fields_by_name["value"].type == FieldDescriptor.TYPE_MESSAGE
        return [value[key] for key in value] if is_message else []
    return list(value) if field.is_repeated else [value]


def _values(message: Any, mark: Mark) -> None:
    for name, tag in message.masked_values.items():
        message.values[name] = mark(tag)


def _value(message: Any, mark: Mark) -> None:
    if message.masked_tag:
        message.value = mark(message.masked_tag)


def _evidence(message: Any, mark: Mark) -> None:
    if message.masked:
        message.evidence = mark("")


def _key(message: match_service_pb2.BlockingKey, mark: Mark) -> None:
    if message.masked:
        prefix, _, tag = message.key.partition(":")
        message.key = f"{prefix}:{mark(tag)}"


def _folded(message: intake_service_pb2.FoldedValue, mark: Mark) -> None:
    if message.masked:
        message.stored = message.offered = mark("")


def _finding(message: intake_service_pb2.DataEntryFinding, mark: Mark) -> None:
    if message.masked:
        message.message = mark("")


_RULES: Mapping[type[Message], Callable[[Any, Mark], None]] = {
    record_service_pb2.Record: _values,
    core_pb2.GoldenImage: _values,
    golden_record_service_pb2.GoldenValue: _value,
    merge_plan_pb2.LosingValue: _value,
    core_pb2.Contribution: _evidence,
    match_service_pb2.WaterfallStep: _evidence,
    match_service_pb2.BlockingKey: _key,
    intake_service_pb2.FoldedValue: _folded,
    intake_service_pb2.DataEntryFinding: _finding,
}
