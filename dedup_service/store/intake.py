"""What intake reads and writes: the end of the ledger, whose turn it is, and what was decided."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import scoring
from dedup_service.domain.intake.answers import Assigned, IntakeAction, IntakeStep
from dedup_service.domain.matching import comparable_of, way_of_preparing
from dedup_service.domain.records import RecordKey
from dedup_service.store import lists
from dedup_service.store.asking import Asking
from dedup_service.store.rows import Parameters, Row, index_entry_of, record_of
from dedup_service.workflows.index_port import IndexEntry
from dedup_service.workflows.intake.port import Intake, Tail
from dedup_service.workflows.pages import Listed, Page


class IntakeReading(Asking):
    """Implements `workflows.intake.port.IntakeReads`."""

    async def written_after(self, revision: int, limit: int) -> Tail:
        found = (await self._rows("written_revisions", {"after": revision, "limit": limit}))[0]
        head, write_count = int(found[0]), int(found[1])
        if write_count > limit:
            return Tail((), head, whole=False)
        if not write_count:
            return Tail((), head)
        entries = []
        parameters = {"after": revision, "way": way_of_preparing()}
        for row in await self._rows("entries_written_after", parameters):
            try:
                entries.append(index_entry_of(row))
            except scoring.ComparableError:
                # Damaged, or written by another's hand: prepared anew from the record.
                record = record_of((await self._rows("records_by_no", [[row[0]]]))[0])
                entries.append(IndexEntry(record.record_no, record.kind, comparable_of(record.draft)))
        return Tail(tuple(entries), head)

    async def team_turn(self, team: str) -> str:
        rows = await self._rows("team_turn", [team])
        return str(rows[0][0]) if rows else ""

    async def assignment_counts(self, principals: Collection[str], since: datetime) -> dict[str, int]:
        rows = await self._rows("assignment_counts", [list(principals), since])
        return {str(row[0]): int(row[1]) for row in rows}

    async def list_intakes(self, page: Page) -> Listed[Intake]:
        rows, after = await self._page(lists.INTAKES, page)
        return Listed(tuple(intake_of(row) for row in rows), after)


def turn_columns(turns: Mapping[str, str]) -> Parameters:
    """The parameters of `save_team_turns`, in the order of the teams' names."""
    teams = sorted(turns)
    return [teams, [turns[team] for team in teams]]


def intake_columns(intakes: Sequence[Intake]) -> Parameters:
    """The parameters of `insert_intakes`, for intakes of one write."""
    first = intakes[0]
    return {
        "revision": first.revision,
        "time": first.time,
        "caller": first.caller,
        "policy_version": first.policy_version,
        "ordinals": [one.ordinal for one in intakes],
        "actions": [one.action.value for one in intakes],
        "steps": [one.step.value for one in intakes],
        "sources": [one.record.source for one in intakes],
        "ids": [one.record.source_record_id for one in intakes],
        "accounts": [one.account.name if one.account else "" for one in intakes],
        "principals": [one.assigned.principal for one in intakes],
        "functions": [one.assigned.function for one in intakes],
        "teams": [one.assigned.team for one in intakes],
        "queues": [one.assigned.queue for one in intakes],
        "partners": [one.assigned.partner for one in intakes],
        "rules": [one.assigned.rule for one in intakes],
        "rungs": [one.assigned.rung for one in intakes],
    }


def intake_of(row: Row) -> Intake:
    """An intake from the columns of the list `INTAKES`, its key first."""
    (revision, ordinal, time, caller, action, step, source, record_id, account, *who, version) = row
    principal, function, team, queue, partner, rule, rung = who
    return Intake(
        revision=revision,
        ordinal=ordinal,
        time=time,
        caller=caller,
        action=IntakeAction(action),
        step=IntakeStep(step),
        record=RecordKey(source, record_id),
        account=RecordKey.parse(account),
        assigned=Assigned(
            principal=principal,
            function=function,
            team=team,
            queue=queue,
            partner=partner,
            rule=rule,
            rung=rung,
        ),
        policy_version=version,
    )
