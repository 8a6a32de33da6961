"""Merge proposals as messages: the plan with what it would do, and where its vote stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dedup_service.domain.display import Display, display_of
from dedup_service.domain.golden import GoldenRecord, golden_name
from dedup_service.domain.merges import merge_name
from dedup_service.domain.plan import Plan, PlanMember
from dedup_service.domain.policy import Policy
from dedup_service.domain.preview import ImpactPreview
from dedup_service.domain.proposals import GoldenLink, PlanChange, Proposal
from dedup_service.domain.standing import Standing
from dedup_service.domain.visibility import Sight
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.golden_record_conversion import golden_child, golden_value, stake_messages
from dedup_service.rpc.impact_preview_conversion import impact_preview_message
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.rpc.voting_conversion import add_vote, standing_message, vote_messages
from dedup_service.v1 import merge_plan_pb2, merge_proposal_service_pb2
from dedup_service.v1 import merge_proposal_pb2 as pb
from dedup_service.workflows.proposal_counts import ProposalCounts
from dedup_service.workflows.reading import Preview


class View(StrEnum):
    """How much of a proposal is shown: all, all but the values of its plan, or what a list shows."""

    FULL = "FULL"
    WITHOUT_VALUES = "WITHOUT_VALUES"
    BASIC = "BASIC"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whom and what executing an open proposal would touch, and where that is asked for, field by field."""

    touched: ImpactPreview
    preview: Preview | None


def displays_of(goldens: Iterable[GoldenRecord], policy: Policy, sight: Sight) -> dict[str, Display]:
    """How to show these golden records to whom sees so much, by id."""
    return {golden.golden_id: display_of(golden, policy, sight) for golden in goldens}


def proposal_message(
    proposal: Proposal,
    outlook: Outlook | None,
    standing: Standing,
    tokens: RevisionTokens,
    displays: Mapping[str, Display],
    view: View = View.FULL,
) -> pb.MergeProposal:
    """A proposal as one principal sees it; without an outlook its plan says what merges, not what then."""
    plan = proposal.plan
    is_basic = view is View.BASIC
    message = pb.MergeProposal(
        name=proposal.name,
        golden_records=map(golden_name, plan.golden_ids),
        survivor=golden_name(plan.survivor_id),
        field_choices={choice.field: choice.record.name for choice in plan.field_choices},
        comment=proposal.comment,
        type=enum_numbers.PROPOSAL_TYPE[plan.type],
        state=enum_numbers.PROPOSAL_STATE[proposal.state],
        etag=proposal.etag,
        plan=_plan(plan, outlook.preview if outlook is not None else None, displays, is_basic=is_basic),
        links=map(_link, proposal.links),
        impact=enum_numbers.IMPACT[proposal.impact],
        proposer=proposal.proposer,
        create_time=timestamp(proposal.create_time),
        update_time=timestamp(proposal.update_time),
        merge=merge_name(proposal.merge_id) if proposal.merge_id else "",
        plan_changes=[_plan_change(change, tokens) for change in proposal.plan_changes if not is_basic],
        revision=tokens.message(proposal.revision),
        kind=next(enum_numbers.RECORD_KIND[m.kind] for m in plan.members if m.golden_id == plan.survivor_id),
        closing_comment=proposal.closing_comment,
        escalated_to=proposal.escalated_to,
        standing=standing_message(standing),
        votes=[] if is_basic else vote_messages(proposal),
    )
    if proposal.verdict is not None:
        message.verdict = enum_numbers.VERDICT[proposal.verdict]
    if proposal.weakest_link is not None:
        message.weakest_link.CopyFrom(_link(proposal.weakest_link))
    if proposal.escalate_time is not None:
        message.escalate_time.CopyFrom(timestamp(proposal.escalate_time))
    if proposal.decision is not None:
        for reason in proposal.decision.impact_reasons:
            message.impact_reasons.add(impact=enum_numbers.IMPACT[reason.impact], reason=reason.reason)
        if not is_basic:
            message.stakes.extend(stake_messages(proposal.decision.stakes))
        add_vote(message, proposal.decision, is_open=proposal.state.open)
    if outlook is not None:
        message.preview.CopyFrom(impact_preview_message(outlook.touched))
    return message


def counts_message(counts: ProposalCounts) -> merge_proposal_service_pb2.CountMergeProposalsResponse:
    """Counts, the values of each facet from the most frequent on, then by their text."""
    message = merge_proposal_service_pb2.CountMergeProposalsResponse(total_count=counts.total)
    for field, values in counts.facets.items():
        facet = message.facets.add(field=field)
        for value, count in sorted(values.items(), key=lambda each: (-each[1], each[0])):
            facet.values.add(value=value, count=count)
    return message


def _plan(
    plan: Plan, preview: Preview | None, displays: Mapping[str, Display], *, is_basic: bool
) -> merge_plan_pb2.MergePlan:
    survivor = golden_name(plan.survivor_id)
    message = merge_plan_pb2.MergePlan(
        members=[
            _member(member, displays.get(member.golden_id, Display()), is_basic=is_basic)
            for member in plan.members
        ],
        survivor=survivor,
        field_choices={choice.field: choice.record.name for choice in plan.field_choices},
        redirects=[
            merge_plan_pb2.Redirect(from_golden_record=golden_name(golden_id), to_golden_record=survivor)
            for golden_id in plan.golden_ids
            if golden_id != plan.survivor_id
        ],
        policy_version=plan.policy_version,
    )
    if preview is not None:
        _add_preview(message, preview, plan.members)
    return message


def _add_preview(message: merge_plan_pb2.MergePlan, preview: Preview, members: Sequence[PlanMember]) -> None:
    losing: dict[str, list[merge_plan_pb2.LosingValue]] = defaultdict(list)
    for lost in preview.losing:
        losing[lost.field].append(merge_plan_pb2.LosingValue(value=lost.value, record=lost.record.name))
    for field, value in preview.values.items():
        message.values[field].value.CopyFrom(golden_value(value))
    for field, values in losing.items():
        message.values[field].losing_values.extend(values)
    homes = {record.key: member.golden_id for member in members for record in member.records}
    for moving in preview.moving_children:
        message.moving_children.add(
            child=golden_child(moving), from_golden_record=golden_name(homes[moving.record])
        )


def _member(member: PlanMember, display: Display, *, is_basic: bool) -> merge_plan_pb2.PlanMember:
    return merge_plan_pb2.PlanMember(
        golden_record=golden_name(member.golden_id),
        etag=f'"{member.version}"',
        kind=enum_numbers.RECORD_KIND[member.kind],
        records=[
            merge_plan_pb2.PlanRecord(record=record.key.name, etag=f'"{record.version}"')
            for record in member.records
            if not is_basic
        ],
        display_name=display.name,
        display_detail=display.detail,
        sources=sorted({record.key.source for record in member.records}),
    )


def _link(link: GoldenLink) -> merge_plan_pb2.GoldenLink:
    return merge_plan_pb2.GoldenLink(
        left=golden_name(link.left),
        right=golden_name(link.right),
        match_weight_bits=link.match_weight_bits,
        match_probability=link.match_probability,
    )


def _plan_change(change: PlanChange, tokens: RevisionTokens) -> merge_plan_pb2.PlanChange:
    return merge_plan_pb2.PlanChange(
        create_time=timestamp(change.time),
        revision=tokens.message(change.revision),
        differences=change.differences,
        voided_vote_count=change.voided_votes,
    )
