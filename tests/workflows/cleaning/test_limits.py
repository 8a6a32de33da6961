"""A job does no more than its limits say; what it leaves is for people, or for its next run."""

import psycopg
import pytest

from dedup_service.domain.cleanup.runs import RunState, SkipReason
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import Owner
from tests.workflows.cleaning.clean_desk import CleanDesk, canary, people, within
from tests.workflows.cleaning.outcomes import sixty_records

APPROVED, EXECUTED = ProposalState.APPROVED, ProposalState.EXECUTED
ANN, BEN = Owner("users/ann", "sales"), Owner("users/ben", "sales")


async def test_no_more_merges_than_a_day_allows(desk: CleanDesk) -> None:
    """What goes beyond stays an open proposal; another run of the day merges none of it."""
    await desk.office.put(*people(7))
    job = await desk.job(limits=within(max_merges_per_day=3))
    run = await desk.run(job, merges_at_once=2)
    assert (run.counts.proposed, run.counts.merged) == (7, 3)
    assert run.counts.skipped == {SkipReason.DAY_LIMIT: 4}
    assert sorted(each.state for each in await desk.proposals()) == [APPROVED] * 4 + [EXECUTED] * 3
    again = await desk.run(job)
    assert (again.counts.proposed, again.counts.merged) == (0, 0)
    assert again.counts.skipped == {SkipReason.DAY_LIMIT: 4}


async def test_the_next_day_goes_on_where_the_last_ended(desk: CleanDesk, database_url: str) -> None:
    """The proposals that the limit left are merged by the next run, and none is made twice."""
    await desk.office.put(*people(5))
    job = await desk.job(limits=within(max_merges_per_day=3))
    await desk.run(job)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("UPDATE cleanup_items SET merge_time = merge_time - interval '1 day'")
    again = await desk.run(job)
    assert (again.counts.proposed, again.counts.merged, again.counts.skipped) == (0, 2, {})
    assert [each.state for each in await desk.proposals()] == [EXECUTED] * 5


async def test_another_job_does_not_take_up_what_waits(desk: CleanDesk) -> None:
    """A proposal is of the job that made it."""
    await desk.office.put(*people(2))
    await desk.run(await desk.job(limits=within(max_merges_per_day=0)))
    other = await desk.run(await desk.job())
    assert (other.counts.merged, other.counts.skipped) == (0, {SkipReason.ALREADY_PROPOSED: 2})


async def test_no_more_merges_of_one_owner(desk: CleanDesk) -> None:
    """Other owners' are merged all the same."""
    mine, others = people(4, owner=ANN), people(8, owner=BEN, source="shop")[8:]
    await desk.office.put(*mine, *others)
    run = await desk.run(await desk.job(limits=within(max_merges_per_owner_per_day=3)))
    assert (run.counts.merged, run.counts.skipped) == (6, {SkipReason.OWNER_LIMIT: 2})


async def test_no_more_merges_of_one_source(desk: CleanDesk) -> None:
    """A merge counts for each source of its records."""
    await desk.office.put(*people(4), *people(7, source="shop")[8:])
    run = await desk.run(await desk.job(limits=within(max_merges_per_source_per_day=3)))
    assert (run.counts.merged, run.counts.skipped) == (6, {SkipReason.SOURCE_LIMIT: 1})


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("max_merges_per_owner_per_day", SkipReason.OWNER_LIMIT),
        ("max_merges_per_source_per_day", SkipReason.SOURCE_LIMIT),
    ],
)
async def test_several_jobs_are_no_way_around_a_limit(
    desk: CleanDesk, limit: str, reason: SkipReason
) -> None:
    """What another job merged of an owner or a source on this day counts."""
    first, second = people(1, owner=ANN), people(2, owner=ANN)[2:]
    await desk.office.put(*first)
    assert (await desk.run(await desk.job())).counts.merged == 1
    await desk.office.put(*second)
    run = await desk.run(await desk.job(limits=within(**{limit: 1})))
    assert (run.counts.merged, run.counts.skipped) == (0, {reason: 1})


async def test_the_limit_of_a_day_is_of_the_job(desk: CleanDesk) -> None:
    """What another job merged does not count for it."""
    await desk.office.put(*people(1))
    assert (await desk.run(await desk.job())).counts.merged == 1
    await desk.office.put(*people(2)[2:])
    run = await desk.run(await desk.job(limits=within(max_merges_per_day=1)))
    assert (run.counts.merged, run.counts.skipped) == (1, {})


async def test_no_more_proposals_are_open_than_allowed(desk: CleanDesk) -> None:
    """Those that nobody need look at make room once they are merged; what people must see fills it."""
    await desk.office.put(*sixty_records())
    job = await desk.job(limits=within(max_open_proposals=4))
    run = await desk.run(job)
    assert run.state is RunState.SUCCEEDED
    # All but the two of contacts, for which there is room, too.
    assert (run.counts.merged, run.counts.proposed, run.counts.skipped) == (27, 29, {})


async def test_what_there_is_no_room_for_is_told(desk: CleanDesk) -> None:
    """With room for two that need people, the third is left out and counted."""
    await desk.office.put(*people(3))
    limits = within(max_open_proposals=2, max_merges_per_day=0)
    run = await desk.run(await desk.job(limits=limits))
    assert run.counts.proposed == 2
    assert run.counts.skipped == {SkipReason.DAY_LIMIT: 2, SkipReason.OPEN_PROPOSAL_LIMIT: 1}
    assert len(await desk.proposals()) == 2


async def test_the_canary_counts_for_the_day(desk: CleanDesk) -> None:
    """The slice that comes first is no way around a limit."""
    await desk.office.put(*people(6))
    run = await desk.run(await desk.job(limits=within(max_merges_per_day=2), canary=canary(0.5)))
    assert (run.counts.merged, run.counts.skipped) == (2, {SkipReason.DAY_LIMIT: 4})
