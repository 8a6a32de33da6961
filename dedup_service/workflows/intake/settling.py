"""Which records a batch makes, and which it updates: all items of one person become one record."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import scoring
from dedup_service.domain.intake.answers import Assigned, IntakeStep
from dedup_service.domain.intake.folding import FoldedValue, contradiction, fold
from dedup_service.domain.leads import lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import LeadClass, Record, RecordDraft, RecordKey, RecordKind, Violation
from dedup_service.domain.validation import draft_violations
from dedup_service.workflows.intake.assigning import Assigning, owned, owner_of
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.planning import MOST_DUPLICATES, Planned, certainly_same

# Of one block: more alike in a batch say that the block tells nobody apart.
_MOST_COMPARED = 50
_LEAD_AT_ONCE = "is a lead, and business at once needs an account: send it under sources/SOURCE/records/-"


@dataclass(slots=True)
class Work:
    """One record that a batch inserts (`stored` is None) or updates, and the items that lead to it.

    `folded` tells, by the place of an item, in which values it differed. `merge_with` are golden ids, `mates`
    other new records of the batch, that it may be the same as.
    """

    draft: RecordDraft
    stored: Record | None
    assigned: Assigned
    lead_class: LeadClass | None
    lead_class_reason: str
    items: list[Item] = field(default_factory=list)
    folded: dict[int, tuple[FoldedValue, ...]] = field(default_factory=dict)
    merge_with: tuple[str, ...] = ()
    mates: list["Work"] = field(default_factory=list)


class Settling:
    """Settles the items of one batch, in their order."""

    def __init__(
        self,
        planned: Planned,
        assigning: Assigning,
        model: scoring.ScoringModel,
        policy: Policy,
        now: datetime,
    ) -> None:
        self._planned = planned
        self._assigning = assigning
        self._model = model
        self._policy = policy
        self._now = now
        self._by_key: dict[RecordKey, Work] = {}
        # By the place of an item: why what it leads to cannot be stored.
        self.refused: dict[int, list[Violation]] = {}
        self._new_by_blocking_key: dict[str, list[Work]] = {}

    async def works(self, items: Iterable[Item]) -> list[Work]:
        """What these items lead to; each work names its items."""
        for item in items:
            # A batch takes tens of milliseconds: let other calls in.
            await asyncio.sleep(0)
            if item.target is not None:
                self._update(item, item.target)
            elif (same := self._by_key.get(item.draft.key)) is not None:
                self._fold_into(same, item, own_word=True)
            else:
                certain, uncertain = self._mates(item)
                if certain is not None:
                    self._fold_into(certain, item, own_word=False)
                else:
                    await self._insert(item, uncertain)
        return [work for work in self._by_key.values() if work.items]

    def _update(self, item: Item, target: Record) -> None:
        work = self._by_key.get(target.key)
        if work is None:
            owner = target.draft.owner
            work = Work(target.draft, target, owned(owner) if owner else Assigned(), None, "")
            self._by_key[target.key] = work
        self._fold_into(work, item, own_word=item.own is not None)

    def _fold_into(self, work: Work, item: Item, *, own_word: bool) -> None:
        folded = fold(work.draft, item.draft, self._policy.intake.newest_wins, own_word)
        problems = draft_violations(folded.draft, self._policy.functions)
        given = item.asked.given_kind
        if own_word and given is not None and given is not work.draft.kind:
            problems.append(Violation("record.kind", f"is {work.draft.kind} and cannot become {given}"))
        if own_word and item.step.step is IntakeStep.MUST_TRANSACT and work.draft.kind is RecordKind.LEAD:
            problems.append(Violation("record.name", _LEAD_AT_ONCE))
        if problems:
            self.refused[item.place] = problems
            return
        work.draft = folded.draft
        work.folded[item.place] = folded.differences
        work.items.append(item)
        self._classify(work)

    async def _insert(self, item: Item, uncertain: list[Work]) -> None:
        draft = self._typed(item)
        if problems := draft_violations(draft, self._policy.functions):
            self.refused[item.place] = problems
            return
        work = Work(draft, None, Assigned(), None, "", merge_with=item.merge_with, mates=uncertain)
        self._classify(work)
        work.assigned = await self._assigning.assigned(
            draft, work.lead_class, item.account, self._planned.accounts
        )
        work.draft = replace(draft, owner=owner_of(work.assigned))
        work.items.append(item)
        self._by_key[draft.key] = work
        for key in item.keys:
            self._new_by_blocking_key.setdefault(key, []).append(work)

    def _typed(self, item: Item) -> RecordDraft:
        """The draft as the step makes it; a contact belongs to the account that was recognised."""
        step, draft = item.step, item.draft
        account = draft.account if step.kind is RecordKind.CONTACT else None
        if account is None and step.kind is RecordKind.CONTACT and item.account and item.account.recognised:
            account = item.account.record
        return replace(
            draft,
            kind=step.kind,
            person_account=step.person_account,
            account=account,
            parent=draft.parent if step.kind is RecordKind.ACCOUNT else None,
        )

    def _classify(self, work: Work) -> None:
        if work.draft.kind is RecordKind.LEAD:
            work.lead_class, work.lead_class_reason = lead_class(work.draft, self._policy, self._now)

    def _mates(self, item: Item) -> tuple[Work | None, list[Work]]:
        """The new record of this batch that certainly is the same, or those that may be."""
        alike = {
            work.draft.key: work
            for key in sorted(item.keys)
            for work in self._new_by_blocking_key.get(key, ())[-_MOST_COMPARED:]
        }
        works = list(alike.values())
        comparables = [work.items[0].comparable for work in works]
        found = scoring.score_likely(item.comparable, comparables, self._model, self._model.review_threshold)
        found.sort(key=lambda one: -one[1].match_weight_bits)
        for at, score in found:
            if certainly_same(score, self._policy.intake) and self._fits(works[at], item):
                return works[at], []
        likely = [at for at, score in found if score.match_probability >= self._policy.intake.propose_from]
        return None, [works[at] for at in likely[:MOST_DUPLICATES]]

    def _fits(self, work: Work, item: Item) -> bool:
        """Whether a new record may take up what certainly is the same person or company."""
        at_once = item.step.step is IntakeStep.MUST_TRANSACT
        given = item.asked.given_kind
        if at_once and work.draft.kind is not RecordKind.ACCOUNT:
            return False
        if given is not None and given is not RecordKind.LEAD and work.draft.kind is RecordKind.LEAD:
            return False
        return not contradiction(work.draft, item.draft)
