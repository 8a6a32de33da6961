"""Answers as one caller may see them: masked values as tags, and hidden records left out and counted.

Every message of an answer passes `Showing.shown`. A message that holds values has a rule of its own in
`rules.py`; `tests/rpc/test_sight_coverage.py` fails for a text of the API that has neither a rule nor a line
there that says why it needs none.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from dedup_service.rpc.sight import compared
from dedup_service.rpc.sight.names import Hiding, is_map, is_map_of_messages
from dedup_service.rpc.sight.tags import Tags

# Fields of this name lead from fields to names of records, whatever message they are in.
_CHOICES = "field_choices"


@dataclass(frozen=True, slots=True)
class _Part:
    """A field that may hold what is not to be seen."""

    name: str
    is_text: bool
    is_map: bool
    is_repeated: bool


@cache
def _parts(message: Descriptor) -> tuple[_Part, ...]:
    """The fields of a message that hold text, or messages that do; maps of text are for its rule."""
    found = []
    for field in message.fields:
        below = field.message_type
        is_text = field.type == FieldDescriptor.TYPE_STRING
        if is_text or (below is not None and _holds_text(below) and _is_looked_into(field)):
            found.append(_Part(field.name, is_text, is_map(field), field.is_repeated))
    return tuple(found)


def _is_looked_into(field: FieldDescriptor) -> bool:
    return not is_map(field) or is_map_of_messages(field) or field.name == _CHOICES


def _holds_text(message: Descriptor, within: frozenset[str] = frozenset()) -> bool:
    """Whether text can be anywhere in a message; a message within itself adds nothing."""
    if message.full_name in within:
        return False
    inside = within | {message.full_name}
    return any(
        field.type == FieldDescriptor.TYPE_STRING
        or (field.message_type is not None and _holds_text(field.message_type, inside))
        for field in message.fields
    )


class Showing:
    """Makes answers fit for one caller; changes the messages that it is given."""

    def __init__(self, hiding: Hiding, tags: Tags, rules: "Rules") -> None:
        self.hiding = hiding
        self.sight = hiding.sight
        self._tags = tags
        self._rules = rules

    def shown(self, message: Message) -> bool:
        """Take out what the caller may not see; False where that is the whole message."""
        rule = self._rules.get(message.DESCRIPTOR.full_name)
        if rule is not None and not rule(self, message):
            return False
        for part in _parts(message.DESCRIPTOR):
            if part.is_text:
                if self.sight.hides_records:
                    self._show_text(message, part)
            elif part.is_map:
                self._show_map(message, part)
            elif part.is_repeated:
                self._show_messages(getattr(message, part.name))
            elif message.HasField(part.name) and not self.shown(getattr(message, part.name)):
                message.ClearField(part.name)
        return True

    def _show_map(self, message: Message, part: "_Part") -> None:
        below = getattr(message, part.name)
        if part.name == _CHOICES:
            for key in [key for key, name in below.items() if self.hiding.hides(name)]:
                del below[key]
        else:
            for key in [key for key in below if not self.shown(below[key])]:
                del below[key]

    def _show_messages(self, messages: Any) -> None:
        kept = [one for one in messages if self.shown(one)]
        if len(kept) < len(messages):
            kept = [type(one).FromString(one.SerializeToString()) for one in kept]
            del messages[:]
            messages.extend(kept)

    def _show_text(self, message: Message, part: "_Part") -> None:
        value = getattr(message, part.name)
        if not part.is_repeated:
            text = self.hiding.text(value)
            if text != value:
                setattr(message, part.name, text)
            return
        texts = [text for text in map(self.hiding.text, value) if text]
        if texts != list(value):
            value[:] = texts

    def tag(self, field: str, value: str) -> str:
        return self._tags.tag(field, value)

    def mask_values(
        self, values: MutableMapping[str, str], masked: MutableMapping[str, str], *, every: bool = False
    ) -> None:
        """Move the values that may not be read to their tags."""
        for name in [name for name in values if every or self.sight.masks(name)]:
            masked[name] = self.tag(name, values.pop(name))

    def hidden_count(self, names: Iterable[str]) -> int:
        return sum(map(self.hiding.hides, names))

    def masks_compared(self, comparison: str) -> bool:
        return self.sight.masks_any(compared.OF_COMPARISON.get(comparison, compared.COMPARED))

    def masks_key(self, key: str) -> bool:
        return self.sight.masks_any(compared.OF_KEY.get(key.partition(":")[0], compared.COMPARED))

    def key(self, key: str) -> str:
        """A blocking key, with a tag for its value where that may not be read."""
        prefix = key.partition(":")[0]
        return f"{prefix}:{self.tag(f'key {prefix}', key)}" if self.masks_key(key) else key


# What is done with a message before its parts are shown, by its full name; False leaves it out.
Rules = Mapping[str, Callable[[Showing, Any], bool]]
