"""What the service has answered, so that requests name what there is: messages by type, texts by field."""

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import Any, TypeVar

from google.api import resource_pb2
from google.protobuf.message import Message

T = TypeVar("T")
_KEPT = 40
_DEEPEST = 6
_MOST_PARTS = 60


class Seen:
    """The latest messages of each type, and the latest texts of each field, of all answers."""

    def __init__(self) -> None:
        self._messages: dict[str, deque[Message]] = {}
        self._texts: dict[str, deque[str]] = {}
        self._resources: dict[str, deque[str]] = {}

    def learn(self, answer: Message) -> None:
        """Keep the parts of an answer, the first of long lists."""
        for count, part in enumerate(_parts(answer, 0)):
            if count == _MOST_PARTS:
                return
            self._messages.setdefault(part.DESCRIPTOR.full_name, deque(maxlen=_KEPT)).append(part)
            for field, value in part.ListFields():
                if field.type == field.TYPE_STRING and not field.is_repeated:
                    self._texts.setdefault(field.name, deque(maxlen=_KEPT)).append(value)
                    if kind := reference_of(field) or _own_name(part.DESCRIPTOR, field):
                        self._resources.setdefault(kind, deque(maxlen=_KEPT)).append(value)

    def message(self, random: Random, type_name: str) -> Message | None:
        """A message of a type as it was answered."""
        return self._one(random, self._messages.get(type_name))

    def like(self, random: Random, words: str) -> Message | None:
        """A message whose type's name is part of these words, the longest such name first."""
        names = [name for name in self._messages if name.rpartition(".")[2] in words]
        return self.message(random, max(names, key=len)) if names else None

    def text(self, random: Random, field_name: str) -> str | None:
        """A text of a field of this name, wherever it stood."""
        return self._one(random, self._texts.get(field_name))

    def resource(self, random: Random, kind: str = "") -> str | None:
        """The name of something that there is, of a kind such as `dedup-service/Merge` or of any."""
        if kind in self._resources:
            return self._one(random, self._resources[kind])
        kinds = list(self._resources.values())
        return self._one(random, random.choice(kinds)) if kinds and kind in ("", "*") else None

    def parent(self, random: Random, kind: str) -> str | None:
        """The name of what holds something that there is, such as its source."""
        child = self.resource(random, kind)
        return None if child is None else child.rsplit("/", 2)[0]

    @staticmethod
    def _one(random: Random, kept: deque[T] | None) -> T | None:
        return random.choice(kept) if kept else None


def reference_of(field: Any) -> str:
    """The kind of resource that a field names, as the API says it; empty if it names none."""
    return str(field.GetOptions().Extensions[resource_pb2.resource_reference].type)


def child_of(field: Any) -> str:
    """The kind of resource whose parent a field names; empty if it names no parent."""
    return str(field.GetOptions().Extensions[resource_pb2.resource_reference].child_type)


def _own_name(kind: Any, field: Any) -> str:
    """The kind of resource whose name a field is."""
    found = kind.GetOptions().Extensions[resource_pb2.resource]
    return str(found.type) if field.name == (found.name_field or "name") else ""


def _parts(message: Message, depth: int) -> Iterator[Message]:
    yield message
    if depth == _DEEPEST:
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for part in list(value)[:20] if field.is_repeated else (value,):
            yield from _parts(part, depth + 1)
