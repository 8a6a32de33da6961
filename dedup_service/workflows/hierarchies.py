"""Account hierarchies: whether a merge would close one into a ring (domain 4.5)."""

from collections.abc import Iterable, Sequence

from dedup_service.domain.golden import GoldenRecord, golden_name
from dedup_service.domain.records import RecordKey
from dedup_service.workflows.ports import ReadTransaction

# Deeper than any company is; a ring that is already there ends the climb too.
_MOST_LEVELS = 64


async def hierarchy_cycles(tx: ReadTransaction, goldens: Sequence[GoldenRecord]) -> tuple[str, ...]:
    """A sentence for each member whose parent, or parent's parent, is another member."""
    members = {golden.golden_id for golden in goldens}
    found = []
    for golden in sorted(goldens, key=lambda g: g.golden_id):
        above = await _ancestor_among(tx, golden, members - {golden.golden_id})
        if above:
            found.append(
                f"{golden_name(above)} is above {golden.name} in the account hierarchy: "
                "parent and subsidiary are not duplicates"
            )
    return tuple(found)


async def _ancestor_among(tx: ReadTransaction, golden: GoldenRecord, wanted: set[str]) -> str:
    seen: set[str] = {golden.golden_id}
    level: Iterable[GoldenRecord] = (golden,)
    for _ in range(_MOST_LEVELS):
        parents = await tx.records(_parents(level)) if _parents(level) else {}
        above = {record.golden_id for record in parents.values()} - seen
        if met := above & wanted:
            return min(met)
        if not above:
            return ""
        seen |= above
        level = (await tx.goldens(above)).values()
    return ""


def _parents(goldens: Iterable[GoldenRecord]) -> set[RecordKey]:
    return {
        record.draft.parent
        for golden in goldens
        for record in golden.active_members
        if record.draft.parent is not None
    }
