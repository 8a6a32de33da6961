"""Which fields of a record an update writes (AIP-134)."""

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.fields import MAX_FIELDS, is_known_field
from dedup_service.domain.records import Violation
from dedup_service.v1.record_service_pb2 import Record, UpdateRecordRequest

_WRITABLE = (
    "kind",
    "values",
    "facts",
    "children",
    "owner",
    "person_account",
    "account",
    "parent",
    "source_update_time",
)
# Set by the service, or not written but compared: a mask that names them says nothing.
_IGNORED = frozenset(field.name for field in Record.DESCRIPTOR.fields) - frozenset(_WRITABLE)
_EVERYTHING = "*"
_MAX_PATHS = MAX_FIELDS + len(Record.DESCRIPTOR.fields)


def update_mask(request: UpdateRecordRequest, at: str) -> tuple[str, ...] | None:
    """The paths that the request writes; None for all of the record.

    Raises:
        InvalidInput: with every path that cannot be written.
    """
    paths = list(request.update_mask.paths)
    if not paths:
        return tuple(name for name in _WRITABLE if _populated(request.record, name))
    if len(paths) > _MAX_PATHS:
        raise InvalidInput.at(at, f"has {len(paths)} paths, at most {_MAX_PATHS} are taken")
    if _EVERYTHING in paths:
        if len(paths) > 1:
            raise InvalidInput.at(at, "* stands alone: it means every field")
        return None
    violations = [
        Violation(f"{at}.paths[{number}]", problem)
        for number, path in enumerate(paths)
        if (problem := _problem(path))
    ]
    if violations:
        raise InvalidInput(violations)
    return tuple(path for path in paths if path not in _IGNORED)


def _populated(record: Record, name: str) -> bool:
    if name in {"owner", "source_update_time"}:
        return record.HasField(name)  # type: ignore[arg-type]  # the two names are literals only to a reader
    return bool(getattr(record, name))


def _problem(path: str) -> str:
    head, _, field = path.partition(".")
    if head == "values" and field:
        return "" if is_known_field(field) else "no such field; custom fields are named custom.your_name"
    if not field and (head in _WRITABLE or head in _IGNORED):
        return ""
    return f"cannot be written by itself; use {', '.join(_WRITABLE)} or values.FIELD"
