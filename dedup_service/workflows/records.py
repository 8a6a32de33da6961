"""Write records: upsert, update under an etag, delete and erase, one atomic write each.

Every new record starts as the only member of a golden record of its own.
A write to a record changes its golden record, and so the plan of every open proposal that holds it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.erasure import ERASED_DETAIL, ErasedPlace, ErasureCertificate, kept_reason
from dedup_service.domain.errors import EtagMismatch, InvalidInput, LimitExceeded, NotFound
from dedup_service.domain.principals import check_may_write
from dedup_service.domain.records import (
    Record,
    RecordDraft,
    RecordKey,
    RecordKind,
    RecordState,
    RejectedDraft,
    Violation,
)
from dedup_service.domain.validation import draft_violations
from dedup_service.domain.visibility import Sight, sight_of
from dedup_service.workflows.data_entry import DataEntry
from dedup_service.workflows.masks import with_unseen
from dedup_service.workflows.ports import Ids, Request, Store, WriteTransaction, Written
from dedup_service.workflows.privacy_port import ErasedTraces
from dedup_service.workflows.record_changes import RecordChanges
from dedup_service.workflows.record_writes import (
    RecordWrite,
    cannot_become,
    repeated_keys,
    wanted_drafts,
)
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules

MAX_BATCH = 500


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch did: counts, the drafts that were refused, and the revision that shows it all."""

    created_count: int
    updated_count: int
    unchanged_count: int
    rejected: tuple[RejectedDraft, ...]
    revision: int


