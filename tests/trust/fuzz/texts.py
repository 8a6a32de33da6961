"""The texts within a request, so that one of them can be spoilt while all else of it is right."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)
Append = Callable[[str], None]


def marked(message: M, mark: str) -> list[M]:
    """Copies of a message, each with a mark behind another one of its texts; none for one without texts."""
    copies = []
    for place in range(len(list(_places(message)))):
        copy = type(message)()
        copy.CopyFrom(message)
        list(_places(copy))[place](mark)
        copies.append(copy)
    return copies


def _places(message: Any) -> Iterator[Append]:
    """What appends to each of the texts, also in lists, maps and the messages within."""
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from _in_map(field, value)
        elif field.message_type is not None:
            for each in value if field.is_repeated else (value,):
                yield from _places(each)
        elif field.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                yield from (_in_list(value, at) for at in range(len(value)))
            else:
                yield _in_field(message, field.name)


def _in_field(message: Any, name: str) -> Append:
    return lambda mark: setattr(message, name, getattr(message, name) + mark)


def _in_list(texts: Any, at: int) -> Append:
    return lambda mark: texts.__setitem__(at, texts[at] + mark)


def _in_map(field: Any, entries: Any) -> Iterator[Append]:
    value = field.message_type.fields_by_name["value"]
    for key in list(entries):
        if value.message_type is not None:
            yield from _places(entries[key])
        elif value.type == FieldDescriptor.TYPE_STRING:
            yield _in_entry(entries, key)
            yield _in_key(entries, key)


def _in_entry(entries: Any, key: str) -> Append:
    return lambda mark: entries.__setitem__(key, entries[key] + mark)


def _in_key(entries: Any, key: str) -> Append:
    return lambda mark: entries.__setitem__(key + mark, entries.pop(key))
