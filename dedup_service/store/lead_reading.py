"""Leads as `lead_states` has them: who is unattended, whose class changed, how they died."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from psycopg import sql

from dedup_service.domain.attention import AttentionTimes, UnattendedLead
from dedup_service.domain.dead_leads import DeadLeadQuery, DeadLeadStudy
from dedup_service.domain.leads import asking_reason
from dedup_service.domain.records import LeadClass
from dedup_service.store.asking import Asking
from dedup_service.store.dead_leads import DeadLeadCounts
from dedup_service.store.lists import ListQuery, Order
from dedup_service.store.rows import Row, record_of
from dedup_service.workflows.lead_ports import AwaitedLeads, UntoldLead
from dedup_service.workflows.pages import Listed, Page

_WAITING = sql.SQL(
    "s.lead_class <> 'DEAD' AND NOT s.history AND s.requested_time >= %s"
    # The request is a touch, so this bounds the scan of the index.
    " AND s.touch_time >= %s AND s.touch_time < %s"
    # Somebody dealt with the same person, in another source.
    " AND (SELECT true FROM records m JOIN lead_states t ON t.record_no = m.record_no"
    " WHERE m.golden_id = r.golden_id AND t.touch_time >= %s LIMIT 1) IS NULL"
)


def _unattended_list(times: AttentionTimes) -> ListQuery:
    since, before = times.asked_since, times.touched_before
    return ListQuery(
        select="lead_states s JOIN records r USING (record_no)",
        columns="s.requested_time, s.told_touch_time,"
        " r.record_no, r.state, r.golden_id, r.version, r.revision,"
        " r.create_time, r.update_time, r.draft",
        orders={"": Order((("s.touch_time", "timestamptz"), ("s.record_no", "bigint")))},
        fields={"owner": "s.owner", "function": "s.function", "queue": "s.queue", "source": "s.source"},
        always=(_WAITING, [since, since, before, before]),
    )


def _unattended_lead(times: AttentionTimes, row: Row) -> UnattendedLead:
    touch_time, _, requested_time, told_touch_time, *columns = row
    record = record_of(columns)
    return UnattendedLead(
        record=record,
        class_reason=asking_reason(LeadClass.LIVE, requested_time),
        unattended=times.unattended(touch_time, record.draft.owner),
        told=told_touch_time is not None and told_touch_time >= touch_time,
    )


class LeadReading(Asking):
    """Implements `workflows.lead_ports.LeadReads`."""

    async def changed_lead_classes(self, times: AttentionTimes, limit: int) -> list[int]:
        columns = {"asked_since": times.asked_since, "limit": limit}
        return [int(row[0]) for row in await self._rows("changed_lead_classes", columns)]

    async def told_lead_classes(self, record_nos: Collection[int]) -> dict[int, LeadClass]:
        rows = await self._rows("told_lead_classes", [list(record_nos)])
        return {int(number): LeadClass(told) for number, told in rows}

    async def untold_leads(self, times: AttentionTimes, limit: int) -> list[UntoldLead]:
        columns = {
            "asked_since": times.asked_since,
            "touched_before": times.touched_before,
            "limit": limit,
        }
        async with self._in_index_order():
            rows = await self._rows("untold_leads", columns)
        return [UntoldLead(record_of(row[1:]), row[0]) for row in rows]

    async def unattended_leads(self, page: Page, times: AttentionTimes) -> Listed[UnattendedLead]:
        async with self._in_index_order():
            rows, after = await self._page(_unattended_list(times), page)
        return Listed(tuple(_unattended_lead(times, row) for row in rows), after)

    @asynccontextmanager
    async def _in_index_order(self) -> AsyncIterator[None]:
        """Have PostgreSQL read leads in the order of an index, and stop when it has enough.

        It takes the times for independent and believes that hardly any lead is left: of a hundred thousand
        that are, it would look each one up and sort them all, for each page.
        """
        await self._rows("sorting", ["off"])
        yield
        await self._rows("sorting", ["on"])

    async def awaited_leads(self, limit: int) -> AwaitedLeads | None:
        rows = await self._rows("lead_states_awaited")
        if not rows:
            return None
        after, last = rows[0]
        found = await self._rows("awaited_records", {"after": after, "last": last, "limit": limit})
        leads = tuple(map(record_of, found))
        return AwaitedLeads(after, leads[-1].record_no if len(leads) == limit else last, leads)

    async def dead_leads(self, query: DeadLeadQuery) -> DeadLeadStudy:
        return await DeadLeadCounts(self._connection, query).study()
