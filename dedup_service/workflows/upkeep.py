"""What the service does by itself while it runs: take up rules, keep proposals, periods and leads true, and
queue cleanup runs whose time has come.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from dedup_service.domain.errors import Unavailable
from dedup_service.workflows.attending import Attending
from dedup_service.workflows.cleaning.cleaning import Cleaning
from dedup_service.workflows.escalating import Escalating
from dedup_service.workflows.forgetting import KeepingShort, PublishingHeads
from dedup_service.workflows.ports import ClockNow, Store
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules

LOG = logging.getLogger(__name__)

_RENEW_SECONDS = 1.0
_ESCALATE_AFTER = timedelta(seconds=30)
_ATTEND_AFTER = timedelta(seconds=30)
_QUEUE_AFTER = timedelta(seconds=10)
# Erased rows are cleared away, and heads of the audit published, as often.
_FORGET_AFTER = timedelta(minutes=1)


class Upkeep:
    """One background task; several services on one store may each run theirs."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        replanning: Replanning,
        escalating: Escalating,
        attending: Attending,
        cleaning: Cleaning,
        now: ClockNow,
        keeping_short: KeepingShort,
        publishing: PublishingHeads,
    ) -> None:
        self._store = store
        self._rules = rules
        self._replanning = replanning
        self._escalating = escalating
        self._attending = attending
        self._cleaning = cleaning
        self._now = now
        self._keeping_short = keeping_short
        self._publishing = publishing

    async def run(self) -> None:
        """Run until it is cancelled; while PostgreSQL is away, try again."""
        escalate_time = attend_time = forget_time = queue_time = self._now()
        # Proposals of an earlier start may still be planned under an older version.
        self._rules.changed.set()
        while True:
            try:
                await self._rules.renew()
                if self._rules.changed.is_set():
                    self._rules.changed.clear()
                    await self._replanning.adopt_policy(self._store)
                if self._now() >= escalate_time:
                    escalate_time = self._now() + _ESCALATE_AFTER
                    await self._escalating.run(self._now())
                if self._now() >= attend_time:
                    attend_time = self._now() + _ATTEND_AFTER
                    if (await self._attending.run(self._now())).more:
                        attend_time = self._now()
                if self._now() >= queue_time:
                    queue_time = self._now() + _QUEUE_AFTER
                    await self._cleaning.queue_due()
                if self._now() >= forget_time:
                    forget_time = self._now() + _FORGET_AFTER
                    await self._keeping_short.run(self._now())
                    await self._publishing.run(self._now())
            except Unavailable as error:
                LOG.warning("upkeep waits: %s", error.detail)
                self._rules.changed.set()
                await asyncio.sleep(_RENEW_SECONDS)
            except Exception as error:  # noqa: BLE001  a task that ends leaves every later policy unadopted
                # Told by its class alone: the text may name what a person wrote (F-3).
                LOG.error("upkeep goes on after %s", type(error).__name__)  # noqa: TRY400  the trace holds the text
                self._rules.changed.set()
                await asyncio.sleep(_RENEW_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rules.changed.wait(), _RENEW_SECONDS)
