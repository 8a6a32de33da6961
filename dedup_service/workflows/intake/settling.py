"""Which records a batch makes, and which it updates: all items of one person become one record."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import scoring
from dedup_service.domain.intake.answers import Assigned, IntakeStep
from dedup_service.domain.intake.folding import FoldedValue, fold
from dedup_service.domain.leads import lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import LeadClass, Record, RecordDraft, RecordKey, RecordKind
from dedup_service.workflows.intake.assigning import Assigning, owned, owner_of
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.planning import Planned, certainly_same


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
        self._new_by_blocking_key: dict[str, list[Work]] = {}

    async def works(self, items: Iterable[Item]) -> list[Work]:
        """What these items lead to; each work names its items."""
        for item in items:
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
        return list(self._by_key.values())

    def _update(self, item: Item, target: Record) -> None:
        work = self._by_key.get(target.key)
        if work is None:
            owner = target.draft.owner
            work = Work(target.draft, target, owned(owner) if owner else Assigned(), None, "")
            self._by_key[target.key] = work
        self._fold_into(work, item, own_word=item.own is not None)

    def _fold_into(self, work: Work, item: Item, *, own_word: bool) -> None:
        folded = fold(work.draft, item.draft, self._policy.intake.newest_wins, own_word)
        work.draft = folded.draft
        work.folded[item.place] = folded.differences
        work.items.append(item)
        self._classify(work)

    async def _insert(self, item: Item, uncertain: list[Work]) -> None:
        draft = self._typed(item)
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
        uncertain = []
        seen: set[RecordKey] = set()
        for key in sorted(item.keys):
            for work in self._new_by_blocking_key.get(key, ()):
                if work.draft.key in seen:
                    continue
                seen.add(work.draft.key)
                score = scoring.score_pair(work.items[0].comparable, item.comparable, self._model)
                at_once = item.step.step is IntakeStep.MUST_TRANSACT
                fits = not at_once or work.draft.kind is RecordKind.ACCOUNT
                if fits and certainly_same(score, self._policy.intake):
                    return work, []
                if score.verdict is not scoring.Verdict.NO_MATCH:
                    uncertain.append(work)
        return None, uncertain
