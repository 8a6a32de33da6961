"""What a write asks of a record, and what the record would then be."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound
from dedup_service.domain.records import Record, RecordDraft, RecordKey, RecordState, Violation
from dedup_service.domain.visibility import WHOLE, Sight
from dedup_service.workflows.masks import masked, with_unseen


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """How a single record is written: which fields (None: all), under which etag, and whether to create.

    `has_kind` is false where the caller has not said the kind: then the record must be there already.
    """

    draft: RecordDraft
    update_mask: tuple[str, ...] | None = None
    etag: str = ""
    allow_missing: bool = True
    has_kind: bool = True


def repeated_keys(writes: Sequence[RecordWrite], paths: Sequence[str]) -> list[Violation]:
    """One violation for each write to a record that an earlier one writes too."""
    seen: set[RecordKey] = set()
    found = []
    for write, at in zip(writes, paths, strict=True):
        if write.draft.key in seen:
            found.append(Violation(f"{at}.name", "stands twice in this batch; send each record once"))
        seen.add(write.draft.key)
    return found


def wanted_drafts(
    writes: Sequence[RecordWrite],
    paths: Sequence[str],
    present: Mapping[RecordKey, Record],
    violations_of: Callable[[RecordDraft, str], Iterable[Violation]],
    sight: Sight = WHOLE,
) -> list[RecordDraft]:
    """What each record would be after its write, in order; `violations_of` a draft go below its path.

    What the writer's `sight` does not reach stays as it is.

    Raises:
        InvalidInput: with every violation of every write.
        NotFound, EtagMismatch: for the first write that is refused so.
    """
    drafts, violations = [], []
    for write, at in zip(writes, paths, strict=True):
        record = present.get(write.draft.key)
        if record is None:
            draft = _new_draft(write, at)
        else:
            if write.etag and write.etag != record.etag:
                raise EtagMismatch(record.name, record.etag, [f"it is at version {record.version}"])
            draft = with_unseen(record.draft, masked(record.draft, write.draft, write.update_mask), sight)
            violations += cannot_become(record, draft, at)
        violations += violations_of(draft, at)
        drafts.append(draft)
    if violations:
        raise InvalidInput(violations)
    return drafts


def _new_draft(write: RecordWrite, at: str) -> RecordDraft:
    if not write.allow_missing or write.etag:
        raise NotFound("Record", write.draft.key.name)
    if not write.has_kind:
        raise InvalidInput.at(f"{at}.kind", "is required for a record that does not exist yet")
    return write.draft


def cannot_become(record: Record, draft: RecordDraft, at: str = "record") -> list[Violation]:
    """What a record can never change: its kind, what it is an account of, or being erased."""
    if record.state is RecordState.ERASED:
        return [Violation(f"{at}.name", "was erased on request; this id takes no values again")]
    if record.kind is not draft.kind:
        return [
            Violation(f"{at}.kind", f"is {record.kind} and cannot become {draft.kind}; write a new record")
        ]
    if record.draft.person_account is not draft.person_account:
        return [Violation(f"{at}.person_account", "cannot change; write a new record")]
    return []
