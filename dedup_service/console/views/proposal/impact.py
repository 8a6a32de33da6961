"""What executing would touch: documents by kind and owner, ids that redirect, what stays where it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.type.money_pb2 import Money

from dedup_service.console.views.proposal.business import sums
from dedup_service.v1.core_pb2 import ChildKind
from dedup_service.v1.merge_plan_pb2 import MovingChildren
from dedup_service.v1.merge_proposal_pb2 import MergeProposal


@dataclass(frozen=True, slots=True)
class MovingKind:
    """Documents of one kind that move, in all and by owner."""

    kind: "ChildKind.ValueType"
    count: int
    open_count: int
    amounts: tuple[Money, ...]
    by_owner: tuple[MovingChildren, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """`systems` know an id that would lead elsewhere."""

    kinds: tuple[MovingKind, ...]
    moving_count: int
    systems: tuple[str, ...]


def touched_by(proposal: MergeProposal) -> Touched:
    """What the preview of a proposal comes to; nothing once it is over."""
    moving = proposal.preview.moving_children
    kinds = sorted({each.kind for each in moving})
    grouped = tuple(_kind(kind, [each for each in moving if each.kind == kind]) for kind in kinds)
    return Touched(
        kinds=grouped,
        moving_count=sum(each.count for each in grouped),
        systems=tuple(sorted({system for each in proposal.preview.redirects for system in each.systems})),
    )


def _kind(kind: "ChildKind.ValueType", each: Sequence[MovingChildren]) -> MovingKind:
    return MovingKind(
        kind=kind,
        count=sum(one.count for one in each),
        open_count=sum(one.open_count for one in each),
        amounts=sums([amount for one in each for amount in one.amounts]),
        by_owner=tuple(each),
    )
