"""Counts over the whole store, and what changes say of one golden record."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from psycopg import sql

from dedup_service.domain.activity import (
    CALIBRATION_BOUNDS,
    QUEUE_BOUNDS_DAYS,
    ActivityCounts,
    CalibrationBin,
    CalibrationStudy,
    Event,
    FunctionQueue,
    QueueStudy,
    all_queues,
    calibration_bin,
)
from dedup_service.domain.changes import Change
from dedup_service.domain.proposals import ProposalState
from dedup_service.store import ledger
from dedup_service.store.account_states import BLANKS
from dedup_service.store.asking import Asking
from dedup_service.store.lists import ListQuery, Order
from dedup_service.store.rows import Row
from dedup_service.workflows.overview_ports import WaitingAccount
from dedup_service.workflows.pages import Listed, Page

_AFTER_ALL = (2**63 - 1, 0)
# Looked up account by account in the order of the list, for the reason that `account_states` gives.
_WAITING = sql.SQL(
    "r.kind = 'ACCOUNT' AND r.state = 'ACTIVE'"
    " AND (SELECT true FROM records n WHERE n.golden_id = r.golden_id"
    " AND n.kind = 'ACCOUNT' AND n.state = 'ACTIVE'"
    " AND btrim(n.draft -> 'values' ->> 'customer_number', {}) <> '' AND n.source = ANY(%s) LIMIT 1) IS NULL"
    # An account of several records waits since the oldest of them.
    " AND (SELECT true FROM records o WHERE o.golden_id = r.golden_id"
    " AND o.kind = 'ACCOUNT' AND o.state = 'ACTIVE'"
    " AND (o.create_time, o.record_no) < (r.create_time, r.record_no) LIMIT 1) IS NULL"
).format(sql.Literal(BLANKS))


def _waiting_accounts(page: Page) -> ListQuery:
    return ListQuery(
        select="records r",
        columns="r.golden_id, r.create_time",
        orders={"": Order((("r.create_time", "timestamptz"), ("r.record_no", "bigint")))},
        fields={},
        always=(_WAITING, [list(page.master_sources)]),
    )


class OverviewReading(Asking):
    """Implements `workflows.overview_ports.OverviewReads`."""

    async def activity(self, first: date) -> ActivityCounts:
        start = datetime.combine(first, time(), UTC)
        rows = await self._rows("activity", {"start": start})
        return ActivityCounts(
            {(Event(event), day): int(count) for event, day, count in rows},
            sum((await self._open_counts()).values()),
        )

    async def _open_counts(self) -> dict[str, int]:
        return {state: int(count) for state, count in await self._rows("open_proposal_counts")}

    async def queues(self, functions: Collection[str], now: datetime) -> QueueStudy:
        one, three, seven = (now - timedelta(days=days) for days in QUEUE_BOUNDS_DAYS)
        parameters = {
            "functions": sorted(functions),
            "now": now,
            "one_day_ago": one,
            "three_days_ago": three,
            "seven_days_ago": seven,
        }
        counts = await self._open_counts()
        return QueueStudy(
            all_queues([_queue(row) for row in await self._rows("queues", parameters)], functions),
            counts.get(ProposalState.PENDING, 0),
            counts.get(ProposalState.APPROVED, 0),
        )

    async def calibration(self, start: datetime | None, end: datetime | None) -> CalibrationStudy:
        parameters = {"bounds": list(CALIBRATION_BOUNDS), "start": start, "end": end}
        found = {row[0]: row[1:] for row in await self._rows("calibration", parameters)}
        bins = tuple(
            _filled(calibration_bin(place), found.get(place)) for place in range(len(CALIBRATION_BOUNDS) + 1)
        )
        return CalibrationStudy(bins, _filled(CalibrationBin(0.0, 1.0), found.get(None)))

    async def list_waiting_accounts(self, page: Page) -> Listed[WaitingAccount]:
        rows, after = await self._page(_waiting_accounts(page), page)
        return Listed(tuple(WaitingAccount(row[2], row[3]) for row in rows), after)

    async def provisional_account_count(self, master_sources: Collection[str]) -> int:
        parameters = {"blanks": BLANKS, "master_sources": list(master_sources)}
        return int((await self._rows("provisional_account_count", parameters))[0][0])

    async def revision_time(self, revision: int) -> datetime | None:
        rows = await self._rows("revision_time", [revision])
        return rows[0][0] if rows else None

    async def golden_changes(
        self, golden_id: str, before: tuple[int, int] | None, limit: int
    ) -> list[Change]:
        revision, ordinal = before or _AFTER_ALL
        parameters = {"golden_id": golden_id, "revision": revision, "ordinal": ordinal, "limit": limit}
        return [ledger.change_of(row, ()) for row in await self._rows("golden_changes", parameters)]


def _queue(row: Row) -> FunctionQueue:
    function, *ages, overdue_count, oldest_time, oldest_proposal_id = row
    return FunctionQueue(
        function=function,
        age_counts=(ages[0], ages[1], ages[2], ages[3]),
        overdue_count=overdue_count,
        oldest_time=oldest_time,
        oldest_proposal_id=oldest_proposal_id,
    )


def _filled(bounds: CalibrationBin, row: Row | None) -> CalibrationBin:
    if row is None:
        return bounds
    mean, decided, rejected, undone = row
    return CalibrationBin(
        bounds.lowest_probability, bounds.highest_probability, mean, decided, rejected, undone
    )
