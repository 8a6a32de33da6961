"""What others do while a run is under way: edits, merges, erasures, links and another policy."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg

from dedup_service.domain.cleanup.runs import RunState, SkipReason
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.policy import Automatic
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.distinguishing import DistinctionSide
from dedup_service.workflows.replan import Replanning
from tests.merge_desk import POLICY, account, lead, mastered, open_office, principal, request
from tests.workflows.cleaning.clean_desk import CleanDesk, canary, people
from tests.workflows.policy_texts import put, seeded, text_of


def blocking(at: str, work: Callable[[], None]) -> Callable[[str], None]:
    """Do something the first time that a worker comes to a point."""
    done: list[str] = []

    def passing(name: str) -> None:
        if name == at and not done:
            done.append(name)
            work()

    return passing


async def test_what_was_written_since_it_was_read_is_skipped(desk: CleanDesk, database_url: str) -> None:
    """An edit between the snapshot and the proposal: no proposal is made of what nobody saw."""
    await desk.office.put(*people(3))

    def edit() -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "UPDATE records SET version = version + 1, revision = 1000000 WHERE source_record_id = '1-0'"
            )

    run = await desk.run(await desk.job(), passing=blocking("items stored", edit))
    assert (run.counts.proposed, run.counts.skipped) == (2, {SkipReason.CHANGED_SINCE: 1})


async def test_what_was_written_during_the_hold_is_not_merged(desk: CleanDesk) -> None:
    """A proposal whose member was edited meanwhile is people's: the run keeps its hands off."""
    await desk.office.put(*people(10))
    run = await desk.run(await desk.job(canary=canary(0.1, 0.01)))
    assert run.state is RunState.WAITING
    waiting = [each for each in await desk.proposals() if each.state is ProposalState.APPROVED]
    key = waiting[0].plan.members[0].records[0].key
    record = await desk.office.record(key)
    changed = replace(record.draft, values={**record.draft.values, "city": "Potsdam"})
    await desk.office.put(changed)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged) == (RunState.SUCCEEDED, 9)
    assert now.counts.skipped == {SkipReason.CHANGED_SINCE: 1}
    assert (await desk.office.proposal(waiting[0])).state.open


async def test_what_people_merged_meanwhile_is_left(desk: CleanDesk) -> None:
    """A steward was faster: their merge stands, and is not the run's."""
    await desk.office.put(*people(10))
    run = await desk.run(await desk.job(canary=canary(0.1, 0.01)))
    waiting = [each for each in await desk.proposals() if each.state is ProposalState.APPROVED]
    await desk.office.execute(waiting[0], by="malik")
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged, now.counts.skipped) == (RunState.SUCCEEDED, 9, {})


async def test_a_link_that_was_made_meanwhile_is_kept(desk: CleanDesk) -> None:
    """A not-a-match link made during the hold stands against the merge."""
    await desk.office.put(*people(10))
    run = await desk.run(await desk.job(canary=canary(0.1, 0.01)))
    waiting = [each for each in await desk.proposals() if each.state is ProposalState.APPROVED]
    one, other = (DistinctionSide((golden_id,)) for golden_id in waiting[0].plan.golden_ids)
    await desk.office.desk.distinguishing.create(
        request("CreateDistinction", "users/mia"), one, other, "two people", principal("mia")
    )
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.counts.merged, now.counts.skipped) == (9, {SkipReason.VETO: 1})


async def test_another_policy_meanwhile_is_kept(desk: CleanDesk) -> None:
    """What needs people by now is theirs, though they approve it: the job carries out nothing of it."""
    office = desk.office
    policies = await seeded(office)
    await office.put(*people(10))
    run = await desk.run(await desk.job(canary=canary(0.1, 0.01)))
    stricter = text_of("stricter", ("minimum_probability: 0.99}", "minimum_probability: 0.9999999}"))
    await put(policies, stricter)
    await Replanning(office.desk.assessment).adopt_policy(office.store)
    waiting = [each for each in await desk.proposals() if each.state.open]
    await office.vote(waiting[0], "malik")
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.counts.merged, now.counts.skipped) == (1, {SkipReason.NEEDS_PEOPLE: 9})
    assert (await office.proposal(waiting[0])).state is ProposalState.APPROVED


async def test_an_erasure_meanwhile_leaves_nothing(
    desk: CleanDesk, database_url: str, tmp_path: Path
) -> None:
    """Whoever is erased while a run is under way is in no table, no file, and no proposal of it (E-4)."""
    await desk.office.put(*people(3))
    job = await desk.job()
    queued = await desk.queue(job)
    worker = desk.worker(passing=_stop_at("found"))
    with suppress(_Broken):
        await worker.work_once()
    assert files_below(tmp_path)
    await desk.office.erase("1-0")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE cleanup_runs SET lease_time = now()")
    await desk.worker().work_once()
    run = await desk.seen(queued)
    assert (run.state, run.counts.records, run.counts.proposed) == (RunState.SUCCEEDED, 5, 2)
    assert not files_below(tmp_path)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        for table in ("cleanup_jobs", "cleanup_runs", "cleanup_items"):
            rows = await (await connection.execute(f"SELECT t::text FROM {table} t")).fetchall()
            assert "bruno" not in str(rows).lower()
    assert (await desk.office.store.read(lambda tx: tx.verify_audit(0, ""))).holds


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class _Broken(BaseException):
    """What ends a worker without a word."""


def _stop_at(point: str) -> Callable[[str], None]:
    def passing(name: str) -> None:
        if name == point:
            raise _Broken

    return passing


async def test_no_job_merges_two_mastered_accounts(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """Whatever the policy lets go without a person: the customer master needs finance (C-2)."""
    everything = tuple(Automatic(kind, None, 0.0) for kind in RecordKind)
    policy = replace(POLICY, approval=replace(POLICY.approval, automatic=everything))
    same = {"company_name": "Quistgaard Maskinfabrik A/S", "city": "Aarhus", "website": "quistgaard.example"}
    async with open_office(database_url, redis_url, policy) as office:
        desk = CleanDesk(office, tmp_path)
        await office.put(
            mastered("one", **same, customer_number="C-1"), mastered("two", **same, customer_number="C-1")
        )
        await office.put(account("a", company_name="Torvald Wagner GmbH"), lead("x"))
        run = await desk.run(await desk.job())
        proposals = await desk.proposals()
        assert run.state is RunState.SUCCEEDED
        assert run.counts.merged == 0
        assert [each.state for each in proposals] == [ProposalState.PENDING]
        assert proposals[0].missing_functions == ("finance",)
        goldens = await office.store.read(
            lambda tx: tx.goldens([member.golden_id for member in proposals[0].plan.members])
        )
        assert all(golden.row.state is GoldenState.LIVE for golden in goldens.values())
