"""What the caller is told of each record: the who-is-who answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dedup_service.domain.intake.answers import IntakeAction, IntakeAnswer, Result, StepReason
from dedup_service.domain.lead_scoring import score_lead
from dedup_service.domain.policy import Policy
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import ID_TO_BE_GIVEN, Record, RecordKey, RecordKind, Violation
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.port import intake_name
from dedup_service.workflows.intake.settling import Work


class Answering:
    """Makes the answers of one batch; without `records` it is a preview, and nothing was written."""

    def __init__(
        self,
        policy: Policy,
        now: datetime,
        records: Mapping[RecordKey, Record] | None = None,
        proposals: Mapping[RecordKey, Proposal] | None = None,
        revision: int = 0,
    ) -> None:
        self._policy = policy
        self._now = now
        self._records = records or {}
        self._proposals = proposals or {}
        self._revision = revision

    def results(
        self, works: Sequence[Work], refused: Mapping[int, Iterable[Violation]]
    ) -> tuple[Result, ...]:
        """A result for each place of the batch."""
        found = {place: Result(violations=tuple(violations)) for place, violations in refused.items()}
        for work in works:
            for item in work.items:
                found[item.place] = Result(self._answer(work, item))
        return tuple(found[place] for place in sorted(found))

    def _answer(self, work: Work, item: Item) -> IntakeAnswer:
        proposal = self._proposals.get(work.draft.key)
        scored = score_lead(work.draft, self._policy.lead_scoring, self._now)
        return IntakeAnswer(
            action=self._action(work, item),
            step=item.step.step,
            reasons=_reasons(item),
            record=self._record(work),
            account=item.account,
            duplicates=item.duplicates,
            proposal_name=proposal.name if proposal is not None and item is work.items[0] else "",
            assigned=work.assigned,
            lead_class=work.lead_class,
            lead_class_reason=work.lead_class_reason,
            lead_score=scored if work.draft.kind is RecordKind.LEAD else None,
            findings=item.findings,
            folded=work.folded.get(item.place, ()),
            incomplete=item.incomplete,
            intake_name=intake_name(self._revision, item.place) if self._revision else "",
            revision=self._revision,
        )

    def _action(self, work: Work, item: Item) -> IntakeAction:
        if item.place in work.folded:
            return IntakeAction.UPDATE
        # A preview tells of the proposal that there would be.
        waits = work.draft.key in self._proposals if self._revision else bool(work.merge_with or work.mates)
        return IntakeAction.INSERT_WITH_PROPOSAL if waits else IntakeAction.INSERT

    def _record(self, work: Work) -> Record:
        """The record as it was written; in a preview, as it would be, without a place in the store."""
        written = self._records.get(work.draft.key)
        if written is not None:
            return written
        if work.stored is not None:
            return Record(
                draft=work.draft,
                record_no=work.stored.record_no,
                golden_id=work.stored.golden_id,
                version=work.stored.version,
                revision=work.stored.revision,
                create_time=work.stored.create_time,
                update_time=work.stored.update_time,
                state=work.stored.state,
            )
        draft = work.draft
        if work.items[0].new_id:
            # The id that it was planned with is given to nobody.
            draft = replace(draft, key=RecordKey(draft.key.source, ID_TO_BE_GIVEN))
        return Record(
            draft=draft,
            record_no=0,
            golden_id="",
            version=0,
            revision=0,
            create_time=self._now,
            update_time=self._now,
        )


def _reasons(item: Item) -> tuple[StepReason, ...]:
    """The steps; the one that was taken also says why those who are alike were not updated."""
    *passed, taken = item.step.reasons
    if item.target is None and item.notes:
        taken = StepReason(taken.step, taken.taken, "; ".join((taken.detail, *item.notes)))
    return (*passed, taken)
