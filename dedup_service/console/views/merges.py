"""A merge as it is shown: who was merged with whom, what each said before, and what an undo brings back."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dedup_service.console.views.values import detail_of, in_order, title_of
from dedup_service.v1.core_pb2 import ChildKind, GoldenImage
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord
from dedup_service.v1.merge_service_pb2 import Merge, MergeState
from dedup_service.v1.record_service_pb2 import Record


@dataclass(frozen=True, slots=True)
class Party:
    """One golden record of a merge as it was before. `title` is empty where it had no name or was erased."""

    name: str
    title: str
    detail: str
    record_count: int


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A merge in a list."""

    merge: Merge
    survivor: Party
    merged_away: tuple[Party, ...]
    stands: bool


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field: what each golden record said before, in order, and what the merged one said after.

    `differs` where a value of before did not survive.
    """

    field: str
    before: tuple[str, ...]
    after: str
    differs: bool


@dataclass(frozen=True, slots=True)
class ReturningRecord:
    """A record that an undo gives back to a golden record; `is_edited` when it was written since."""

    record: Record
    is_edited: bool


@dataclass(frozen=True, slots=True)
class Returning:
    """A golden record as an undo brings it back. `joined` came to the survivor since, and stay with it."""

    party: Party
    is_survivor: bool
    records: tuple[ReturningRecord, ...]
    joined: tuple[Record, ...]
    child_counts: tuple[tuple["ChildKind.ValueType", int], ...]
    values: Mapping[str, str]


def merge_line(merge: Merge) -> MergeLine:
    """What a list shows of a merge."""
    parties = {image.name: _party(image) for image in images_of(merge)}
    survivor = parties.pop(merge.survivor, Party(merge.survivor, "", "", 0))
    return MergeLine(
        merge, survivor, tuple(parties.values()), stands=merge.state == MergeState.MERGE_STATE_EXECUTED
    )


def images_of(merge: Merge) -> list[GoldenImage]:
    """Its golden records as they were before, the survivor first."""
    images = [before.image for before in merge.before]
    return sorted(images, key=lambda image: image.name != merge.survivor)


def compared_fields(images: Iterable[GoldenImage], after: Mapping[str, str]) -> list[ComparedField]:
    """Every field that any of them had, in the order of reading."""
    befores = [image.values for image in images]
    fields = in_order({field for values in (*befores, after) for field in values})
    return [_compared(field, tuple(values.get(field, "") for values in befores), after) for field in fields]


def returning(merge: Merge, survivor: GoldenRecord, members: Iterable[Record]) -> list[Returning]:
    """What an undo gives back to each golden record of the merge, the survivor first.

    `survivor` is the golden record as it is now, `members` are its members of today.
    """
    origins = {record: each.golden_record for each in merge.merged_golden_records for record in each.records}
    images = {image.name: image for image in images_of(merge)}
    known = {*origins, *images[merge.survivor].members} if merge.survivor in images else set(origins)
    back: dict[str, list[ReturningRecord]] = {name: [] for name in images}
    joined: list[Record] = []
    for record in members:
        name = origins.get(record.name, merge.survivor)
        if record.name in known:
            is_edited = record.update_time.ToNanoseconds() > merge.execute_time.ToNanoseconds()
            back.setdefault(name, []).append(ReturningRecord(record, is_edited))
        else:
            joined.append(record)
    return [
        Returning(
            _party(image),
            is_survivor=name == merge.survivor,
            records=tuple(back[name]),
            joined=tuple(joined) if name == merge.survivor else (),
            child_counts=_child_counts(survivor, {each.record.name for each in back[name]}),
            values=dict(image.values),
        )
        for name, image in images.items()
    ]


def _child_counts(golden: GoldenRecord, records: set[str]) -> tuple[tuple["ChildKind.ValueType", int], ...]:
    counts = Counter(child.child.kind for child in golden.children if child.record in records)
    return tuple(sorted(counts.items()))


def _party(image: GoldenImage) -> Party:
    return Party(image.name, title_of(image.values), detail_of(image.values), len(image.members))


def _compared(field: str, before: tuple[str, ...], after: Mapping[str, str]) -> ComparedField:
    now = after.get(field, "")
    # Where an erasure has left no result, nothing can be said to have lost.
    return ComparedField(
        field, before, now, differs=bool(after) and any(text not in {"", now} for text in before)
    )