class RecordWriter:
    """The use cases that write records."""

    def __init__(
        self, store: Store, rules: Rules, data_entry: DataEntry, replanning: Replanning, new_id: Ids
    ) -> None:
        self._store = store
        self._rules = rules
        self._data_entry = data_entry
        self._changes = RecordChanges(rules, replanning, new_id)

    async def write_batch(self, request: Request, drafts: Sequence[RecordDraft]) -> BatchResult:
        """Upsert up to 500 records in one write; the good rows are written, the bad ones named with reasons.

        Raises:
            LimitExceeded: when the batch is larger; nothing is written.
        """
        if len(drafts) > MAX_BATCH:
            raise LimitExceeded(f"a batch takes at most {MAX_BATCH} records, this one has {len(drafts)}")
        self._check_writer(request, ((draft.key.source, draft.kind) for draft in drafts))
        good, rejected = self._sort_out(drafts)

        async def work(tx: WriteTransaction) -> Written[BatchResult]:
            return await self._upsert(tx, good, rejected, self._sight(request))

        return await self._store.write(request, work, BatchResult)

    def _check_writer(self, request: Request, targets: Iterable[tuple[str, RecordKind | None]]) -> None:
        """Refuse the whole write when one of its sources, or kinds, is not the caller's to write."""
        check_may_write(self._rules.principals, request.actor, targets, self._rules.policy)

    def _sight(self, request: Request) -> Sight:
        """What the caller sees; what they do not see they do not change."""
        return sight_of(self._rules.principals.find(request.actor), self._rules.policy.visibility)

    def _violations(self, draft: RecordDraft, at: str = "record") -> list[Violation]:
        """Everything for which a draft is refused, whatever is stored: limits, then rules of data entry."""
        return [
            *draft_violations(draft, self._rules.policy.functions, at),
            *self._data_entry.violations(draft, at),
        ]

    def _sort_out(
        self, drafts: Sequence[RecordDraft]
    ) -> tuple[dict[RecordKey, tuple[int, RecordDraft]], list[RejectedDraft]]:
        good: dict[RecordKey, tuple[int, RecordDraft]] = {}
        rejected = []
        for index, draft in enumerate(drafts):
            violations = self._violations(draft)
            if draft.key in good:
                violations.append(
                    Violation("record.name", "stands twice in this batch; send each record once")
                )
            if violations:
                rejected.append(RejectedDraft(index, tuple(violations)))
            else:
                good[draft.key] = (index, draft)
        return good, rejected

    async def _upsert(
        self,
        tx: WriteTransaction,
        good: dict[RecordKey, tuple[int, RecordDraft]],
        rejected: Sequence[RejectedDraft],
        sight: Sight,
    ) -> Written[BatchResult]:
        refused = list(rejected)
        present = await tx.lock_records(list(good))
        fresh, changed, unchanged_count = [], [], 0
        for key, (index, given) in good.items():
            record = present.get(key)
            draft = given if record is None else with_unseen(record.draft, given, sight)
            if record is None:
                fresh.append(draft)
            elif problems := cannot_become(record, draft):
                refused.append(RejectedDraft(index, tuple(problems)))
            elif _stored_so(record, draft):
                unchanged_count += 1
            else:
                changed.append(replace(record, draft=draft, state=RecordState.ACTIVE))
        refused.sort(key=lambda r: r.index)
        if not fresh and not changed:
            head = await tx.head_revision()
            return Written(BatchResult(0, 0, unchanged_count, tuple(refused), head))
        new = await self._changes.prepared(fresh)
        written = await self._changes.store(tx, changed, ChangeType.RECORD_UPDATED)
        inserted, insert_changes, entries = await self._changes.insert(tx, new)
        revision = await tx.revision()
        return Written(
            result=BatchResult(len(inserted), len(changed), unchanged_count, tuple(refused), revision.number),
            changes=(*written.changes, *insert_changes),
            targets=(*(r.name for r in written.result), *(r.name for r in inserted)),
            detail=f"{len(inserted)} created, {len(changed)} updated",
            index_inserts=entries,
            index_upserts=written.index_upserts,
        )

    async def write(self, request: Request, write: RecordWrite, validate_only: bool = False) -> Record:
        """Create or update one record.

        Raises:
            InvalidInput: with every violation.
            NotFound: the record does not exist and `allow_missing` is false.
            EtagMismatch: it was written since the caller read it.
        """
        self._check_writer(request, [_target(write)])

        async def work(tx: WriteTransaction) -> Written[Record]:
            written = await self._write_all(tx, request, [write], ["record"])
            return written.told(written.result[0], written.detail)

        if validate_only:
            return await self._store.preview(work)
        return await self._store.write(request, work, Record)

    async def write_many(
        self, request: Request, writes: Sequence[RecordWrite], validate_only: bool = False
    ) -> list[Record]:
        """Create or update up to 500 records, all of them or none; the records in the order of the writes.

        Raises:
            InvalidInput: with every violation of every write, each below `requests[i].record`.
            NotFound, EtagMismatch: as `write`, for the first write that is refused so.
        """
        paths = [f"requests[{number}].record" for number in range(len(writes))]
        if not 1 <= len(writes) <= MAX_BATCH:
            raise InvalidInput.at("requests", f"takes 1 to {MAX_BATCH} writes, not {len(writes)}")
        if problems := repeated_keys(writes, paths):
            raise InvalidInput(problems)
        self._check_writer(request, map(_target, writes))

        async def work(tx: WriteTransaction) -> Written[list[Record]]:
            return await self._write_all(tx, request, writes, paths)

        if validate_only:
            return await self._store.preview(work)
        return await self._store.write(request, work, list[Record])

    async def _write_all(
        self, tx: WriteTransaction, request: Request, writes: Sequence[RecordWrite], paths: Sequence[str]
    ) -> Written[list[Record]]:
        present = await tx.lock_records([write.draft.key for write in writes])
        self._check_writer(request, [(key.source, record.kind) for key, record in present.items()])
        drafts = wanted_drafts(writes, paths, present, self._violations, self._sight(request))
        fresh = [draft for draft in drafts if draft.key not in present]
        changed = [
            replace(present[draft.key], draft=draft, state=RecordState.ACTIVE)
            for draft in drafts
            if draft.key in present and not _stored_so(present[draft.key], draft)
        ]
        new = await self._changes.prepared(fresh)
        updated = await self._changes.store(tx, changed, ChangeType.RECORD_UPDATED)
        inserted, insert_changes, entries = await self._changes.insert(tx, new)
        written = [*updated.result, *inserted]
        records = present | {record.key: record for record in written}
        said = [f"{len(inserted)} created"] * bool(inserted) + [f"{len(changed)} updated"] * bool(changed)
        return Written(
            result=[records[draft.key] for draft in drafts],
            changes=(*updated.changes, *insert_changes),
            targets=tuple(record.name for record in written),
            detail=", ".join(said),
            index_inserts=entries,
            index_upserts=updated.index_upserts,
            subjects=tuple(draft.key.name for draft in drafts),
        )

    async def delete(self, request: Request, key: RecordKey, etag: str) -> Record:
        """Mark a record as deleted in its source: it stays readable and undoable, and matches no more."""
        self._check_writer(request, [(key.source, None)])

        async def work(tx: WriteTransaction) -> Written[Record]:
            present = (await tx.lock_records([key])).get(key)
            if present is None:
                raise NotFound("Record", key.name)
            self._check_writer(request, [(key.source, present.kind)])
            if etag and etag != present.etag:
                raise EtagMismatch(present.name, present.etag, [f"it is at version {present.version}"])
            if not present.active:
                return Written(present, subjects=(key.name,))
            gone = replace(present, state=RecordState.DELETED)
            written = await self._changes.store(tx, [gone], ChangeType.RECORD_DELETED)
            return written.told(written.result[0], "deleted")

        return await self._store.write(request, work, Record)

    async def erase(self, request: Request, key: RecordKey, reason: str) -> Record:
        """Remove every value of a record for ever: from it, from changes, answers and comments (E-4)."""
        if not reason.strip():
            raise InvalidInput.at("reason", "is required: say on what ground the person's data is erased")
        self._check_writer(request, [(key.source, None)])

        async def work(tx: WriteTransaction) -> Written[Record]:
            present = (await tx.lock_records([key])).get(key)
            if present is None:
                raise NotFound("Record", key.name)
            self._check_writer(request, [(key.source, present.kind)])
            if present.state is RecordState.ERASED:
                return Written(present)
            blank = RecordDraft(
                key=key, kind=present.kind, values={}, person_account=present.draft.person_account
            )
            erased = replace(present, draft=blank, state=RecordState.ERASED)
            former = await tx.former_values(present)
            kept = kept_reason(reason, present.draft, former, self._sight(request))
            traces = await tx.erase_traces(present)
            written = await self._changes.store(tx, [erased], ChangeType.RECORD_ERASED)
            relatives = traces.golden_ids - {present.golden_id}
            written = replace(written, changes=await self._changes.told_anew(tx, written.changes, relatives))
            certificate = await _certified(tx, request, key, kept, traces)
            return written.told(written.result[0], f"{ERASED_DETAIL} {certificate.digest}")

        return await self._store.write(request, work, Record)


def _target(write: RecordWrite) -> tuple[str, RecordKind | None]:
    """The source of a write, and the kind where the caller has said it."""
    return write.draft.key.source, write.draft.kind if write.has_kind else None


async def _certified(
    tx: WriteTransaction, request: Request, key: RecordKey, reason: str, traces: ErasedTraces
) -> ErasureCertificate:
    """The certificate of an erasure, kept with it."""
    revision = await tx.revision()
    certificate = ErasureCertificate(
        record=key.name,
        principal=request.actor,
        reason=reason,
        time=revision.time,
        revision=revision.number,
        places=(ErasedPlace("records", 1), *traces.places),
        left=traces.left,
    )
    await tx.insert_erasure_certificate(certificate)
    return certificate


def _stored_so(record: Record, draft: RecordDraft) -> bool:
    """Whether writing this draft would change nothing."""
    return record.active and record.draft == draft
