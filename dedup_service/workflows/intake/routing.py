"""Route: look somebody up, and insert or update them, as one atomic write.

Two callers with the same person at the same moment make one record, whichever comes second (`claiming`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dedup_service.domain.errors import DedupError, InvalidInput, LimitExceeded
from dedup_service.domain.intake.answers import Result, Routed
from dedup_service.domain.principals import Principal, check_may_write
from dedup_service.domain.records import ID_TO_BE_GIVEN, RecordKey, RecordKind, Violation
from dedup_service.domain.validation import draft_violations
from dedup_service.workflows.data_entry import DataEntry
from dedup_service.workflows.intake.answering import Answering
from dedup_service.workflows.intake.assigning import Assigning
from dedup_service.workflows.intake.carrying_out import CarryingOut
from dedup_service.workflows.intake.claiming import Claiming
from dedup_service.workflows.intake.items import Entry, Item, item_of
from dedup_service.workflows.intake.planning import Planned, Planning
from dedup_service.workflows.intake.settling import Settling, Work
from dedup_service.workflows.ports import (
    ClockNow,
    Ids,
    ReadTransaction,
    Request,
    Store,
    Together,
    WriteTransaction,
    Written,
)
from dedup_service.workflows.record_writes import cannot_become
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse

MAX_BATCH = 500


class Routing:
    """The use case that decides what to do with people and companies who are about to be inserted."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        models: ModelInUse,
        planning: Planning,
        claiming: Claiming,
        carrying_out: CarryingOut,
        data_entry: DataEntry,
        now: ClockNow,
        new_id: Ids,
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._rules = rules
        self._models = models
        self._planning = planning
        self._carrying_out = carrying_out
        self._claiming = claiming
        self._data_entry = data_entry
        self._now = now

    async def route(
        self, request: Request, entries: Sequence[Entry], caller: Principal, validate_only: bool = False
    ) -> Routed:
        """Route 1 to 500 records in one write; those that cannot be are answered with their reasons.

        Raises:
            LimitExceeded: the batch is larger; nothing is written.
            PermissionRefused: the caller may not write records of one of the sources.
            IndexUnavailable: the index does not answer, and not every record must be transacted with at once.
        """
        if len(entries) > MAX_BATCH:
            raise LimitExceeded(f"a batch takes at most {MAX_BATCH} records, this one has {len(entries)}")
        if not entries:
            raise InvalidInput.at("items", f"takes 1 to {MAX_BATCH} records, not none")
        if not validate_only:
            self.check_caller(entries, caller)
        # In a preview too, where two that are to be given ids would be taken for one record.
        entries = [self._named(entry) for entry in entries]
        items, refused = self._items(entries)
        if not items:
            return Routed(tuple(Result(violations=tuple(found)) for found in refused.values()), 0)
        if validate_only:
            return await self._store.read(lambda tx: self._previewed(tx, items, refused, caller))

        async def work(tx: WriteTransaction) -> Written[Routed]:
            return await self._carried_out(tx, items, refused, caller)

        return await self._store.write(request, work, Routed)

    async def route_together(
        self, requests: Sequence[Request], entries: Sequence[Entry], caller: Principal
    ) -> list[Routed | DedupError]:
        """Route the records of several requests, one of each, in one write; each has an answer of its own.

        Raises:
            as `route`: none of them was routed.
        """
        items, refused = self._items([self._named(entry) for entry in entries])
        answers: dict[int, Routed | DedupError] = {
            place: Routed((Result(violations=tuple(found)),), 0) for place, found in refused.items()
        }
        places = [item.place for item in items]

        async def work(tx: WriteTransaction, chosen: Sequence[int]) -> Written[Together[Routed]]:
            some = [items[at] for at in chosen]
            for place, item in enumerate(some):
                item.place = place
            return _apart(await self._carried_out(tx, some, {}, caller), some)

        if items:
            asked = [requests[place] for place in places]
            together = await self._store.write_together(asked, work, Routed)
            answers.update(zip(places, together, strict=True))
        return [answers[place] for place in range(len(requests))]

    def check_caller(self, entries: Sequence[Entry], caller: Principal) -> None:
        """Raises PermissionRefused when the caller may not write records of one of the sources."""
        targets = {(entry.draft.key.source, None) for entry in entries}
        check_may_write(self._rules.principals, caller.name, targets, self._rules.policy)

    def _items(self, entries: Sequence[Entry]) -> tuple[list[Item], dict[int, list[Violation]]]:
        """The entries ready to be looked up, and by place those that no record can be."""
        violations = [self._violations(entry) for entry in entries]
        shared = self._rules.policy.intake.shared_domains
        items = [
            item_of(place, entry, shared)
            for place, (entry, found) in enumerate(zip(entries, violations, strict=True))
            if not found
        ]
        return items, {place: found for place, found in enumerate(violations) if found}

    def _named(self, entry: Entry) -> Entry:
        """The entry with an id of its own where the caller asks to be given one."""
        key = entry.draft.key
        if key.source_record_id != ID_TO_BE_GIVEN:
            return entry
        named = RecordKey(key.source, self._new_id())
        return replace(entry, draft=replace(entry.draft, key=named), new_id=True)

    def _violations(self, entry: Entry) -> list[Violation]:
        """What is wrong with a draft whatever kind it becomes; what only some kinds have is left to them."""
        draft = entry.draft if entry.given_kind else replace(entry.draft, account=None, parent=None)
        return draft_violations(draft, self._rules.policy.functions)

    async def _previewed(
        self,
        tx: ReadTransaction,
        items: Sequence[Item],
        refused: dict[int, list[Violation]],
        caller: Principal,
    ) -> Routed:
        planned = await self._planning.planned(tx, items, caller.name)
        now = self._now()
        stopped = refused | self._stopped(items, caller)
        works, _ = await self._settled(tx, planned, stopped, now)
        answering = Answering(self._rules.policy, now)
        return Routed(answering.results(works, stopped), 0)

    def _stopped(self, items: Sequence[Item], caller: Principal) -> dict[int, list[Violation]]:
        """The items that are refused now that their kinds are known, by data entry or as not theirs."""
        stopped: dict[int, list[Violation]] = {}
        for item in items:
            kind = None if item.target is not None else item.step.kind
            item.findings = self._data_entry.findings(item.draft, kind)
            if self._data_entry.stops(item.findings, item.draft.key.source):
                stopped[item.place] = [
                    Violation(f"record.{finding.field}", finding.message)
                    for finding in item.findings
                    if finding.severity.rank == 0
                ]
            elif item.own is not None and item.asked.given_kind is not None:
                wrong = cannot_become(item.own, replace(item.draft, kind=item.asked.given_kind))
                if wrong:
                    stopped[item.place] = wrong
            elif item.own is not None and not item.own.active:
                stopped[item.place] = cannot_become(item.own, item.own.draft)
            elif kind is not None and not self._may_insert(caller, item.draft.key.source, kind):
                why = f"would be {kind}, and the policy lets others alone write those of this source"
                stopped[item.place] = [Violation("record", why)]
        return {place: found for place, found in stopped.items() if found}

    def _may_insert(self, caller: Principal, source: str, kind: RecordKind) -> bool:
        return self._rules.policy.visibility.may_write(caller, source, kind)

    async def _settled(
        self, tx: ReadTransaction, planned: Planned, stopped: dict[int, list[Violation]], now: datetime
    ) -> tuple[list[Work], Assigning]:
        policy = self._rules.policy
        assigning = Assigning(tx, policy, self._rules.principals, now)
        settling = Settling(planned, assigning, self._models.current, policy, now)
        works = await settling.works(item for item in planned.items if item.place not in stopped)
        stopped.update(settling.refused)
        return works, assigning

    async def _carried_out(
        self,
        tx: WriteTransaction,
        items: Sequence[Item],
        refused: dict[int, list[Violation]],
        caller: Principal,
    ) -> Written[Routed]:
        planned = await self._planning.planned(tx, items, caller.name)
        stopped = refused | self._stopped(items, caller)
        claim = await self._claiming.claimed(tx, planned, caller.name)
        if claim.again:
            again = self._stopped(claim.again, caller)
            stopped = {place: found for place, found in stopped.items() if place not in _places(claim.again)}
            stopped |= again
        revision, planned = claim.revision, claim.planned
        works, assigning = await self._settled(tx, planned, stopped, revision.time)
        if not works:
            return Written(Routed(Answering(self._rules.policy, revision.time).results([], stopped), 0))
        written = await self._carrying_out.written(
            tx, works, claim.locked, assigning, stopped, revision, caller
        )
        quoted = [name for item in items for name in item.quoted]
        return replace(written, subjects=tuple(dict.fromkeys((*written.subjects, *quoted))))


def _places(items: Sequence[Item]) -> set[int]:
    return {item.place for item in items}


def _apart(written: Written[Routed], items: Sequence[Item]) -> Written[Together[Routed]]:
    """The same write with a result for each record."""
    results = written.result.results
    subjects = tuple(
        ((result.answer.record.name,) if result.answer else ()) + item.quoted
        for result, item in zip(results, items, strict=True)
    )
    each = tuple(Routed((result,), written.result.revision) for result in results)
    return written.told(Together(each, subjects), written.detail)
