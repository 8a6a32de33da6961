"""Requests made from the descriptors of the API: right, nearly right, spoilt, and no requests at all.

What a field is given is drawn from the seed; which names and messages there are is learnt from the answers.
"""

from collections.abc import Callable
from random import Random
from typing import Any, cast

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.trust.fuzz.examples import EXAMPLES
from tests.trust.fuzz.seen import Seen, child_of, reference_of
from tests.trust.fuzz.texts import marked
from tests.trust.fuzz.words import FIELD_NAMES, HOSTILE, NEARLY_RIGHT, NUMBERS

_DEEPEST = 5
_MASK = "google.protobuf.FieldMask"
_DURATION = "google.protobuf.Duration"
# Each a share of 1,000 requests; the rest is well formed.
_NOISE, _CUT, _FLIPPED, _TWICE, _NUL, _NESTED, _LARGE = 40, 40, 40, 30, 50, 10, 2
_LARGE_BYTES = 1_100_000
# The part of requests that are made of what is known, and of their changes.
_GENTLE, _SPOILT_WHEN_GENTLE = 0.6, 0.15
# A text that breaks programs, among others that are right.
_HOSTILE_WHEN_GENTLE = 0.04
# How often a field is set that a request must have.
_REQUIRED = 0.97


class Requests:
    """Draws the bytes of requests."""

    def __init__(self, random: Random, seen: Seen) -> None:
        self._random = random
        self._seen = seen
        # Of what is known alone, so that it passes the checks; otherwise anything goes.
        self._gently = False

    def draw(self, method: MethodDescriptor) -> bytes:
        """The bytes of a request for a method."""
        random = self._random
        data = self.message(method).SerializeToString()
        at = random.randrange(1000)
        spoilt: tuple[tuple[int, Callable[[], bytes]], ...] = (
            (_NOISE, lambda: random.randbytes(random.randrange(80))),
            (_CUT, lambda: data[: random.randrange(len(data) + 1)]),
            (_FLIPPED, lambda: self._flipped(data)),
            # Both cases of a oneof, fields set twice, lists of two requests.
            (_TWICE, lambda: data + self.message(method).SerializeToString()),
            (_NUL, lambda: self._with_nul(method)),
            (_NESTED, lambda: data + _nested(random.choice((50, 90, 110, 5000)))),
            (_LARGE, lambda: data + _field(15, b"x" * _LARGE_BYTES)),
        )
        for share, spoil in spoilt:
            if at < share:
                return spoil()
            at -= share
        return data

    def _with_nul(self, method: MethodDescriptor) -> bytes:
        """A NUL in one text of a request that is right, or nearly, in all else."""
        request = self.message(method, gentle=1.0)
        return self._random.choice(marked(request, "\0") or [request]).SerializeToString()

    def message(self, method: MethodDescriptor, gentle: float = _GENTLE) -> Message:
        """A request of a method's type: about what there is as often as not."""
        request = GetMessageClass(method.input_type)()
        self._gently = self._random.random() < gentle
        if self._gently and method.name in EXAMPLES:
            request = EXAMPLES[method.name](self._seen, self._random)
            if self._random.random() < _SPOILT_WHEN_GENTLE:
                self._spoil(request, 0)
            return request
        example = self._seen.like(self._random, method.name) if self._random.random() < 0.8 else None
        self._fill(request, 0, example)
        return request

    def _fill(self, message: Message, depth: int, example: Message | None) -> None:
        """Set some of the fields; those that `example` has too are mostly taken from it, to fit together."""
        random = self._random
        chance = random.choice((0.0, 0.1, 0.3) if self._gently else (0.15, 0.5, 0.5, 0.9))
        known = {field.name: value for field, value in example.ListFields()} if example is not None else {}
        oneofs: Any = message.DESCRIPTOR.oneofs
        chosen = {random.choice(each.fields).name for each in oneofs}
        for field in message.DESCRIPTOR.fields:
            oneof = field.containing_oneof
            if self._gently and oneof is not None and len(oneof.fields) > 1:
                if field.name in chosen:
                    self._set(message, field, depth, example)
            elif field.name in known and random.random() < 0.95 and _fits(field, known[field.name]):
                setattr(message, field.name, known[field.name])
            elif random.random() < (_REQUIRED if _is_required(field) else chance):
                self._set(message, field, depth, example)

    def _set(self, message: Message, field: Any, depth: int, example: Message | None) -> None:
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                self._fill_map(getattr(message, field.name), field)
            elif depth < _DEEPEST:
                self._set_messages(message, field, depth, example)
        elif field.is_repeated:
            count = self._random.choice((1, 1, 2, 3) if self._gently else (1, 1, 2, 3, 60))
            values = [self._scalar(field) for _ in range(count)]
            getattr(message, field.name).extend(values)
        else:
            setattr(message, field.name, self._scalar(field))

    def _set_messages(self, message: Message, field: Any, depth: int, example: Message | None) -> None:
        inner = GetMessageClass(cast("Descriptor", field.message_type))
        target = getattr(message, field.name)
        for _ in range(self._random.choice((1, 1, 2, 5)) if field.is_repeated else 1):
            value = inner()
            of_type = example is not None and example.DESCRIPTOR is inner.DESCRIPTOR
            known = example if of_type else self._seen.message(self._random, inner.DESCRIPTOR.full_name)
            if inner.DESCRIPTOR.full_name == _MASK:
                value.paths.extend(self._mask_paths(message))  # type: ignore[attr-defined]  # it is a mask
            elif inner.DESCRIPTOR.full_name == _DURATION:
                # A wait is over before the call must be.
                value.nanos = self._random.choice((0, 1_000_000, -1, 2**31 - 1))  # type: ignore[attr-defined]  # likewise
            elif known is not None and self._random.random() < 0.7:
                value.CopyFrom(known)
                if self._random.random() < (_SPOILT_WHEN_GENTLE if self._gently else 0.5):
                    self._spoil(value, depth + 1)
            else:
                self._fill(value, depth + 1, None)
            (target.add() if field.is_repeated else target).CopyFrom(value)
            if not field.is_repeated:
                target.SetInParent()

    def _mask_paths(self, message: Message) -> list[str]:
        """Fields of what a mask may be about, mostly."""
        fields: Any = message.DESCRIPTOR.fields
        inner = [field for field in fields if field.message_type is not None]
        names = [each.name for field in inner for each in field.message_type.fields]
        wanted = [name for name in names if self._random.random() < 0.3]
        return [*wanted, *([self._text("path")] if self._random.random() < 0.3 else [])]

    def _spoil(self, message: Message, depth: int) -> None:
        """Change one field of a message, to anything: the rest of it leads to where that may do harm."""
        gently, self._gently = self._gently, False
        fields: Any = message.DESCRIPTOR.fields
        field = self._random.choice(list(fields))
        if not field.is_repeated or self._random.random() < 0.5:
            message.ClearField(field.name)
        if self._random.random() < 0.8:
            self._set(message, field, depth, None)
        self._gently = gently

    def _fill_map(self, entries: Any, field: Any) -> None:
        value = cast("Descriptor", field.message_type).fields_by_name["value"]
        for _ in range(self._random.choice((1, 2, 3, 8))):
            if value.message_type is None and value.type == FieldDescriptor.TYPE_STRING:
                name = self._random.choice(FIELD_NAMES) if self._gently else self._text("email")
                entries[name] = self._text(name)

    def _scalar(self, field: Any) -> Any:
        if field.type == FieldDescriptor.TYPE_STRING:
            return self._text_of(field)
        if self._gently and field.enum_type is not None:
            return _enum_number(self._random, field)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self._random.randbytes(self._random.randrange(60))
        return self._random.choice(NUMBERS[field.type])

    def _text_of(self, field: Any) -> str:
        """A text for a field: of names, mostly those that fit."""
        if self._gently and field.name == "request_id":
            return f"{self._random.getrandbits(64):x}"
        if self._gently and (kind := child_of(field)):
            return self._seen.parent(self._random, kind) or "sources/crm"
        return self._text(field.name, reference_of(field))

    def _text(self, field_name: str, kind: str = "") -> str:
        random = self._random
        if self._gently and random.random() < _HOSTILE_WHEN_GENTLE:
            return random.choice(HOSTILE)
        if self._gently:
            known = self._seen.resource(random, kind) if kind else self._seen.text(random, field_name)
            return known if known is not None and random.random() < 0.8 else random.choice(NEARLY_RIGHT)
        match random.randrange(10):
            case 0 | 1 | 2 | 3:
                found = self._seen.text(random, field_name)
            case 4 | 5:
                found = self._seen.resource(random, kind)
            case 6 | 7:
                found = random.choice(NEARLY_RIGHT)
            case 8:
                found = "".join(
                    chr(random.choice((random.randrange(32, 127), random.randrange(1, 0xD7FF))))
                    for _ in range(random.randrange(40))
                )
            case _:
                found = None
        return random.choice(HOSTILE) if found is None else found

    def _flipped(self, data: bytes) -> bytes:
        """Some bytes changed, as bad memory or a bad proxy would."""
        spoilt = bytearray(data)
        for _ in range(self._random.randrange(1, 5)):
            if spoilt:
                spoilt[self._random.randrange(len(spoilt))] = self._random.randrange(256)
        return bytes(spoilt)


def _is_required(field: Any) -> bool:
    behaviour = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.REQUIRED in behaviour or field_behavior_pb2.IDENTIFIER in behaviour


def _enum_number(random: Random, field: Any) -> int:
    """The number of a value that an enum has."""
    return int(random.choice(list(field.enum_type.values)).number)


def _fits(field: Any, value: object) -> bool:
    """Whether a field is one that a value of another message can be put in."""
    if field.is_repeated or field.message_type is not None:
        return False
    return (
        isinstance(value, str) == (field.type == FieldDescriptor.TYPE_STRING)
        and field.type != FieldDescriptor.TYPE_BYTES
        and not isinstance(value, bytes)
    )


def _field(number: int, content: bytes) -> bytes:
    """A field of a length and bytes, as protobuf writes it."""
    length, size = b"", len(content)
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def _nested(depth: int) -> bytes:
    """Messages in messages, in a field that nobody reads: they must be read all the same."""
    data = b""
    for _ in range(depth):
        data = _field(14, data)
    return data
