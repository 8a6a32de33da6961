"""What a settled batch writes: records, proposals, intakes, and the changes that tell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.golden import GoldenRecord, image_of, singleton
from dedup_service.domain.intake.answers import Result, Routed
from dedup_service.domain.matching import NewRecord, entity_of
from dedup_service.domain.principals import Principal
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import LeadClass, Record, RecordKey, RecordState, Violation
from dedup_service.workflows.assessment import proposal_change
from dedup_service.workflows.intake.answering import Answering
from dedup_service.workflows.intake.assigning import Assigning
from dedup_service.workflows.intake.port import Intake
from dedup_service.workflows.intake.settling import Work
from dedup_service.workflows.ports import Revision, WriteTransaction, Written
from dedup_service.workflows.proposing import ProposalDraft, Proposing
from dedup_service.workflows.record_changes import Locked, RecordChanges, with_records
from dedup_service.workflows.rules import Rules


class CarryingOut:
    """Writes the works of one batch, under the locks and the claim that its caller holds."""

    def __init__(self, rules: Rules, changes: RecordChanges, proposing: Proposing) -> None:
        self._rules = rules
        self._changes = changes
        self._proposing = proposing

    async def written(
        self,
        tx: WriteTransaction,
        works: Sequence[Work],
        locked: Locked,
        assigning: Assigning,
        stopped: dict[int, list[Violation]],
        revision: Revision,
        caller: Principal,
    ) -> Written[Routed]:
        changed = [
            # Its source has it, so one that was deleted there is back.
            replace(work.stored, draft=work.draft, state=RecordState.ACTIVE)
            for work in works
            if work.stored is not None and not (work.stored.active and work.stored.draft == work.draft)
        ]
        new = [await self._prepared(work) for work in works if work.stored is None]
        updated = await self._changes.store(tx, changed, ChangeType.RECORD_UPDATED, locked)
        inserted, insert_changes, entries = await self._changes.insert(tx, new)
        records = {record.key: record for record in (*updated.result, *inserted)}
        goldens = _after(locked, records, revision)
        proposals = await self._proposed(tx, works, records, goldens, caller)
        await tx.save_team_turns(assigning.turns)
        answering = Answering(self._rules.policy, revision.time, records, proposals, revision.number)
        results = answering.results(works, stopped)
        intakes = _intakes(works, results, revision, caller, self._rules.policy.version)
        await tx.insert_intakes(intakes)
        folded = self._fold_changes(works, intakes, records, goldens)
        names = tuple(dict.fromkeys(work.draft.key.name for work in works))
        return Written(
            result=Routed(results, revision.number),
            changes=(*updated.changes, *insert_changes, *folded, *map(proposal_change, proposals.values())),
            targets=(*names, *(proposal.name for proposal in proposals.values())),
            detail=f"{len(inserted)} inserted, {len(folded)} folded, {len(proposals)} proposed",
            index_inserts=entries,
            index_upserts=updated.index_upserts,
            subjects=names,
        )

    async def _prepared(self, work: Work) -> NewRecord:
        """The new record; what it was looked up by is its comparable, unless others were folded into it."""
        first = work.items[0]
        same_entity = entity_of(work.draft.kind, work.draft.values, work.draft.person_account)
        if len(work.items) == 1 and same_entity is first.comparable.entity:
            return self._changes.prepared_as(work.draft, first.comparable)
        [prepared] = await self._changes.prepared([work.draft])
        return prepared

    async def _proposed(
        self,
        tx: WriteTransaction,
        works: Sequence[Work],
        records: Mapping[RecordKey, Record],
        goldens: Mapping[str, GoldenRecord],
        caller: Principal,
    ) -> dict[RecordKey, Proposal]:
        """The proposals that new records wait for, by record."""
        proposals = {}
        for work in works:
            mates = [mate for mate in work.mates if not _both_dead(work, mate)]
            others = [*work.merge_with, *(records[mate.draft.key].golden_id for mate in mates)]
            if work.stored is not None or not others:
                continue
            ids = tuple(dict.fromkeys((records[work.draft.key].golden_id, *others)))
            draft = ProposalDraft(golden_ids=ids, comment="found at intake")
            try:
                members = [goldens[golden_id] for golden_id in ids]
                written = await self._proposing.create_within(tx, draft, caller, members)
            except InvalidInput:
                # Kinds that do not go together, such as a company and somebody's consumer account.
                continue
            proposals[work.draft.key] = written.result
        return proposals

    def _fold_changes(
        self,
        works: Sequence[Work],
        intakes: Sequence[Intake],
        records: Mapping[RecordKey, Record],
        goldens: Mapping[str, GoldenRecord],
    ) -> list[ChangeDraft]:
        """One change for each call that made no record of its own."""
        places = {intake.ordinal: intake for intake in intakes}
        changes = []
        for work in works:
            stored = records.get(work.draft.key) or work.stored
            assert stored is not None, "a work is stored already, or was inserted"
            golden = goldens[stored.golden_id]
            for item in work.items:
                if item.place not in work.folded:
                    continue
                changes.append(
                    ChangeDraft(
                        ChangeType.INTAKE_FOLDED,
                        record=work.draft.key.name,
                        after=(image_of(golden, self._rules.policy),),
                        subjects=tuple(sorted(record.name for record in golden.active_members)),
                        intake=places[item.place].name,
                        folded=work.folded[item.place],
                    )
                )
        return changes


def _after(
    locked: Locked, records: Mapping[RecordKey, Record], revision: Revision
) -> dict[str, GoldenRecord]:
    """The golden records as this write leaves them, those of new records too."""
    touched = {
        golden_id: golden
        for golden_id, golden in locked.goldens.items()
        if any(record.key in records for record in golden.members)
    }
    written = with_records(touched, list(records.values()), revision.number)
    new = {record.golden_id: singleton(record) for record in records.values()}
    return {**new, **locked.goldens, **written}


def _both_dead(work: Work, mate: Work) -> bool:
    return work.lead_class is LeadClass.DEAD and mate.lead_class is LeadClass.DEAD


def _intakes(
    works: Sequence[Work], results: Sequence[Result], revision: Revision, caller: Principal, policy: str
) -> list[Intake]:
    """What is kept of each item that was carried out."""
    kept = []
    for work in works:
        for item in work.items:
            answer = results[item.place].answer
            assert answer is not None, "every item of a work is answered"
            recognised = answer.account is not None and answer.account.recognised
            kept.append(
                Intake(
                    revision=revision.number,
                    ordinal=item.place,
                    time=revision.time,
                    caller=caller.name,
                    action=answer.action,
                    step=answer.step,
                    record=work.draft.key,
                    account=answer.account.record if recognised and answer.account else None,
                    assigned=answer.assigned,
                    policy_version=policy,
                )
            )
    return kept
