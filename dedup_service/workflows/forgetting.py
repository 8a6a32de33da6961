"""What the service forgets by itself, by age and after erasures, and the audit heads that it publishes."""

import logging
from datetime import datetime, timedelta

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.retention import Retention
from dedup_service.workflows.ports import Request, Store, WriteTransaction, Written

LOG = logging.getLogger(__name__)

SERVICE = "services/upkeep"
# A day's changes are dropped at once, so that the audit has an entry a day of it.
_CHANGES_AT_ONCE = timedelta(days=1)


class KeepingShort:
    """Carries out retention and clears away behind erasures; several services on one store may each do."""

    def __init__(self, store: Store, retention: Retention) -> None:
        self._store = store
        self._retention = retention

    async def run(self, now: datetime) -> None:
        """Forget what is old by now, once."""
        if self._retention.changes is not None:
            await self._drop_changes(now - self._retention.changes)
        dropped = await self._store.forget_old(self._retention, now)
        for what, count in dropped.items():
            LOG.info("retention: %s, %d rows", what.replace("_", " "), count)
        await self._store.tidy_after_erasures()

    async def _drop_changes(self, before: datetime) -> None:
        """Tell the ledger and the audit up to where changes are no longer kept; they go afterwards."""
        if not await self._store.read(lambda tx: tx.last_revision_before(before - _CHANGES_AT_ONCE)):
            return

        async def work(tx: WriteTransaction) -> Written[None]:
            await tx.revision()
            upto = await tx.last_revision_before(before)
            if not upto:
                return Written(None)
            await tx.drop_changes_upto(upto)
            return Written(
                None, targets=(f"changes/{upto}-0",), detail=f"changes dropped up to revision {upto}"
            )

        await self._store.write(Request(SERVICE, "DropOldChanges"), work, type(None))


class PublishingHeads:
    """Publishes the head of the audit chain as a change and in the log, for others to keep (E-3).

    Without an `interval` none is published.
    """

    def __init__(self, store: Store, interval: timedelta | None) -> None:
        self._store = store
        self._interval = interval

    async def run(self, now: datetime) -> None:
        """Publish the head if something was written since the last one, and that is long enough ago."""
        if self._interval is None:
            return
        last = await self._store.read(lambda tx: tx.last_published_head())
        if last is None or now - last[1] < self._interval:
            return

        async def work(tx: WriteTransaction) -> Written[str]:
            await tx.revision()
            head, newest = await tx.audit_head(), await tx.last_published_head()
            # Another service may have published; and of a publication alone there is nothing to tell.
            if newest is None or newest[0] >= head.revision or newest != last:
                return Written("")
            change = ChangeDraft(ChangeType.AUDIT_HEAD_PUBLISHED, audit_head=head)
            return Written(
                str(head),
                changes=(change,),
                targets=(f"auditEntries/{head.revision}",),
                detail=f"published {head}",
            )

        published = await self._store.write(Request(SERVICE, "PublishAuditHead"), work, str)
        if published:
            LOG.info("audit head %s", published)
