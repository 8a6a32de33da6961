"""The first half of a run: the records of its scope at one revision, and which of them are the same."""

from collections.abc import Callable
from dataclasses import replace

import scoring
from dedup_service.domain.attention import AttentionTimes
from dedup_service.domain.cleanup.items import FoundGroup
from dedup_service.domain.cleanup.rules import goes_on_from, in_order_of_work
from dedup_service.domain.cleanup.runs import CleanupRun, Phase
from dedup_service.domain.errors import DedupError, Unavailable
from dedup_service.workflows.background import completed
from dedup_service.workflows.cleaning.finding import (
    Finder,
    FindingFailed,
    Findings,
    FindingStopped,
    FindRequest,
)
from dedup_service.workflows.cleaning.keeping import Keeping, LeaseLost
from dedup_service.workflows.cleaning.port import CleanupRuns
from dedup_service.workflows.cleaning.scopes import record_scope
from dedup_service.workflows.ports import ClockNow, Store
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ScoringModels


class Grouping:
    """Reads and finds; all that it leaves is the work items, which hold ids and weights."""

    def __init__(
        self,
        store: Store,
        runs: CleanupRuns,
        finder: Finder,
        rules: Rules,
        models: ScoringModels,
        now: ClockNow,
        passing: Callable[[str], None],
    ) -> None:
        self._store = store
        self._runs = runs
        self._finder = finder
        self._rules = rules
        self._models = models
        self._now = now
        self._pass = passing

    async def group(self, run: CleanupRun, keeping: Keeping) -> CleanupRun:
        """Find the duplicates of a run's scope; the run with its work items stored.

        Raises:
            FindingFailed: says why, and what to do.
            LeaseLost, Leaving, Asked.
        """
        model = await self._model(run)
        last = await self._last(run, model)
        since = last.snapshot_revision if last is not None else 0
        revision = await self._snapshot(run, since, keeping)
        self._pass("snapshot read")
        definition = run.definition
        wanted = FindRequest(
            run_id=run.run_id,
            job_id=run.job_id,
            model=model,
            train=definition.train,
            engine=definition.engine,
            last_run_id=last.run_id if last is not None else "",
            keep_weights=definition.incremental and not definition.train,
        )
        try:
            found = await completed(self._finder.find(wanted, keeping.told, keeping.should_stop))
        except FindingStopped:
            keeping.check()
            raise FindingFailed("finding the duplicates ended before it was done") from None
        self._pass("found")
        keeping.check()
        groups = in_order_of_work(found.groups)
        loaded = _loaded(run, found, groups, revision)
        if not await self._runs.load_items(loaded, keeping.holder, groups):
            raise LeaseLost
        self._pass("items stored")
        return loaded

    async def _model(self, run: CleanupRun) -> scoring.ScoringModel:
        """The model that the run compares by: the one named, or the one in use."""
        version = run.definition.scoring_model
        if not version:
            await self._models.in_use.renew()
            return self._models.in_use.current
        try:
            listed = await self._models.model(version)
        except Unavailable:
            raise
        except DedupError as error:
            raise FindingFailed(str(error)) from error
        if listed.model is None:
            raise FindingFailed(f"{version} cannot be used by this release: {listed.problem}")
        return listed.model

    async def _last(self, run: CleanupRun, model: scoring.ScoringModel) -> CleanupRun | None:
        """The run that an incremental one goes on from."""
        last = await self._store.read(lambda tx: tx.last_succeeded_cleanup_run(run.job_id))
        return last if goes_on_from(last, run.definition, model.version) else None

    async def _snapshot(self, run: CleanupRun, since: int, keeping: Keeping) -> int:
        """The revision of the records in the folder of the run, read anew where they were not yet."""
        known = self._finder.snapshot_revision(run.run_id)
        if known is not None:
            # What was erased since must not be worked with, nor stay on this machine (E-4).
            if not await self._store.read(lambda tx: tx.is_erased_since(known)):
                return known
            self._finder.remove(run.run_id)
        keeping.told(Phase.READ, 0, None)
        scope = record_scope(run.definition.scope, AttentionTimes.of(self._rules.policy, self._now()))
        async with self._runs.snapshot(scope, since) as snapshot:
            total = snapshot.record_count
            self._pass("snapshot begun")
            await self._finder.read(run.run_id, snapshot, lambda done: keeping.told(Phase.READ, done, total))
            keeping.told(Phase.READ, total, total)
            return snapshot.revision


def _loaded(run: CleanupRun, found: Findings, groups: list[FoundGroup], revision: int) -> CleanupRun:
    counts = replace(
        run.counts,
        records=found.record_count,
        candidates=found.candidate_count,
        verdicts=dict(found.verdicts),
        clusters=sum(not group.is_review for group in groups),
        review_pairs=sum(group.is_review for group in groups),
    )
    return replace(
        run,
        phase=Phase.PROPOSE,
        snapshot_revision=revision,
        scoring_model=found.scoring_model,
        counts=counts,
        too_common=found.too_common,
        incremental=found.only_changed,
    )
