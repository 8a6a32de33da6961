"""Undo a merge: members, ids, values and children come back, however many edits came since (domain 8.2).

Later edits live on their records and go with them. A steward's later choice that the undo leaves without its
record is listed as a conflict; it lies dormant and works again should the record come back.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound, StateNotAllowed
from dedup_service.domain.golden import GoldenRecord, GoldenState, golden_state, image_of
from dedup_service.domain.merges import Merge, MergeState, UndoConflict
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import Record, RecordKey, RecordKind
from dedup_service.domain.stakes import stakes
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.deciding import check_may_undo
from dedup_service.workflows.ports import Ids, Request, Revision, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import check_comment
from dedup_service.workflows.replan import Replanning


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Which merge to undo, as it was seen, and why."""

    merge_id: str
    etag: str
    reason: str
    create_distinction: bool = False


class Undoing:
    """The use case that undoes merges."""

    def __init__(self, store: Store, assessment: Assessment, replanning: Replanning, new_id: Ids) -> None:
        self._store = store
        self._assessment = assessment
        self._replanning = replanning
        self._new_id = new_id

    async def undo(
        self, request: Request, undo: UndoRequest, principal: Principal, validate_only: bool = False
    ) -> Merge:
        """Undo a merge; undone twice is undone once. With `validate_only` show the conflicts it would leave.

        Raises:
            StateNotAllowed: a later merge stands on this one; it is named and must be undone first.
            EtagMismatch: the merge is not as the caller saw it.
            PermissionRefused: the principal has no stake in the merged records.
        """
        check_comment(undo.reason)
        if not undo.reason.strip():
            raise InvalidInput.at("reason", "is required: say why the merge was wrong")

        async def work(tx: WriteTransaction) -> Written[Merge]:
            return await self._undo(tx, undo, principal)

        if validate_only:
            return await self._store.preview(work)
        return await self._store.write(request, work, Merge)

    async def _undo(self, tx: WriteTransaction, undo: UndoRequest, principal: Principal) -> Written[Merge]:
        merge, before = await self._lock(tx, undo.merge_id)
        if merge.state is MergeState.UNDONE:
            return Written(merge, subjects=_subjects(merge))
        # First, because what was itself merged away has no members left to give anybody a stake.
        await _refuse_when_built_upon(tx, merge, before)
        if not undo.etag:
            raise InvalidInput.at("etag", "is required: send the etag of the merge as you saw it")
        if undo.etag != merge.etag:
            raise EtagMismatch(merge.name, merge.etag)
        proposals = await self._replanning.lock(tx, list(before))
        revision = await tx.revision()
        roles = await self._assessment.roles(tx, revision.time)
        check_may_undo(principal, self._functions(before, revision.time), roles)
        after = _restored(merge, before, revision)
        await _move_back(tx, merge, before)
        await tx.update_goldens([golden.row for golden in after.values()])
        undone = replace(
            merge,
            state=MergeState.UNDONE,
            undo_principal=principal.name,
            undo_reason=undo.reason,
            undo_time=revision.time,
            undo_revision=revision.number,
            conflicts=_conflicts(merge, after),
        )
        await tx.save_merge(undone)
        changes = [self._change(undone, before, after)]
        if undo.create_distinction:
            changes += await self._distinguish(tx, undone, principal, revision)
        changes += await self._replanning.replan(tx, proposals, revision)
        return Written(
            undone,
            changes=tuple(changes),
            targets=(merge.name,),
            detail=f"undone; {len(undone.conflicts)} conflicts",
            subjects=_subjects(undone),
        )

    def _functions(self, goldens: dict[str, GoldenRecord], now: datetime) -> list[str]:
        """Functions with a stake; those of the sources stay even when all records are deleted."""
        policy = self._assessment.policy
        sources = {r.key.source for golden in goldens.values() for r in golden.members}
        found = {
            stake.function for stake in stakes(goldens.values(), policy, now, self._assessment.principals)
        }
        return sorted(found | {policy.source(source).function for source in sources})

    async def _lock(self, tx: WriteTransaction, merge_id: str) -> tuple[Merge, dict[str, GoldenRecord]]:
        seen = await tx.merge(merge_id)
        if seen is None:
            raise NotFound("Merge", f"merges/{merge_id}")
        goldens = await tx.lock_goldens([b.golden_id for b in seen.before])
        merge = await tx.merge(merge_id)
        assert merge is not None, "merges are never deleted"
        return merge, goldens

    def _change(
        self, merge: Merge, before: dict[str, GoldenRecord], after: dict[str, GoldenRecord]
    ) -> ChangeDraft:
        policy = self._assessment.policy
        members = {record.name for golden in before.values() for record in golden.members}
        return ChangeDraft(
            ChangeType.UNDONE,
            merge=merge.name,
            before=tuple(image_of(before[i], policy) for i in sorted(before)),
            after=tuple(image_of(after[i], policy) for i in sorted(after)),
            subjects=tuple(sorted(members)),
        )

    async def _distinguish(
        self, tx: WriteTransaction, merge: Merge, principal: Principal, revision: Revision
    ) -> list[ChangeDraft]:
        """Record that what was merged wrongly is not a match: each merged-away side against the survivor."""
        survivor = next(b for b in merge.before if b.golden_id == merge.survivor_id)
        changes = []
        for side in merge.before:
            if side.golden_id == merge.survivor_id:
                continue
            distinction = Distinction(
                distinction_id=self._new_id(),
                left=survivor.records,
                right=side.records,
                reason=merge.undo_reason,
                creator=principal.name,
                create_time=revision.time,
                revision=revision.number,
            )
            await tx.insert_distinction(distinction)
            changes.append(ChangeDraft(ChangeType.DISTINCTION_CREATED, distinction=distinction.name))
        return changes


