"""Undo brings back what was, with every later edit, once, and in chains only from the end (B-4, B-5)."""

from dataclasses import replace

import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    StateNotAllowed,
)
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.merges import MergeState
from dedup_service.domain.plan import FieldChoice
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import Child, ChildKind
from dedup_service.workflows.following import ChangeFilter, Position
from dedup_service.workflows.undoing import UndoRequest
from tests.canonical_dump import canonical_dump, full_dump
from tests.merge_desk import POLICY, Office, contact, key, principal, request


async def four(office: Office) -> list[str]:
    return await office.put(
        *(replace(contact(n), children=(Child(ChildKind.CASE, f"case-{n}"),)) for n in "abcd")
    )


async def test_merge_then_undo_is_the_identity(office: Office) -> None:
    """After the undo the canonical dump is what it was before the merge (B-4)."""
    a, b, c, _ = await four(office)
    await office.merge(a, b, field_choices=(FieldChoice("email", key("b")),))
    before = await canonical_dump(office.store, POLICY)
    merge = await office.merge(c, a, field_choices=(FieldChoice("email", key("c")),))
    assert await canonical_dump(office.store, POLICY) != before
    undone = await office.undo(merge)
    assert (undone.state, undone.conflicts) == (MergeState.UNDONE, ())
    assert await canonical_dump(office.store, POLICY) == before


async def test_later_edits_survive_undo(office: Office) -> None:
    """Edits, deletions and new children since the merge stay on their records (8.2)."""
    a, b, c, _ = await four(office)
    merge = await office.merge(a, b, c)
    await office.put(contact("b", email="later@x.example"))
    await office.delete("c")
    await office.undo(merge)
    assert (await office.golden(b)).values["email"].value == "later@x.example"
    assert (await office.golden(c)).golden.row.state is GoldenState.DELETED
    assert (await office.golden(a)).golden.row.state is GoldenState.LIVE
    await office.put(contact("c"))
    assert (await office.golden(c)).golden.row.state is GoldenState.LIVE


async def test_undone_twice_is_undone_once(office: Office) -> None:
    """A second undo answers as the first and changes nothing."""
    a, b, *_ = await four(office)
    merge = await office.merge(a, b)
    undone = await office.undo(merge)
    before = await full_dump(office.store, POLICY)
    assert await office.undo(merge) == undone
    assert await office.undo(undone) == undone
    assert await full_dump(office.store, POLICY) == before


async def test_a_preview_of_an_undo_changes_nothing(office: Office) -> None:
    """`validate_only` shows the merge as it would be, conflicts and all."""
    a, b, *_ = await four(office)
    merge = await office.merge(a, b)
    before = await full_dump(office.store, POLICY)
    shown = await office.undo(merge, validate_only=True)
    assert shown.state is MergeState.UNDONE
    assert await full_dump(office.store, POLICY) == before


async def test_an_earlier_merge_is_refused_while_its_survivor_is_merged_away(office: Office) -> None:
    """In a chain the undo of the earlier merge names the later one, which must go first (B-5)."""
    a, b, c, d = await four(office)
    first = await office.merge(a, b)
    second = await office.merge(c, a)
    third = await office.merge(d, c)
    for earlier, later in ((first, second), (second, third)):
        with pytest.raises(StateNotAllowed, match=later.merge_id):
            await office.undo(earlier)
    before = await canonical_dump(office.store, POLICY)
    await office.undo(third)
    await office.undo(second)
    await office.undo(first)
    assert [(await office.golden(i)).golden.golden_id for i in (a, b, c, d)] == [a, b, c, d]
    assert await canonical_dump(office.store, POLICY) != before


async def test_an_earlier_merge_into_the_same_survivor_may_be_undone_first(office: Office) -> None:
    """Merges into one survivor are undone in any order, each giving back what it brought (B-5)."""
    a, b, c, d = await four(office)
    start = await canonical_dump(office.store, POLICY)
    first, second, third = [await office.merge(a, other) for other in (b, c, d)]
    await office.undo(second)
    assert {r.key for r in (await office.golden(a)).golden.members} == {key("a"), key("b"), key("d")}
    await office.undo(first)
    await office.undo(third)
    assert await canonical_dump(office.store, POLICY) == start


