"""What happens to leads when nothing happens: LIVE ones become dormant, and some wait too long (domain 2.1,
2.2).

A run looks for the leads whose class is no longer the one last told, and for those whose service level ended
since their last touch; it tells of each in a change. Both follow from times that the store keeps of each lead
and from the policy in force, so that a run finds what is due whenever it comes, after a stop or under another
policy. What was told is kept in the write that tells it: of several processes one does, and each breach is
told once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dedup_service.domain.attention import AttentionTimes, LeadClassChange
from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.lead_states import lead_state
from dedup_service.domain.leads import asking_reason, latest_time, lead_class
from dedup_service.domain.records import LeadClass, Record
from dedup_service.workflows.lead_ports import UntoldLead
from dedup_service.workflows.ports import Request, Store, WriteTransaction, Written
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules

PRINCIPAL = "services/attention"
# Of one write: others wait for it no longer than some 20 ms.
PIECE_SIZE = 200
# Of one run and each sort, so that what else the service does by itself is not held up for long.
MOST_PIECES = 25
_HOUR = timedelta(hours=1)
_CLASSES = Request(PRINCIPAL, "TellLeadClasses")
_UNATTENDED = Request(PRINCIPAL, "TellUnattendedLeads")
_TAKING_UP = Request(PRINCIPAL, "TakeUpLeads")


@dataclass(frozen=True, slots=True)
class Attended:
    """What one run did: leads taken up, classes told, breaches told; `more` when it left something to the
    next.
    """

    taken_up_count: int = 0
    class_count: int = 0
    unattended_count: int = 0
    more: bool = False


class Attending:
    """The use case that tells what time does to leads; run by the service itself, again and again."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        replanning: Replanning,
        piece_size: int = PIECE_SIZE,
        most_pieces: int = MOST_PIECES,
    ) -> None:
        self._store = store
        self._rules = rules
        self._replanning = replanning
        self._piece_size = piece_size
        self._most_pieces = most_pieces

    async def run(self, now: datetime) -> Attended:
        """Tell what is due at `now`, piece by piece; run twice is run once."""
        taken_up_count, more_to_take_up = await self._pieces(self._take_up, now)
        class_count, more_classes = await self._pieces(self._tell_classes, now)
        unattended_count, more_unattended = await self._pieces(self._tell_unattended, now)
        more = more_to_take_up or more_classes or more_unattended
        return Attended(taken_up_count, class_count, unattended_count, more)

    async def _pieces(
        self, piece: Callable[[datetime], Awaitable[int | None]], now: datetime
    ) -> tuple[int, bool]:
        """How many leads the pieces were about, and whether there may be more.

        A piece that is None ends them: nothing is left, or another process is at it.
        """
        count = 0
        for _ in range(self._most_pieces):
            done = await piece(now)
            if done is None:
                return count, False
            count += done
        return count, True

    def _times(self, now: datetime) -> AttentionTimes:
        return AttentionTimes.of(self._rules.policy, now)

    async def _take_up(self, now: datetime) -> int | None:
        """Leads that were written by a release that kept no states; nobody was told of them before."""
        awaited = await self._store.read(lambda tx: tx.awaited_leads(self._piece_size))
        if awaited is None:
            return None

        async def work(tx: WriteTransaction) -> Written[int]:
            states = [lead_state(record, self._rules.policy, now) for record in awaited.leads]
            await tx.revision()
            taken_up = await tx.take_up_leads(awaited, states)
            return Written(len(states) if taken_up else 0)

        return await self._store.write(_TAKING_UP, work, int)

    async def _tell_classes(self, now: datetime) -> int | None:
        """Leads that are of another class by themselves, with the proposals that this decides otherwise."""
        times = self._times(now)
        found = await self._store.read(lambda tx: tx.changed_lead_classes(times, self._piece_size))
        if not found:
            return None
        known = await self._store.read(lambda tx: tx.records_by_no(found))

        async def work(tx: WriteTransaction) -> Written[int]:
            records = await tx.lock_records([record.key for record in known.values()])
            leads = sorted((r for r in records.values() if r.active), key=lambda r: r.record_no)
            proposals = await self._replanning.lock(tx, {record.golden_id for record in leads})
            revision = await tx.revision()
            told = await tx.told_lead_classes([record.record_no for record in leads])
            changed = {
                record.record_no: (record, found)
                for record in leads
                if record.record_no in told
                and (found := self._class_change(record, told[record.record_no], now)) is not None
            }
            if not changed:
                return Written(0)
            await tx.tell_lead_classes({number: change.after for number, (_, change) in changed.items()})
            # By the same moment as the classes, should the clock of the store be behind.
            moment = replace(revision, time=max(revision.time, now))
            replanned = await self._replanning.replan(tx, proposals, moment)
            changes = [
                ChangeDraft(
                    ChangeType.LEAD_CLASS_CHANGED,
                    record=record.name,
                    lead_class=change,
                    subjects=(record.name,),
                )
                for record, change in changed.values()
            ]
            return Written(
                len(changed),
                changes=(*changes, *replanned),
                targets=tuple(record.name for record, _ in changed.values()),
                detail="lead class changed by itself",
            )

        return await self._store.write(_CLASSES, work, int) or None

    def _class_change(self, record: Record, told: LeadClass, now: datetime) -> LeadClassChange | None:
        """What to tell of a lead of which this class was told last; None when it still has it."""
        found, why = lead_class(record.draft, self._rules.policy, now)
        requested = latest_time(record.draft, "requested")
        if found is told or requested is None:
            return None
        return LeadClassChange(told, asking_reason(told, requested), found, why)

    async def _tell_unattended(self, now: datetime) -> int | None:
        """LIVE leads whose service level has ended since their last touch, the longest unattended first."""
        times = self._times(now)
        if not await self._store.read(lambda tx: tx.untold_leads(times, 1)):
            return None

        async def work(tx: WriteTransaction) -> Written[int]:
            # Under the head, so that a touch is either seen here or comes after what is told.
            await tx.revision()
            times = self._times(now)
            untold = await tx.untold_leads(times, self._piece_size)
            if not untold:
                return Written(0)
            await tx.tell_unattended([each.record.record_no for each in untold])
            return Written(
                len(untold),
                changes=tuple(_unattended_change(each, times) for each in untold),
                targets=tuple(each.record.name for each in untold),
                detail=f"untouched for longer than {times.service_level // _HOUR} hours",
            )

        return await self._store.write(_UNATTENDED, work, int) or None


def _unattended_change(lead: UntoldLead, times: AttentionTimes) -> ChangeDraft:
    record = lead.record
    return ChangeDraft(
        ChangeType.LEAD_UNATTENDED,
        record=record.name,
        unattended=times.unattended(lead.touch_time, record.draft.owner),
        subjects=(record.name,),
    )
