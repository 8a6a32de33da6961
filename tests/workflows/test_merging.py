"""A merge moves members and leaves redirects: nothing is lost, every old id leads somewhere (B-1, B-2)."""

import asyncio
from dataclasses import replace

import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound, StateNotAllowed
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.plan import FieldChoice, ProposalType
from dedup_service.domain.records import Child, ChildKind, RecordDraft
from dedup_service.workflows.following import ChangeFilter, Position
from tests.merge_desk import Office, account, contact, key, lead, mastered


def with_child(draft: RecordDraft, child_id: str) -> RecordDraft:
    return replace(draft, children=(Child(ChildKind.CASE, child_id),))


async def test_the_survivor_has_all_members_values_and_children(office: Office) -> None:
    """After a merge every record, child and key is on the survivor, and no record was written (B-1)."""
    drafts = [with_child(contact(name), name) for name in ("a", "desk/b", "shop/c")]
    ids = await office.put(*drafts)
    before = [await office.record(d.key) for d in drafts]
    merge = await office.merge(*ids)
    view = await office.golden(ids[0])
    assert {r.key for r in view.golden.members} == {d.key for d in drafts}
    assert {c.child.child_id for c in view.golden.children} == {"a", "desk/b", "shop/c"}
    after = [await office.record(d.key) for d in drafts]
    assert [replace(r, golden_id=ids[0]) for r in before] == after
    assert set(merge.merged_ids) == set(ids[1:])


async def test_old_ids_redirect_through_chains(office: Office) -> None:
    """Every id ever issued leads to the one live golden record, over all the steps that it takes (B-2)."""
    a, b, c, d = await office.put(*(contact(n) for n in "abcd"))
    await office.merge(b, a)
    await office.merge(c, b)
    await office.merge(d, c)
    view = await office.golden(a)
    assert view.golden.golden_id == d
    assert view.redirects == tuple(f"goldenRecords/{i}" for i in (a, b, c, d))
    assert {(await office.golden(i)).golden.golden_id for i in (a, b, c, d)} == {d}
    for merged in (a, b, c):
        found = await office.store.read(lambda tx, m=merged: tx.goldens([m]))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert (found[merged].row.state, found[merged].members) == (GoldenState.MERGED, ())
    with pytest.raises(NotFound):
        await office.golden("never-issued")


async def test_what_was_merged_away_is_not_merged_again(office: Office) -> None:
    """Proposing an id that was merged away is refused, and says where it lives on."""
    a, b, c = await office.put(*(contact(n) for n in "abc"))
    await office.merge(a, b)
    with pytest.raises(InvalidInput, match=f"lives on in goldenRecords/{a}"):
        await office.propose(b, c)


async def test_fifty_golden_records_merge_in_one_step(office: Office) -> None:
    """Fifty become one in one revision; the weakest link that holds them together is shown (8.4)."""
    ids = await office.put(*(contact(str(n), email="same@x.example") for n in range(50)))
    proposal = await office.approved(*ids)
    assert proposal.weakest_link is not None
    assert len(proposal.links) == 50 * 49 // 2
    head = await office.store.read(lambda tx: tx.head_revision())
    merge = await office.execute(proposal)
    assert merge.revision == head + 1
    assert len((await office.golden(ids[7])).golden.members) == 50


async def test_fifty_one_are_too_many(office: Office) -> None:
    """A plan of more than fifty is refused, however they are named."""
    ids = await office.put(*(contact(str(n)) for n in range(51)))
    with pytest.raises(InvalidInput, match="2 to 50"):
        await office.propose(*ids)
    with pytest.raises(InvalidInput):
        await office.propose(*ids, records=tuple(key(str(n)) for n in range(51)))


async def test_a_lead_joins_a_contact_as_its_history(office: Office) -> None:
    """A conversion: the contact survives, the lead becomes its member, whichever is named first (8.5)."""
    lead_id, contact_id = await office.put(lead("l"), contact("c"))
    proposal = await office.approved(lead_id, contact_id)
    assert (proposal.plan.type, proposal.plan.survivor_id) == (ProposalType.CONVERSION, contact_id)
    merge = await office.execute(proposal)
    view = await office.golden(lead_id)
    assert {r.key for r in view.golden.members} == {key("l"), key("c")}
    assert (view.golden.kind.value, view.lead_class) == ("CONTACT", None)
    with pytest.raises(InvalidInput, match="survive"):
        await office.propose(
            *await office.put(lead("m"), contact("d")), survivor_id=(await office.record("m")).golden_id
        )
    await office.undo(merge)
    assert (await office.golden(lead_id)).lead_class is not None


async def test_a_contact_merges_into_a_person_account(office: Office) -> None:
    """A consumer's contact and person account become one, under the account."""
    contact_id, account_id = await office.put(contact("c"), account("p", person=True))
    merge = await office.merge(account_id, contact_id)
    assert merge.survivor_id == account_id
    assert (await office.golden(contact_id)).golden.person_account


