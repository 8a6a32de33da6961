"""Checks of single request fields that are stored or compared, made before any work."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import Violation
from dedup_service.domain.validation import text_problem

MAX_TEXT_CODE_POINTS = 2000
MAX_ETAG_CODE_POINTS = 200
MAX_POLICY_BYTES = 256 * 1024
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def check_text(text: str, at: str, *, required: bool = False, limit: int = MAX_TEXT_CODE_POINTS) -> str:
    """The text itself, when it can be stored."""
    if problem := text_problem(text, limit):
        raise InvalidInput.at(at, problem)
    if required and not text.strip():
        raise InvalidInput.at(at, "is required")
    return text


def check_random_id(request_id: str, at: str) -> str:
    """The id of a request itself, when it is a UUID: a name that somebody made up may say whose it is."""
    if request_id and not _UUID.fullmatch(request_id):
        raise InvalidInput.at(at, "must be a UUID: it is kept for longer than what is erased")
    return request_id


def check_policy_text(text: str, at: str) -> str:
    """The text, when it could be a policy: reading YAML costs more than its bytes tell."""
    byte_count = len(text.encode())
    if byte_count > MAX_POLICY_BYTES:
        raise InvalidInput.at(at, f"has {byte_count} bytes, at most {MAX_POLICY_BYTES} are taken; shorten it")
    return check_text(text, at, required=True, limit=MAX_POLICY_BYTES)


def check_etag(etag: str, at: str, *, required: bool = False) -> str:
    """The etag itself, when it could be one."""
    return check_text(etag, at, required=required, limit=MAX_ETAG_CODE_POINTS)


def refuse(violations: Sequence[Violation]) -> None:
    """Raise InvalidInput when there is anything to say."""
    if violations:
        raise InvalidInput(violations)


@contextmanager
def fields_below(prefix: str) -> Iterator[None]:
    """Put a prefix before the field paths of a refusal that knows only the inner message."""
    try:
        yield
    except InvalidInput as refused:
        violations = [Violation(f"{prefix}.{v.field}", v.description) for v in refused.violations]
        raise InvalidInput(violations) from refused
