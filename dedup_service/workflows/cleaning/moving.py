"""Put a run into another state, in a write that only the worker that has it can make."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from dedup_service.domain.cleanup.items import ItemStage
from dedup_service.domain.cleanup.rules import canary_of
from dedup_service.domain.cleanup.runs import CleanupRun, Phase, RunState, SkipReason
from dedup_service.workflows.cleaning.keeping import Keeping, LeaseLost
from dedup_service.workflows.cleaning.port import Wish
from dedup_service.workflows.ports import Request, Revision, Store, WriteTransaction, Written

SERVICE = "services/cleanup"
_ALL = 2**31 - 1


class Moving:
    """The steps of a run from state to state and from phase to phase."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, keeping: Keeping) -> CleanupRun:
        """Say when the first worker began."""

        async def save(tx: WriteTransaction) -> Written[CleanupRun]:
            run = await keeping.locked(tx)
            revision = await tx.revision()
            begun = replace(run, start_time=revision.time, phase=Phase.READ)
            await tx.save_cleanup_run(begun)
            return Written(begun, targets=(begun.name,), detail="begun")

        return await self._store.write(Request(SERVICE, "BeginCleanupRun"), save, CleanupRun)

    async def draw_canary(self, keeping: Keeping) -> CleanupRun:
        """Choose what is merged first, once all is proposed that there is room for; drawn once."""

        async def draw(tx: WriteTransaction) -> Written[CleanupRun]:
            run = await keeping.locked(tx)
            items = await tx.cleanup_items(run.run_id, ItemStage.AUTOMATIC, _ALL)
            chosen = canary_of(run.run_id, items, run.definition.canary.share)
            await tx.mark_canary_items(run.run_id, [item.item_no for item in chosen])
            # What there was no room for may need nobody, either: that has its canary once there is room.
            late = bool(run.definition.canary.share) and await tx.count_cleanup_items(
                run.run_id, ItemStage.FOUND
            )
            drawn = replace(run, phase=Phase.CANARY if chosen or late else Phase.MERGE)
            await tx.save_cleanup_run(drawn)
            return Written(drawn)

        return await self._store.write(Request(SERVICE, "DrawCanary"), draw, CleanupRun)

    async def draw_again(self, keeping: Keeping) -> bool:
        """Draw another canary where nothing of the last was merged; whether there is one to merge."""

        async def draw(tx: WriteTransaction) -> Written[bool]:
            run = await keeping.locked(tx)
            if await tx.count_cleanup_items(run.run_id, ItemStage.MERGED, canary=True):
                return Written(False)
            items = await tx.cleanup_items(run.run_id, ItemStage.AUTOMATIC, _ALL)
            chosen = canary_of(run.run_id, items, run.definition.canary.share)
            await tx.mark_canary_items(run.run_id, [item.item_no for item in chosen])
            return Written(bool(chosen))

        return await self._store.write(Request(SERVICE, "DrawCanary"), draw, bool)

    async def hold(self, keeping: Keeping, hold: timedelta) -> bool:
        """Have a run wait while people look at the canary; False once they had their time, or need none."""

        async def wait(tx: WriteTransaction) -> Written[bool]:
            run = await keeping.locked(tx)
            merged = await tx.count_cleanup_items(run.run_id, ItemStage.MERGED, canary=True)
            rest = await tx.count_cleanup_items(run.run_id, ItemStage.AUTOMATIC)
            found = await tx.count_cleanup_items(run.run_id, ItemStage.FOUND)
            revision = await tx.revision()
            if run.wait_time is None and hold and merged and rest + found:
                said = f"people look at the first {merged} merges before {rest} more are made"
                waiting = replace(run, wait_time=revision.time + hold, reason=said)
                await tx.move_cleanup_run(replace(waiting, state=RunState.WAITING))
                return Written(True, targets=(run.name,), detail=said)
            await tx.save_cleanup_run(replace(run, phase=Phase.MERGE, reason=""))
            return Written(False)

        return await self._store.write(Request(SERVICE, "HoldCleanupRun"), wait, bool)

    async def succeed(self, keeping: Keeping) -> None:
        """End a run that has done all that it may; what is left was for want of room."""

        async def end(tx: WriteTransaction) -> Written[None]:
            run = await keeping.locked(tx)
            revision = await tx.revision()
            left = await tx.skip_found_cleanup_items(run.run_id, SkipReason.OPEN_PROPOSAL_LIMIT)
            if left:
                skipped = {**run.counts.skipped, SkipReason.OPEN_PROPOSAL_LIMIT: left}
                run = replace(run, counts=replace(run.counts, skipped=skipped))
            await tx.move_cleanup_run(
                replace(run, state=RunState.SUCCEEDED, end_time=revision.time, reason="")
            )
            said = f"{run.counts.proposed} proposed, {run.counts.merged} merged"
            return Written(None, targets=(run.name,), detail=said)

        await self._store.write(Request(SERVICE, "EndCleanupRun"), end, type(None))

    async def end(self, keeping: Keeping, state: RunState, reason: str) -> None:
        """End a run before its end; what it has done stays."""

        def ended(run: CleanupRun, revision: Revision) -> CleanupRun:
            return replace(run, state=state, reason=reason, end_time=revision.time)

        await self._move(keeping, ended, "EndCleanupRun", f"{state}: {reason}")

    async def pause(self, keeping: Keeping) -> bool:
        """Leave a run until somebody resumes its job; False where somebody did so meanwhile. One that
        somebody cancelled meanwhile ends.
        """

        async def move(tx: WriteTransaction) -> Written[bool]:
            held = await tx.lock_leased_cleanup_run(keeping.run_id, keeping.holder)
            if held is None:
                raise LeaseLost
            run, wish = held
            if wish is Wish.NONE:
                return Written(False)
            revision = await tx.revision()
            moved = replace(run, state=RunState.PAUSED)
            if wish is Wish.CANCEL:
                moved = replace(
                    run, state=RunState.CANCELLED, reason="somebody cancelled it", end_time=revision.time
                )
            await tx.move_cleanup_run(moved)
            return Written(True, targets=(run.name,), detail=moved.state.lower())

        return await self._store.write(Request(SERVICE, "PauseCleanupRun"), move, bool)

    async def _move(
        self, keeping: Keeping, change: Callable[[CleanupRun, Revision], CleanupRun], method: str, detail: str
    ) -> None:
        async def move(tx: WriteTransaction) -> Written[None]:
            held = await tx.lock_leased_cleanup_run(keeping.run_id, keeping.holder)
            if held is None:
                raise LeaseLost
            changed = change(held[0], await tx.revision())
            await tx.move_cleanup_run(changed)
            return Written(None, targets=(changed.name,), detail=detail)

        await self._store.write(Request(SERVICE, method), move, type(None))
