"""What a merge would touch, as a message, and what several would touch together."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from google.type.money_pb2 import Money

from dedup_service.domain.golden import golden_name
from dedup_service.domain.preview import ImpactPreview
from dedup_service.domain.records import Amount
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import money, read_money
from dedup_service.v1 import merge_plan_pb2 as pb
from dedup_service.v1 import merge_proposal_service_pb2
from dedup_service.v1.merge_proposal_service_pb2 import BatchTotals

# A sum of many amounts may be more than a Money holds; so much is told then.
_MOST_MONEY = Decimal(2**63 - 1)
_MOST_COUNT = 2**63 - 1


def impact_preview_message(preview: ImpactPreview) -> pb.ImpactPreview:
    return pb.ImpactPreview(
        moving_children=[
            pb.MovingChildren(
                kind=enum_numbers.CHILD_KIND[moving.kind],
                owner=moving.owner,
                count=moving.count,
                open_count=moving.open_count,
                amounts=map(_sum_of_money, moving.amounts),
            )
            for moving in preview.moving_children
        ],
        redirects=[
            pb.RedirectingId(
                from_golden_record=golden_name(redirect.from_golden_id), systems=redirect.systems
            )
            for redirect in preview.redirects
        ],
        functions=preview.functions,
        owners=preview.owners,
        open_pipeline=map(_sum_of_money, preview.open_pipeline),
        open_invoice_count=min(preview.open_invoice_count, _MOST_COUNT),
        not_moving=preview.not_moving,
    )


def batch_totals(decisions: Sequence[merge_proposal_service_pb2.BatchDecision]) -> BatchTotals:
    """What these decisions come to."""
    decided = [decision for decision in decisions if decision.decided]
    touched = [decision.merge_proposal.preview for decision in decided]
    pipeline: defaultdict[str, Decimal] = defaultdict(Decimal)
    for preview in touched:
        for each in preview.open_pipeline:
            pipeline[each.currency_code] += read_money(each, "", []).units
    return BatchTotals(
        proposal_count=len(decisions),
        decided_count=len(decided),
        refused_count=len(decisions) - len(decided),
        redirect_count=sum(len(preview.redirects) for preview in touched),
        moving_child_count=sum(moving.count for preview in touched for moving in preview.moving_children),
        open_invoice_count=min(sum(preview.open_invoice_count for preview in touched), _MOST_COUNT),
        open_pipeline=[_sum_of_money(Amount(*total)) for total in sorted(pipeline.items())],
    )


def _sum_of_money(amount: Amount) -> Money:
    return money(Amount(amount.currency, max(-_MOST_MONEY, min(amount.units, _MOST_MONEY))))