async def test_a_provisional_account_joins_a_mastered_one(office: Office) -> None:
    """Merged with a mastered account the result is mastered, by default under the mastered one."""
    provisional, master = await office.put(account("p"), mastered("1"))
    proposal = await office.approved(provisional, master, voters=("fiona", "ann"))
    assert proposal.plan.survivor_id == master
    await office.execute(proposal)
    assert (await office.golden(provisional)).account_state == "MASTERED"


async def test_choices_survive_later_writes_and_merges(office: Office) -> None:
    """What a steward chose stays chosen when records change and others join."""
    a, b, c = await office.put(*(contact(n, email=f"{n}@x.example", job_title=n) for n in "abc"))
    await office.merge(a, b, field_choices=(FieldChoice("email", key("b")),))
    await office.put(contact("b", email="later@x.example"))
    assert (await office.golden(a)).values["email"].value == "later@x.example"
    await office.merge(a, c)
    view = await office.golden(c)
    assert (view.values["email"].value, view.values["email"].rule) == ("later@x.example", "CHOICE")


async def test_a_merge_tells_one_change_with_all_before_and_after(office: Office) -> None:
    """Downstream systems get what was and what is, ids, values and children, in one change (8.6)."""
    a, b = await office.put(with_child(contact("a"), "1"), with_child(contact("b"), "2"))
    merge = await office.merge(a, b)
    taken = ChangeFilter(types=frozenset({ChangeType.MERGED}))
    [change] = (await office.desk.following.changes(Position(), taken)).changes
    assert change.draft.merge == merge.name
    assert {image.name for image in change.draft.before} == {f"goldenRecords/{i}" for i in (a, b)}
    after = {image.name: image for image in change.draft.after}
    gone, kept = after[f"goldenRecords/{b}"], after[f"goldenRecords/{a}"]
    assert (gone.state, gone.successor, gone.members) == (GoldenState.MERGED, f"goldenRecords/{a}", ())
    assert kept.members == ("sources/crm/records/a", "sources/crm/records/b")
    assert {child.child.child_id for child in kept.children} == {"1", "2"}


async def test_deleted_members_move_along(office: Office) -> None:
    """A record deleted in its source stays a member through the merge and can come back (B-1)."""
    a, b, c = await office.put(contact("a"), contact("b"), contact("c"))
    await office.merge(b, c)
    await office.delete("c")
    await office.merge(a, b)
    assert (await office.record("c")).golden_id == a
    await office.put(contact("c"))
    assert len((await office.golden(a)).golden.active_members) == 3


async def test_of_merges_with_a_member_in_common_one_commits(office: Office) -> None:
    """Many executions at once that share a member: one commits, the others are refused in words (B-3)."""
    ids = await office.put(*(contact(str(n)) for n in range(9)))
    shared, others = ids[0], ids[1:]
    proposals = [await office.approved(shared, other, survivor_id=other) for other in others]
    results = await asyncio.gather(*(office.execute(p) for p in proposals), return_exceptions=True)
    refused = [r for r in results if isinstance(r, BaseException)]
    assert len(refused) == len(others) - 1
    assert {type(r) for r in refused} <= {EtagMismatch, StateNotAllowed}, refused
    sizes = sorted([len((await office.golden(i)).golden.members) for i in others])
    assert sizes == [1] * (len(others) - 1) + [2]


async def test_into_each_other_at_once(office: Office) -> None:
    """A into B and B into A at the same time cannot both happen (B-3)."""
    for round_number in range(5):
        a, b, c = await office.put(*(contact(f"{n}{round_number}") for n in "abc"))
        one = await office.approved(a, b, survivor_id=a)
        other = await office.approved(b, a, c, survivor_id=b)
        results = await asyncio.gather(office.execute(one), office.execute(other), return_exceptions=True)
        assert sorted(isinstance(r, BaseException) for r in results) == [False, True], results
        ends = {(await office.golden(i)).golden.golden_id for i in (a, b)}
        assert len(ends) == 1


async def test_writes_and_merges_at_once_do_not_deadlock(office: Office) -> None:
    """Batches, merges, votes and links on the same records in any order end without a store error."""
    ids = await office.put(*(contact(str(n)) for n in range(8)))
    pairs = [(ids[n], ids[(n + 3) % 8]) for n in range(8)]
    proposals = [await office.propose(*pair) for pair in pairs]

    async def write(turn: int) -> None:
        names = [str((turn * 3 + n) % 8) for n in range(8)]
        await office.put(*(contact(n, email=f"{turn}.{n}@x.example") for n in names))

    async def decide(number: int) -> None:
        now = await office.proposal(proposals[number])
        try:
            await office.execute(await office.vote(now, "ann"))
        except (EtagMismatch, StateNotAllowed):
            return

    results = await asyncio.gather(
        *(write(turn) for turn in range(8)), *(decide(n) for n in range(8)), return_exceptions=True
    )
    assert [r for r in results if isinstance(r, BaseException)] == []
    verified = await office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert verified.holds, verified
