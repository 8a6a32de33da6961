"""What the page of a golden record shows beside its values: names that led to it, its children, its links."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from dedup_service.v1.core_pb2 import ChildKind, GoldenChild
from dedup_service.v1.distinction_service_pb2 import Distinction
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord
from dedup_service.v1.merge_service_pb2 import Merge, MergeState


@dataclass(frozen=True, slots=True)
class RedirectLine:
    """A name that leads to the next; `merge` made it so, None where it is not among those that were read.

    `before` is the last moment before it did, in ISO 8601; empty without the merge.
    """

    name: str
    merge: Merge | None
    before: str


@dataclass(frozen=True, slots=True)
class ChildGroup:
    """The children of one kind, those with open work first."""

    kind: "ChildKind.ValueType"
    children: tuple[GoldenChild, ...]
    open_count: int


@dataclass(frozen=True, slots=True)
class DistinctionLine:
    """A not-a-match link from one side: `ours` are records of it, `others` are who they are not."""

    distinction: Distinction
    ours: tuple[str, ...]
    others: tuple[str, ...]


def redirect_lines(chain: Iterable[str], merges: Sequence[Merge]) -> list[RedirectLine]:
    """The names of a redirect chain, each with the standing merge that merged it away."""
    made_by = {
        each.golden_record: merge
        for merge in merges
        if merge.state == MergeState.MERGE_STATE_EXECUTED
        for each in merge.merged_golden_records
    }
    return [_redirect_line(name, made_by.get(name)) for name in chain]


def _redirect_line(name: str, merge: Merge | None) -> RedirectLine:
    if merge is None:
        return RedirectLine(name, None, "")
    before = merge.execute_time.ToDatetime(UTC) - timedelta(microseconds=1)
    return RedirectLine(name, merge, before.isoformat())


def child_groups(children: Iterable[GoldenChild]) -> list[ChildGroup]:
    """Children by kind."""
    groups: dict[ChildKind.ValueType, list[GoldenChild]] = {}
    for child in children:
        groups.setdefault(child.child.kind, []).append(child)
    return [
        ChildGroup(
            kind,
            tuple(sorted(group, key=lambda each: (not each.child.open, each.child.child_id))),
            sum(each.child.open for each in group),
        )
        for kind, group in sorted(groups.items())
    ]


def distinction_lines(found: Iterable[Distinction], members: Iterable[str]) -> list[DistinctionLine]:
    """Each link once, the oldest first, seen from the side that these records are on."""
    ours = set(members)
    lines = {}
    for each in found:
        left, right = tuple(each.left), tuple(each.right)
        is_left = not ours.isdisjoint(left)
        lines[each.name] = DistinctionLine(each, left if is_left else right, right if is_left else left)
    return sorted(lines.values(), key=lambda line: line.distinction.create_time.ToNanoseconds())


def may_take_back(distinction: Distinction, golden: GoldenRecord, who: str, functions: Iterable[str]) -> bool:
    """Whether somebody made the link or speaks for a function with a stake; the service has the last word."""
    staked = {stake.function for stake in golden.stakes}
    return distinction.creator == who or not staked.isdisjoint(functions)
