"""Not-a-match links: say that two sides are not the same, or take it back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    StateNotAllowed,
)
from dedup_service.domain.golden import golden_name
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import Record, RecordKey
from dedup_service.domain.stakes import stakes
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.deciding import check_may_undo
from dedup_service.workflows.ports import Ids, Request, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import check_comment
from dedup_service.workflows.replan import Replanning

MAX_SIDE = 50


@dataclass(frozen=True, slots=True)
class DistinctionSide:
    """One side of a not-a-match link: golden records (all their members) and single records."""

    golden_ids: tuple[str, ...] = ()
    records: tuple[RecordKey, ...] = ()


class Distinguishing:
    """The use cases on not-a-match links; each asks the open proposals it touches to be decided anew."""

    def __init__(self, store: Store, assessment: Assessment, replanning: Replanning, new_id: Ids) -> None:
        self._store = store
        self._assessment = assessment
        self._replanning = replanning
        self._new_id = new_id

    async def create(
        self, request: Request, left: DistinctionSide, right: DistinctionSide, reason: str, creator: Principal
    ) -> Distinction:
        """Link two sides as not the same; merges that would cross the link are vetoed from now on.

        Raises:
            InvalidInput: a side is empty, too large, or shares a record with the other.
            PermissionRefused: the creator is a person without a stake in either side.
            StateNotAllowed: the two sides are one golden record already: undo its merge instead.
        """
        check_comment(reason)
        for name, side in (("left", left), ("right", right)):
            if not 1 <= len(side.golden_ids) + len(side.records) <= MAX_SIDE:
                raise InvalidInput.at(name, f"takes 1 to {MAX_SIDE} golden records or records")

        async def work(tx: WriteTransaction) -> Written[Distinction]:
            # All locks before any is read: two links drawn in opposite directions must not deadlock.
            found = await tx.records({*left.records, *right.records})
            held = {record.golden_id for record in found.values()}
            await tx.lock_goldens({*left.golden_ids, *right.golden_ids, *held})
            one = await self._lock_side(tx, left)
            other = await self._lock_side(tx, right)
            _check_sides(one, other)
            proposals = await self._replanning.lock(tx, {r.golden_id for r in [*one, *other]})
            revision = await tx.revision()
            if creator.human:
                await self._check_stake(tx, creator.name, [*one, *other], revision.time)
            distinction = Distinction(
                distinction_id=self._new_id(),
                left=tuple(sorted(r.key for r in one)),
                right=tuple(sorted(r.key for r in other)),
                reason=reason,
                creator=creator.name,
                create_time=revision.time,
                revision=revision.number,
            )
            await tx.insert_distinction(distinction)
            changes = [ChangeDraft(ChangeType.DISTINCTION_CREATED, distinction=distinction.name)]
            changes += await self._replanning.replan(tx, proposals, revision)
            return _written(distinction, changes, "created")

        return await self._store.write(request, work, Distinction)

    async def _lock_side(self, tx: WriteTransaction, side: DistinctionSide) -> list[Record]:
        goldens = await tx.lock_goldens(side.golden_ids) if side.golden_ids else {}
        for golden_id in side.golden_ids:
            if golden_id not in goldens:
                raise NotFound("GoldenRecord", golden_name(golden_id))
        records = await tx.lock_records(side.records) if side.records else {}
        for key in side.records:
            if key not in records:
                raise NotFound("Record", key.name)
        found = {r.key: r for golden in goldens.values() for r in golden.members} | records
        return list(found.values())

    async def _check_may_delete(
        self,
        tx: WriteTransaction,
        actor: str,
        distinction: Distinction,
        records: Iterable[Record],
        now: datetime,
    ) -> None:
        """Taking a link back lifts a veto: its creator may, and people with a stake in what it parts."""
        if actor != distinction.creator:
            await self._check_stake(tx, actor, records, now)

    async def _check_stake(
        self, tx: WriteTransaction, actor: str, records: Iterable[Record], now: datetime
    ) -> None:
        principal = self._assessment.principals.find(actor)
        if principal is None:
            raise PermissionRefused(Reason.MISSING_ROLE, f"{actor} is not known")
        goldens = await tx.goldens({record.golden_id for record in records})
        functions = {
            s.function
            for s in stakes(goldens.values(), self._assessment.policy, now, self._assessment.principals)
        }
        roles = await self._assessment.roles(tx, now)
        check_may_undo(principal, sorted(functions), roles)

    async def delete(self, request: Request, distinction_id: str, etag: str) -> Distinction:
        """Take a not-a-match link back; the answer carries the revision of this write."""

        async def work(tx: WriteTransaction) -> Written[Distinction]:
            found = await tx.distinction(distinction_id)
            if found is None:
                raise NotFound("Distinction", f"distinctions/{distinction_id}")
            if etag and etag != found.etag:
                raise EtagMismatch(found.name, found.etag)
            records = await tx.lock_records([*found.left, *found.right])
            if await tx.distinction(distinction_id) is None:
                raise NotFound("Distinction", found.name)
            proposals = await self._replanning.lock(tx, {r.golden_id for r in records.values()})
            revision = await tx.revision()
            await self._check_may_delete(tx, request.actor, found, records.values(), revision.time)
            await tx.delete_distinction(distinction_id)
            changes = [ChangeDraft(ChangeType.DISTINCTION_DELETED, distinction=found.name)]
            changes += await self._replanning.replan(tx, proposals, revision)
            return _written(replace(found, revision=revision.number), changes, "deleted")

        return await self._store.write(request, work, Distinction)


def _written(distinction: Distinction, changes: list[ChangeDraft], detail: str) -> Written[Distinction]:
    subjects = tuple(key.name for key in (*distinction.left, *distinction.right))
    return Written(distinction, tuple(changes), (distinction.name,), detail, subjects=subjects)


def _check_sides(left: list[Record], right: list[Record]) -> None:
    if not left or not right:
        raise InvalidInput.at("left" if not left else "right", "has no records")
    if {r.key for r in left} & {r.key for r in right}:
        raise InvalidInput.at("right", "shares a record with left; one record is always the same as itself")
    together = {r.golden_id for r in left} & {r.golden_id for r in right}
    if together:
        name = golden_name(min(together))
        raise StateNotAllowed(name, "MERGED", f"both sides are members of {name}; undo their merge instead")
