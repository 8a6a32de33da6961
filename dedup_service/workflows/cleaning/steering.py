"""Steer a run that is locked: at once where no worker has it, else by asking the one that has."""

from dataclasses import replace

from dedup_service.domain.cleanup.items import Opinion
from dedup_service.domain.cleanup.runs import CleanupRun, RunState
from dedup_service.workflows.cleaning.port import Wish
from dedup_service.workflows.ports import WriteTransaction


async def pause_run(tx: WriteTransaction, run: CleanupRun, wish: Wish) -> None:
    """Pause a run; who is asked to cancel it is not asked for less."""
    if run.state is RunState.RUNNING and wish is Wish.NONE:
        await tx.wish_of_cleanup_run(run.run_id, Wish.PAUSE)
    elif run.state in (RunState.QUEUED, RunState.WAITING):
        await tx.move_cleanup_run(replace(run, state=RunState.PAUSED))


async def resume_run(tx: WriteTransaction, run: CleanupRun, wish: Wish) -> None:
    """Let a paused run go on: where people look at its canary it waits for the rest of their time."""
    if run.state is RunState.RUNNING and wish is Wish.PAUSE:
        await tx.wish_of_cleanup_run(run.run_id, Wish.NONE)
    elif run.state is RunState.PAUSED:
        state = RunState.WAITING if run.wait_time is not None else RunState.QUEUED
        await tx.move_cleanup_run(replace(run, state=state))


def judged(run: CleanupRun, opinion: Opinion | None) -> CleanupRun:
    """The run with what people made of it in its counts."""
    if opinion is None:
        return run
    counts = replace(run.counts, rejected=opinion.rejected_count, undone=opinion.undone_count)
    return replace(run, counts=counts)