def _subjects(merge: Merge) -> tuple[str, ...]:
    """Names of the records that the reason of an undo may speak of."""
    return tuple(key.name for before in merge.before for key in before.records)


async def _refuse_when_built_upon(
    tx: WriteTransaction, merge: Merge, goldens: dict[str, GoldenRecord]
) -> None:
    """An earlier merge is undone only after the later ones that carried its survivor away (B-5)."""
    survivor = goldens[merge.survivor_id].row
    if survivor.state is not GoldenState.MERGED:
        return
    later = [m.name for m in await tx.standing_merges_of([merge.survivor_id])]
    raise StateNotAllowed(
        merge.name,
        "BUILT_UPON",
        f"{survivor.name} was itself merged into goldenRecords/{survivor.successor_id}: "
        f"undo {', '.join(later)} first",
    )


def _members_by_origin(merge: Merge, goldens: dict[str, GoldenRecord]) -> dict[str, list[Record]]:
    """The survivor's members of today, sorted back to the golden records they came from in this merge."""
    origin: dict[RecordKey, str] = {key: b.golden_id for b in merge.before for key in b.records}
    sorted_back: dict[str, list[Record]] = {b.golden_id: [] for b in merge.before}
    for record in goldens[merge.survivor_id].members:
        sorted_back[origin.get(record.key, merge.survivor_id)].append(record)
    return sorted_back


async def _move_back(tx: WriteTransaction, merge: Merge, goldens: dict[str, GoldenRecord]) -> None:
    for golden_id, members in _members_by_origin(merge, goldens).items():
        if golden_id != merge.survivor_id:
            await tx.move_members([r.record_no for r in members], golden_id)


def _restored(merge: Merge, goldens: dict[str, GoldenRecord], revision: Revision) -> dict[str, GoldenRecord]:
    """The golden records as the undo leaves them; a member edited since keeps its edits."""
    after = {}
    for golden_id, members in _members_by_origin(merge, goldens).items():
        row = goldens[golden_id].row
        kept = tuple(c for c in row.choices if c.merge_id != merge.merge_id)
        restored = replace(
            row,
            version=row.version + 1,
            revision=revision.number,
            state=golden_state(members),
            successor_id="",
            merge_id="",
            choices=kept,
        )
        after[golden_id] = GoldenRecord(restored, tuple(members))
    return after


def _conflicts(merge: Merge, after: dict[str, GoldenRecord]) -> tuple[UndoConflict, ...]:
    """Later choices on the survivor whose record has gone back to another golden record."""
    survivor = after[merge.survivor_id]
    present = {record.key for record in survivor.members}
    merged = {key for before in merge.before for key in before.records}
    # No lead survives over another kind: one of it among merged leads is what a lead was converted to.
    leads = all(before.kind is RecordKind.LEAD for before in merge.before)
    joined = tuple(
        UndoConflict(
            field="",
            record=record.key,
            merge_id=merge.merge_id,
            explanation=f"{record.name} is what one of the leads became since; it stays with {survivor.name}",
        )
        for record in survivor.members
        if leads and record.kind is not RecordKind.LEAD and record.key not in merged
    )
    return joined + tuple(
        UndoConflict(
            field=choice.field,
            record=choice.record,
            merge_id=choice.merge_id,
            explanation=(
                f"merges/{choice.merge_id} chose {choice.record.name} for {choice.field} of {survivor.name}; "
                "that record has left it, so the choice rests until it returns"
            ),
        )
        for choice in survivor.row.choices
        if choice.record not in present
    )
