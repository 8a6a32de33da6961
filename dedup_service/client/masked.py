"""Marks in the place of values that the caller may not read, for programs that show values to people.

The service leaves such a value out of an answer and gives a tag for it beside the others. A mark takes its place, so
that all which shows values shows that there is one; tags of equal values are equal, and so are their marks.
Do not write back what holds marks: the service refuses it.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from dedup_service.v1 import core_pb2, golden_record_service_pb2, intake_service_pb2, match_service_pb2
from dedup_service.v1 import merge_plan_pb2, record_service_pb2

# Makes the mark of a tag; of an empty one where the service gives none.
Mark = Callable[[str], str]


def put_marks(message: Message, mark: Mark) -> None:
    """Put a mark in the place of every masked value of a message."""
    match message:
        case record_service_pb2.Record() | core_pb2.GoldenImage():
            for name, tag in message.masked_values.items():
                message.values[name] = mark(tag)
        case golden_record_service_pb2.GoldenValue() | merge_plan_pb2.LosingValue() if message.masked_tag:
            message.value = mark(message.masked_tag)
        case core_pb2.Contribution() | match_service_pb2.WaterfallStep() if message.masked:
            message.evidence = mark("")
        case match_service_pb2.BlockingKey() if message.masked:
            prefix, _, tag = message.key.partition(":")
            message.key = f"{prefix}:{mark(tag)}"
        case intake_service_pb2.FoldedValue() if message.masked:
            message.stored = message.offered = mark("")
        case intake_service_pb2.DataEntryFinding() if message.masked:
            message.message = mark("")
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
