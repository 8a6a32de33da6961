"""Account hierarchies: whether a merge would close one into a ring (domain 4.5)."""

from collections.abc import Iterable, Mapping, Sequence

from dedup_service.domain.golden import GoldenRecord, golden_name
from dedup_service.domain.records import RecordKey
from dedup_service.workflows.ports import ReadTransaction

# Deeper than any company is.
_MOST_LEVELS = 64


async def hierarchy_cycles(tx: ReadTransaction, goldens: Sequence[GoldenRecord]) -> tuple[str, ...]:
    """A sentence for each member whose parent, or parent's parent, is another member."""
    parents, complete = await _parents_above(tx, goldens)
    members = {golden.golden_id for golden in goldens}
    found = [
        f"{golden_name(min(met))} is above {golden_name(golden_id)} in the account hierarchy: "
        "parent and subsidiary are not duplicates"
        for golden_id in sorted(members)
        if (met := _above(golden_id, parents) & (members - {golden_id}))
    ]
    if not complete:
        # What cannot be looked through to its end is not approved (C-5).
        found.append(f"the account hierarchy above the members is more than {_MOST_LEVELS} levels deep")
    return tuple(found)


async def _parents_above(
    tx: ReadTransaction, goldens: Sequence[GoldenRecord]
) -> tuple[Mapping[str, set[str]], bool]:
    """The parents of the members and of all above them, read level by level; and whether that is all."""
    parents: dict[str, set[str]] = {}
    level: Iterable[GoldenRecord] = goldens
    for _ in range(_MOST_LEVELS):
        keys = {golden.golden_id: _parents(golden) for golden in level}
        wanted = {key for of_one in keys.values() for key in of_one}
        records = await tx.records(wanted) if wanted else {}
        for golden_id, of_one in keys.items():
            parents[golden_id] = {records[key].golden_id for key in of_one if key in records}
        above = {parent for golden_id in keys for parent in parents[golden_id]} - parents.keys()
        if not above:
            return parents, True
        level = (await tx.goldens(above)).values()
    return parents, False


def _above(golden_id: str, parents: Mapping[str, set[str]]) -> set[str]:
    """All that is above a golden record; a ring that is already there ends the climb."""
    seen: set[str] = set()
    left = [golden_id]
    while left:
        fresh = parents.get(left.pop(), set()) - seen
        seen |= fresh
        left += fresh
    return seen


def _parents(golden: GoldenRecord) -> set[RecordKey]:
    return {record.draft.parent for record in golden.active_members if record.draft.parent is not None}
