"""What a write to records does to the store: new golden records, changes, re-planned proposals, the index."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import scoring
from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.golden import GoldenRecord, golden_state, image_of, singleton
from dedup_service.domain.matching import NewRecord, comparable_of
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Record, RecordDraft, RecordState
from dedup_service.workflows.index_port import IndexEntry
from dedup_service.workflows.ports import Ids, WriteTransaction, Written
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules

_PREPARED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Locked:
    """Golden records, and all open proposals with one of them as a member, as they are under their locks."""

    goldens: Mapping[str, GoldenRecord]
    proposals: Sequence[Proposal] = ()


class RecordChanges:
    """Carries out, inside a transaction that holds the locks, what `RecordWriter` has decided."""

    def __init__(self, rules: Rules, replanning: Replanning, new_id: Ids) -> None:
        self._rules = rules
        self._replanning = replanning
        self._new_id = new_id

    def prepared_as(self, draft: RecordDraft, comparable: scoring.Comparable) -> NewRecord:
        """What `insert` takes, of a draft that the caller has prepared already."""
        return NewRecord(draft, comparable, self._new_id())

    async def prepared(self, drafts: Sequence[RecordDraft]) -> list[NewRecord]:
        """What `insert` takes. To be made before the ledger head is taken, so that others may commit
        meanwhile.
        """
        new: list[NewRecord] = []
        for draft in drafts:
            new.append(NewRecord(draft, comparable_of(draft), self._new_id()))
            if len(new) % _PREPARED_AT_ONCE == 0:
                # A whole batch takes tens of milliseconds: let other calls in.
                await asyncio.sleep(0)
        return new

    async def insert(
        self, tx: WriteTransaction, new: Sequence[NewRecord]
    ) -> tuple[list[Record], list[ChangeDraft], tuple[IndexEntry, ...]]:
        """Store new records, each the only member of a new golden record."""
        if not new:
            return [], [], ()
        revision = await tx.revision()
        records = await tx.insert_records(new, revision)
        changes = [
            ChangeDraft(
                ChangeType.RECORD_CREATED,
                record=record.name,
                after=(image_of(singleton(record), self._rules.policy),),
                record_nos=(record.record_no,),
                subjects=(record.name,),
            )
            for record in records
        ]
        entries = tuple(
            IndexEntry(record.record_no, record.kind, one.comparable)
            for record, one in zip(records, new, strict=True)
        )
        return records, changes, entries

    async def told_anew(
        self, tx: WriteTransaction, changes: Sequence[ChangeDraft], golden_ids: Collection[str]
    ) -> tuple[ChangeDraft, ...]:
        """The erasure's change with all golden records whose earlier images readers see no more (E-2)."""
        erasure, *others = changes
        related = await tx.goldens(golden_ids)
        images = tuple(image_of(related[golden_id], self._rules.policy) for golden_id in sorted(related))
        subjects = {*erasure.subjects, *(member for image in images for member in image.members)}
        told = replace(erasure, after=(*erasure.after, *images), subjects=tuple(sorted(subjects)))
        return told, *others

    async def store(
        self,
        tx: WriteTransaction,
        records: Sequence[Record],
        change_type: ChangeType,
        locked: Locked | None = None,
    ) -> Written[list[Record]]:
        """Store already locked records in their new state, with all that follows from it.

        `locked` spares reading again what the caller has read under its locks.
        """
        if not records:
            return Written([])
        before, proposals = await self._before(tx, {r.golden_id for r in records}, locked)
        comparables = {r.record_no: comparable_of(r.draft) for r in records if r.active}
        revision = await tx.revision()
        stored = [
            replace(r, version=r.version + 1, revision=revision.number, update_time=revision.time)
            for r in records
        ]
        after = with_records(before, stored, revision.number)
        await tx.update_records(stored, comparables)
        await tx.update_goldens([golden.row for golden in after.values()])
        changes = [self._change(change_type, r, before[r.golden_id], after[r.golden_id]) for r in stored]
        changes += await self._replanning.replan(tx, proposals, revision)
        return Written(
            result=stored,
            changes=tuple(changes),
            targets=tuple(r.name for r in stored),
            index_upserts=tuple(
                IndexEntry(r.record_no, r.kind, comparables[r.record_no]) for r in stored if r.active
            ),
            index_removals=tuple(r.record_no for r in stored if not r.active),
            subjects=tuple(r.name for r in stored),
        )

    async def _before(
        self, tx: WriteTransaction, golden_ids: set[str], locked: Locked | None
    ) -> tuple[dict[str, GoldenRecord], list[Proposal]]:
        """The golden records, and the open proposals with one of them as a member, all locked."""
        if locked is None:
            before = await tx.goldens(golden_ids)
            return before, await self._replanning.lock(tx, list(before))
        of_these = [p for p in locked.proposals if not golden_ids.isdisjoint(p.plan.golden_ids)]
        return {golden_id: locked.goldens[golden_id] for golden_id in golden_ids}, of_these

    def _change(
        self, change_type: ChangeType, record: Record, before: GoldenRecord, after: GoldenRecord
    ) -> ChangeDraft:
        # An erasure's change shows no image of what was: that is what it erases.
        erasing = change_type is ChangeType.RECORD_ERASED
        return ChangeDraft(
            change_type,
            record=record.name,
            before=() if erasing else (image_of(before, self._rules.policy),),
            after=(image_of(after, self._rules.policy),),
            record_nos=(record.record_no,),
            subjects=tuple(sorted(r.name for r in after.members if r.state is not RecordState.ERASED)),
        )


def with_records(
    goldens: dict[str, GoldenRecord], stored: Sequence[Record], revision: int
) -> dict[str, GoldenRecord]:
    """These golden records with the stored records in the place of their old states."""
    new = {r.record_no: r for r in stored}
    after = {}
    for golden_id, golden in goldens.items():
        members = tuple(new.get(r.record_no, r) for r in golden.members)
        row = replace(
            golden.row,
            version=golden.row.version + 1,
            revision=revision,
            state=golden_state(members),
        )
        after[golden_id] = GoldenRecord(row, members)
    return after
