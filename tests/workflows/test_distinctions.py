"""Not-a-match links veto what would cross them, and merges and undos inherit them."""

import asyncio
from dataclasses import replace

import pytest

from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    StateNotAllowed,
    Vetoed,
)
from dedup_service.domain.proposals import ProposalState
from dedup_service.workflows.distinguishing import DistinctionSide
from tests.merge_desk import Office, contact, key, principal, request


async def distinguish(
    office: Office, left: DistinctionSide, right: DistinctionSide, reason: str = "brothers", by: str = "ann"
) -> Distinction:
    who = principal(by)
    return await office.desk.distinguishing.create(
        request("CreateDistinction", who.name), left, right, reason, who
    )


async def undistinguish(office: Office, distinction: Distinction, etag: str = "") -> Distinction:
    return await office.desk.distinguishing.delete(
        request("DeleteDistinction", "users/ann"), distinction.distinction_id, etag
    )


def side(*names: str) -> DistinctionSide:
    return DistinctionSide(records=tuple(key(n) for n in names))


async def test_a_link_vetoes_an_approved_merge_until_it_is_taken_back(office: Office) -> None:
    """A link stops what it crosses whatever the votes; without it the same votes carry."""
    a, b = await office.put(contact("a"), contact("b"))
    approved = await office.approved(a, b)
    distinction = await distinguish(office, DistinctionSide((a,)), DistinctionSide((b,)))
    now = await office.proposal(approved)
    assert (now.state, now.etag) == (ProposalState.PENDING, approved.etag)
    with pytest.raises(Vetoed, match=distinction.distinction_id):
        await office.execute(now)
    await undistinguish(office, distinction, distinction.etag)
    assert (await office.proposal(approved)).state is ProposalState.APPROVED
    assert await office.execute(approved)


async def test_merges_inherit_links(office: Office) -> None:
    """A link of one member keeps the whole merged golden record apart from the other side."""
    a, b, c, d = await office.put(*(contact(n) for n in "abcd"))
    await distinguish(office, side("b"), side("c"))
    merges = [await office.merge(a, b), await office.merge(d, c)]
    vetoed = await office.approved(a, d, survivor_id=a)
    with pytest.raises(Vetoed):
        await office.execute(vetoed)
    await office.undo(merges[0])
    freed = await office.proposal(vetoed)
    assert await office.execute(await office.vote(freed, "ann")), "without b nothing keeps a from c"
    later = await office.approved(a, b)
    with pytest.raises(Vetoed):
        await office.execute(later)


async def test_links_of_deleted_records_still_hold(office: Office) -> None:
    """A deleted member may come back, so its link goes on to veto."""
    a, b, c = await office.put(*(contact(n) for n in "abc"))
    await office.merge(a, b)
    await distinguish(office, side("b"), side("c"))
    await office.delete("b")
    vetoed = await office.approved(a, c)
    with pytest.raises(Vetoed):
        await office.execute(vetoed)


async def test_what_is_one_golden_record_cannot_be_told_apart(office: Office) -> None:
    """Two members of one golden record are told apart by undoing their merge, not by a link."""
    a, b = await office.put(contact("a"), contact("b"))
    await office.merge(a, b)
    with pytest.raises(StateNotAllowed, match="undo"):
        await distinguish(office, side("a"), side("b"))


async def test_sides_are_checked(office: Office) -> None:
    """Empty, shared and unknown sides are refused, and so is an unstorable reason."""
    [a] = await office.put(contact("a"))
    await office.put(contact("b"))
    with pytest.raises(InvalidInput):
        await distinguish(office, side(), side("b"))
    with pytest.raises(InvalidInput, match="shares"):
        await distinguish(office, side("a", "b"), side("b"))
    with pytest.raises(InvalidInput, match="shares"):
        await distinguish(office, DistinctionSide((a,)), side("a"))
    with pytest.raises(NotFound):
        await distinguish(office, side("stranger"), side("b"))
    with pytest.raises(NotFound):
        await distinguish(office, DistinctionSide(("ghost",)), side("b"))
    with pytest.raises(InvalidInput):
        await distinguish(office, side("a"), side("b"), reason="\x00")


async def test_a_link_is_taken_back_once(office: Office) -> None:
    """Of two that delete a link at once one does, and the other is told that it is gone."""
    await office.put(contact("a"), contact("b"))
    distinction = await distinguish(office, side("a"), side("b"))
    with pytest.raises(EtagMismatch):
        await undistinguish(office, distinction, '"0"')
    results = await asyncio.gather(
        *(undistinguish(office, distinction) for _ in range(4)), return_exceptions=True
    )
    assert [type(r) for r in results if isinstance(r, BaseException)] == [NotFound] * 3
    with pytest.raises(NotFound):
        await undistinguish(office, replace(distinction, distinction_id="ghost"))


async def test_links_drawn_in_opposite_directions_at_once(office: Office) -> None:
    """Links that lock the same golden records from both ends all succeed, without waiting for a deadlock."""
    ids = await office.put(*(contact(str(n)) for n in range(6)))
    sides = [(ids[n], ids[m]) for n in range(6) for m in range(6) if n != m]
    started = asyncio.get_running_loop().time()
    await asyncio.gather(
        *(distinguish(office, DistinctionSide((one,)), DistinctionSide((other,))) for one, other in sides)
    )
    assert asyncio.get_running_loop().time() - started < 1, "PostgreSQL breaks a deadlock after one second"


async def test_only_who_has_a_say_takes_a_link_back(office: Office) -> None:
    """A link keeps a veto up: its creator and people with a stake may delete it, others and services not."""
    a, b = await office.put(contact("a"), contact("b"))
    distinction = await distinguish(office, DistinctionSide((a,)), DistinctionSide((b,)))
    delete = office.desk.distinguishing.delete
    for actor in ("users/omar", "services/importer", "users/nobody"):
        with pytest.raises(PermissionRefused):
            await delete(request("DeleteDistinction", actor), distinction.distinction_id, "")
    assert await delete(request("DeleteDistinction", "users/ben"), distinction.distinction_id, "")


async def test_only_who_has_a_say_draws_a_link(office: Office) -> None:
    """A link puts a veto up: people need a stake in what it parts, those who match for others do not."""
    await office.put(contact("a"), contact("b"))
    for who in ("omar", "fiona"):
        with pytest.raises(PermissionRefused):
            await distinguish(office, side("a"), side("b"), by=who)
    assert await office.store.read(lambda tx: tx.distinctions_between([key("a"), key("b")])) == []
    for who in ("ben", "services/matcher"):
        assert (await distinguish(office, side("a"), side("b"), by=who)).creator == principal(who).name
