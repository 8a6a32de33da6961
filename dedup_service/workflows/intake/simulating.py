"""Whom past intakes would have gone to under another policy: the ladder climbed under both, nothing stored.

Read a page a snapshot. A record is looked at as it is now, since an intake keeps no values.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.intake.answers import Assigned
from dedup_service.domain.records import Record, RecordKey
from dedup_service.domain.territories import Placement, Rung, Target, TerritoryPolicy, place
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.intake.port import Intake
from dedup_service.workflows.pages import Page
from dedup_service.workflows.policy_checks import read_policy
from dedup_service.workflows.ports import ReadTransaction, Store
from dedup_service.workflows.rules import Rules

MAX_PAST = 10_000
MAX_SHOWN = 1_000
_PAGE = 200
_NEW = (Condition("action", Operator.NOT_EQUALS, "UPDATE"),)
_OF_THE_LADDER = frozenset(rung.value for rung in Rung)


@dataclass(frozen=True, slots=True)
class TerritoryDifference:
    """An intake that would go elsewhere."""

    intake_name: str
    record: RecordKey
    before: Assigned
    after: Assigned


@dataclass(slots=True)
class TerritorySimulation:
    """What another policy changes: counts, how many each target gets under both, and the differences."""

    version: str
    replayed_count: int = 0
    skipped_count: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    differing_count: int = 0
    differences: list[TerritoryDifference] = field(default_factory=list)


class TerritorySimulating:
    """The use case that tries the territories of a policy on past intakes."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    async def simulate(self, text: str, past_limit: int) -> TerritorySimulation:
        """Replay up to `past_limit` new records, the newest first.

        Raises:
            InvalidInput: the text is no policy, with every problem; or the limit is out of range.
        """
        if not 1 <= past_limit <= MAX_PAST:
            raise InvalidInput.at("past_limit", f"takes 1 to {MAX_PAST:,} intakes, not {past_limit:,}")
        candidate = await read_policy(self._rules.parse, text, "text")
        result = TerritorySimulation(candidate.version)
        async for intakes, records in self._pages(past_limit):
            for intake in intakes:
                record = records.get(intake.record)
                if intake.assigned.rung not in _OF_THE_LADDER or record is None or not record.active:
                    result.skipped_count += 1
                else:
                    self._replay(intake, record, candidate.territories, result)
            await asyncio.sleep(0)
        return result

    async def _pages(
        self, past_limit: int
    ) -> AsyncIterator[tuple[tuple[Intake, ...], Mapping[RecordKey, Record]]]:
        after, left = None, past_limit
        while left > 0:
            page = Page(conditions=_NEW, after=after, size=min(left, _PAGE))
            listed, records = await self._store.read(partial(_read, page))
            yield listed, records
            left -= len(listed)
            if len(listed) < page.size:
                return
            after = (str(listed[-1].revision), str(listed[-1].ordinal))

    def _replay(
        self, intake: Intake, record: Record, candidate: TerritoryPolicy, result: TerritorySimulation
    ) -> None:
        accounts = [intake.account.name] if intake.account is not None else []
        draft = record.draft
        before = place(draft.values, draft.facts, accounts, self._rules.policy.territories)
        after = place(draft.values, draft.facts, accounts, candidate)
        result.replayed_count += 1
        result.before[_target(before)] += 1
        result.after[_target(after)] += 1
        if _target(before) != _target(after):
            result.differing_count += 1
            if len(result.differences) < MAX_SHOWN:
                result.differences.append(
                    TerritoryDifference(intake.name, intake.record, _assigned(before), _assigned(after))
                )


async def _read(page: Page, tx: ReadTransaction) -> tuple[tuple[Intake, ...], dict[RecordKey, Record]]:
    listed = await tx.list_intakes(page)
    return listed.items, await tx.records(_keys(listed.items))


def _keys(intakes: Iterable[Intake]) -> set[RecordKey]:
    return {intake.record for intake in intakes}


def _target(placement: Placement) -> str:
    return Target(placement.team, placement.principal, placement.queue, placement.partner).words


def _assigned(placement: Placement) -> Assigned:
    return Assigned(
        principal=placement.principal,
        team=placement.team,
        queue=placement.queue,
        partner=placement.partner,
        rule=placement.rule,
        rung=placement.rung.value,
    )