async def test_a_later_choice_is_listed_as_a_conflict_and_rests(office: Office) -> None:
    """A later choice whose record goes back is listed, kept, and works again when the record returns."""
    a, b, c, _ = await four(office)
    first = await office.merge(a, b)
    second = await office.merge(a, c, field_choices=(FieldChoice("email", key("b")),))
    assert (await office.golden(a)).values["email"].value == "b@example.com"
    undone = await office.undo(first)
    [conflict] = undone.conflicts
    assert (conflict.field, conflict.record, conflict.merge_id) == ("email", key("b"), second.merge_id)
    assert (await office.golden(a)).values["email"].rule != "CHOICE"
    await office.merge(a, b)
    assert (await office.golden(a)).values["email"].value == "b@example.com"


async def test_a_merge_can_be_made_again_after_its_undo(office: Office) -> None:
    """Merge, undo, merge, undo: each works, and each merge is its own."""
    a, b, *_ = await four(office)
    start = await canonical_dump(office.store, POLICY)
    for _ in range(3):
        merge = await office.merge(a, b)
        await office.undo(merge)
    other_way = await office.merge(b, a)
    assert (await office.golden(a)).golden.golden_id == b
    await office.undo(other_way)
    assert await canonical_dump(office.store, POLICY) == start


async def test_undo_needs_a_person_with_a_stake(office: Office) -> None:
    """A service account and a function without a stake are refused; nothing changes."""
    a, b, *_ = await four(office)
    merge = await office.merge(a, b)
    for who, reason in (("services/matcher", Reason.NOT_AN_APPROVER), ("mia", Reason.MISSING_ROLE)):
        with pytest.raises(PermissionRefused) as refused:
            await office.undo(merge, by=who)
        assert refused.value.reason is reason


async def test_a_merge_of_deleted_records_can_be_undone(office: Office) -> None:
    """When all records were deleted since, the functions of their sources may still undo (8.2)."""
    a, b, *_ = await four(office)
    merge = await office.merge(a, b)
    await office.delete("a")
    await office.delete("b")
    with pytest.raises(PermissionRefused):
        await office.undo(merge, by="mia")
    await office.undo(merge)
    assert (await office.golden(b)).golden.golden_id == b


async def test_undo_needs_reason_and_etag(office: Office) -> None:
    """An undo says why and names the merge as it was seen."""
    a, b, *_ = await four(office)
    merge = await office.merge(a, b)

    async def undo(merge_id: str, etag: str, reason: str) -> None:
        who = principal("ann")
        await office.desk.undoing.undo(request("UndoMerge"), UndoRequest(merge_id, etag, reason), who)

    with pytest.raises(InvalidInput, match="reason"):
        await undo(merge.merge_id, merge.etag, " ")
    with pytest.raises(InvalidInput, match="etag"):
        await undo(merge.merge_id, "", "why")
    with pytest.raises(EtagMismatch):
        await undo(merge.merge_id, '"other"', "why")
    with pytest.raises(NotFound):
        await undo("ghost", merge.etag, "why")
    await undo(merge.merge_id, merge.etag, "why")


async def test_an_undo_tells_one_change_and_replans(office: Office) -> None:
    """The undo is one change with what was and what is; proposals on the survivor lose their votes."""
    a, b, c, _ = await four(office)
    merge = await office.merge(a, b)
    approved = await office.approved(a, c)
    await office.undo(merge)
    taken = ChangeFilter(types=frozenset({ChangeType.UNDONE}))
    [change] = (await office.desk.following.changes(Position(), taken)).changes
    assert {i.name: i.members for i in change.draft.after} == {
        f"goldenRecords/{a}": ("sources/crm/records/a",),
        f"goldenRecords/{b}": ("sources/crm/records/b",),
    }
    now = await office.proposal(approved)
    assert now.state is ProposalState.PENDING
    assert now.plan_changes[-1].differences == ("sources/crm/records/b left goldenRecords/" + a,)


async def test_an_undo_may_leave_a_distinction(office: Office) -> None:
    """With the wish for it the two sides are linked as not a match in the same write."""
    a, b, c, _ = await four(office)
    merge = await office.merge(a, b, c)
    await office.undo(merge, distinct=True)
    found = await office.store.read(lambda tx: tx.distinctions_between([key("a"), key("b"), key("c")]))
    assert {(d.left, d.right) for d in found} == {((key("a"),), (key("b"),)), ((key("a"),), (key("c"),))}
