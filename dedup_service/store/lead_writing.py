"""The states of leads, kept in the writes that change the leads; whoever calls holds the ledger head."""

from collections.abc import Collection, Mapping, Sequence

import psycopg

from dedup_service.domain.lead_states import LeadState, lead_state
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import LeadClass, Record, RecordKind
from dedup_service.store.reading import Reading
from dedup_service.store.rows import encode_text
from dedup_service.workflows.lead_ports import AwaitedLeads


class LeadWriting(Reading):
    """Implements `workflows.lead_ports.LeadWrites`; `policy` is the one that the write is decided by.

    A write that is decided by none keeps no states: what class a lead has, only a policy says.
    """

    def __init__(self, connection: psycopg.AsyncConnection, policy: Policy | None = None) -> None:
        super().__init__(connection)
        self._policy = policy

    async def keep_lead_states(self, records: Sequence[Record]) -> None:
        """Keep the states of the leads among these records as they were just written, of the active alone."""
        leads = [record for record in records if record.kind is RecordKind.LEAD]
        if gone := [record.record_no for record in leads if not record.active]:
            await self._run("drop_lead_states", [gone])
        active = [record for record in leads if record.active]
        if self._policy is not None and active:
            await self._save_lead_states(
                [lead_state(record, self._policy, record.update_time) for record in active]
            )

    async def _save_lead_states(self, states: Sequence[LeadState]) -> None:
        # One text for all: psycopg takes several times as long for a list of each column.
        await self._run("save_lead_states", {"states": encode_text(states)})

    async def tell_lead_classes(self, classes: Mapping[int, LeadClass]) -> None:
        await self._run("tell_lead_classes", [list(classes), [told.value for told in classes.values()]])

    async def tell_unattended(self, record_nos: Collection[int]) -> None:
        await self._run("tell_unattended_leads", [list(record_nos)])

    async def take_up_leads(self, awaited: AwaitedLeads, states: Sequence[LeadState]) -> bool:
        if not await self._rows("lead_states_taken_up", {"after": awaited.after, "upto": awaited.upto}):
            return False
        if states:
            await self._save_lead_states(states)
        await self._run("no_lead_states_awaited", ())
        return True
