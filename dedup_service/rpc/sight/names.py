"""Names of records in messages and sentences: those that a caller may not read, and none of them left."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from dedup_service.domain.errors import DedupError
from dedup_service.domain.records import RecordKey, RecordKind
from dedup_service.domain.visibility import Sight

HIDDEN_RECORD = "a record that you may not read"
_NAME = re.compile(r"sources/([a-z][a-z0-9_-]{0,62})/records/([^\s/\x00-\x1f\x7f\"]{1,200})")
# What may follow a name in a sentence, and be part of one as well.
_PUNCTUATION = ".,;:)'"


@dataclass(frozen=True)
class Hiding:
    """Which records are hidden; `kinds` are those of the named records of sources that are hidden in part."""

    sight: Sight
    kinds: Mapping[str, RecordKind]

    def hides(self, name: str, kind: RecordKind | None = None) -> bool:
        """Whether the record of this name may not be read; one that is not stored is a secret of nobody."""
        if not self.sight.hides_records:
            return False
        key = RecordKey.parse(name)
        if key is None:
            return False
        if not self.sight.hides_kinds_of(key.source):
            return not self.sight.may_read(key.source, RecordKind.LEAD)
        found = kind or self.kinds.get(name)
        return found is not None and not self.sight.may_read(key.source, found)

    def text(self, text: str) -> str:
        """The text without the names of hidden records; nothing where it is but one."""
        if not self.sight.hides_records or "sources/" not in text:
            return text
        if self.hides(text):
            return ""
        return _NAME.sub(lambda found: self._said(found[0]), text)

    def _said(self, name: str) -> str:
        hidden = next((each for each in _readings(name) if self.hides(each)), None)
        return name if hidden is None else f"{HIDDEN_RECORD}{name[len(hidden) :]}"

    def error(self, refused: DedupError) -> DedupError:
        """A refusal that names no hidden record, in its sentence or its details."""
        if self.sight.hides_records:
            for name, value in vars(refused).items():
                setattr(refused, name, self._clean(value))
            refused.args = tuple(self._clean(value) for value in refused.args)
        return refused

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value) if not self.hides(value) else HIDDEN_RECORD
        if isinstance(value, tuple | list):
            return type(value)(self._clean(each) for each in value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{each.name: self._clean(getattr(value, each.name)) for each in fields(value)}
            )
        return value


def named_records(about: Message | DedupError) -> Iterator[str]:
    """Every name of a record in a message or refusal, also within sentences."""
    for text in _texts(about) if isinstance(about, Message) else (f"{about} {vars(about)}",):
        for found in _NAME.finditer(text):
            yield from _readings(found[0])


def _readings(name: str) -> Iterator[str]:
    """A name as it stands in a sentence, with and without what may be the end of the sentence."""
    yield name
    while name[-1] in _PUNCTUATION:
        name = name[:-1]
        yield name


def keys_in_part(names: Iterable[str], sight: Sight) -> list[RecordKey]:
    """The keys of those names whose kind says whether they are hidden."""
    keys = (RecordKey.parse(name) for name in set(names))
    return [key for key in keys if key is not None and sight.hides_kinds_of(key.source)]


def _texts(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if is_map(field):
            for key in value:
                one = value[key]
                yield from _texts(one) if isinstance(one, Message) else (str(one),)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in value if field.is_repeated else (value,):
                yield from _texts(one)
        elif field.type == FieldDescriptor.TYPE_STRING:
            yield from value if field.is_repeated else (value,)


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def is_map_of_messages(field: FieldDescriptor) -> bool:
    entry = field.message_type
    return entry is not None and entry.fields_by_name["value"].type == FieldDescriptor.TYPE_MESSAGE
