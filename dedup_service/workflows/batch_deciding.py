"""Decide many proposals at once: first the whole list with what each would touch, then a vote on each chosen.

Nobody decides what they have not seen: each choice names the plan by its etag, and each vote goes through
`Deciding.vote` in a write of its own, as if it had been cast alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dedup_service.domain.decision import electorate_of
from dedup_service.domain.errors import DedupError, InvalidInput, RequestIdReused, Unavailable
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.preview import NOTHING_TOUCHED, ImpactPreview, impact_preview
from dedup_service.domain.principals import Principal
from dedup_service.domain.proposals import Proposal, proposal_name
from dedup_service.domain.records import Violation
from dedup_service.domain.standing import Standing, standing
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.assessment import Assessment, decided
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Request, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import check_comment

MAX_CHOSEN = 500


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A proposal as it stands now, whether the caller may vote on it and why, and what it would touch.

    `goldens` are those of its golden records that are still there.
    """

    proposal: Proposal
    standing: Standing
    touched: ImpactPreview
    goldens: tuple[GoldenRecord, ...]


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of one chosen proposal: the proposal with the vote, or why there is none."""

    proposal_id: str
    proposal: Proposal | None
    refusal: DedupError | None


class BatchDeciding:
    """The use cases of `BatchDecideMergeProposals`: look at a list, then decide what was chosen from it."""

    def __init__(self, store: Store, assessment: Assessment, deciding: Deciding, now: ClockNow) -> None:
        self._store = store
        self._assessment = assessment
        self._deciding = deciding
        self._now = now

    async def preview(self, page: Page, principal: Principal) -> Listed[BatchItem]:
        """This page of proposals, each decided afresh, all as of one moment; nothing is stored."""

        async def work(tx: ReadTransaction) -> Listed[BatchItem]:
            listed = await tx.list_proposals(page)
            items = [await self._item(tx, proposal, principal) for proposal in listed.items]
            return Listed(tuple(items), listed.next)

        return await self._store.read(work)

    async def _item(self, tx: ReadTransaction, proposal: Proposal, principal: Principal) -> BatchItem:
        found = await tx.goldens(proposal.plan.golden_ids)
        if not proposal.state.open:
            why = f"{proposal.name} is {proposal.state}"
            standing_then = Standing(principal.name, (), why, None)
            return BatchItem(proposal, standing_then, NOTHING_TOUCHED, tuple(found.values()))
        now = self._now()
        goldens = [found[golden_id] for golden_id in proposal.plan.golden_ids]
        case, decision = await self._assessment.decide(tx, proposal, goldens, now)
        return BatchItem(
            decided(proposal, decision),
            standing(principal.name, electorate_of(case, decision), decision.voices, decision.votes),
            impact_preview(goldens, proposal.plan.survivor_id, case.policy, now, case.roles.principals),
            tuple(goldens),
        )

    async def decide(
        self,
        request: Request,
        chosen: Sequence[tuple[str, str]],
        decision: VoteDecision,
        comment: str,
        principal: Principal,
    ) -> list[BatchOutcome]:
        """Vote on 1 to 500 proposals, given as (id, etag as seen); what is refused does not stop the others.

        A repetition with the same request id casts no vote twice and goes on where the first call ended.

        Raises:
            InvalidInput: too few or too many, one chosen twice or without its etag; nothing is decided.
            RequestIdReused: the request id stands for another choice; nothing is decided.
            Unavailable: a server went away; what was decided before that stands.
        """
        _check_chosen(chosen)
        check_comment(comment)
        await self._claim(request)
        outcomes = []
        for proposal_id, etag in chosen:
            vote = self._deciding.vote(
                _part_of(request, proposal_id), proposal_id, etag, principal, decision, comment
            )
            try:
                outcomes.append(BatchOutcome(proposal_id, await vote, None))
            except (Unavailable, RequestIdReused):
                raise
            except DedupError as refusal:
                outcomes.append(BatchOutcome(proposal_id, None, refusal))
        return outcomes

    async def _claim(self, request: Request) -> None:
        """Bind the request id to this choice before any vote: each vote knows only its own part of it."""
        if not request.request_id:
            return

        async def work(_: WriteTransaction) -> Written[str]:
            return Written("")

        await self._store.write(request, work, str)


def _part_of(request: Request, proposal_id: str) -> Request:
    if not request.request_id:
        return request
    return replace(request, request_id=f"{request.request_id}/{proposal_id}")


def _check_chosen(chosen: Sequence[tuple[str, str]]) -> None:
    if not 1 <= len(chosen) <= MAX_CHOSEN:
        raise InvalidInput.at("proposals", f"takes 1 to {MAX_CHOSEN} proposals, not {len(chosen)}")
    counts = Counter(proposal_id for proposal_id, _ in chosen)
    problems = [
        Violation("proposals", f"{proposal_name(proposal_id)} stands {count} times; choose it once")
        for proposal_id, count in counts.items()
        if count > 1
    ]
    problems += [
        Violation(f"proposals[{number}].etag", "is required: send the etag of the proposal as you saw it")
        for number, (_, etag) in enumerate(chosen)
        if not etag
    ]
    if problems:
        raise InvalidInput(problems)
