"""A call repeated with its request id returns its answer, and happens once (A-3)."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dedup_service.domain.errors import InvalidInput, RequestIdReused, StateNotAllowed
from dedup_service.domain.merges import Merge
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Record, RecordDraft
from dedup_service.domain.retention import Retention
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.ports import Request
from dedup_service.workflows.proposing import ProposalDraft
from dedup_service.workflows.record_writes import RecordWrite
from dedup_service.workflows.undoing import UndoRequest
from tests.canonical_dump import full_dump
from tests.merge_desk import POLICY, Office, contact, principal, request
from tests.workflows.test_locking import until_waiting


def once(
    method: str, request_id: str = "r-1", digest: str = "d-1", actor: str = "services/importer"
) -> Request:
    return request(method, actor, request_id, digest)


async def write(office: Office, how: Request, draft: RecordDraft) -> Record:
    return await office.desk.records.write(how, RecordWrite(draft))


async def execute(office: Office, proposal: Proposal, request_id: str) -> Merge:
    return await office.desk.deciding.execute(
        once("ExecuteMergeProposal", request_id), proposal.proposal_id, proposal.etag, principal("ann")
    )


async def test_every_write_replays_its_answer(office: Office) -> None:
    """Records, batches, proposals, votes, merges and undos answer a repetition the same and do no more."""
    who = principal("services/matcher")
    a, b = await office.put(contact("a"), contact("b"))
    draft = ProposalDraft((a, b), survivor_id=a, comment="same?")
    proposal = await office.desk.proposing.create(once("CreateMergeProposal", "p"), draft, who)
    approved = await office.vote(proposal, "ann")
    merge = await execute(office, approved, "x")
    undo = UndoRequest(merge.merge_id, merge.etag, "wrong", create_distinction=True)
    undone = await office.desk.undoing.undo(once("UndoMerge", "u"), undo, principal("ann"))
    record = await write(office, once("UpdateRecord", "w"), contact("c"))
    batch = await office.desk.records.write_batch(once("IngestRecords", "b"), [contact("d"), contact("\x00")])
    before = await full_dump(office.store, POLICY)
    again = (
        await office.desk.proposing.create(once("CreateMergeProposal", "p"), draft, who),
        await execute(office, approved, "x"),
        await office.desk.undoing.undo(once("UndoMerge", "u"), undo, principal("ann")),
        await write(office, once("UpdateRecord", "w"), contact("c")),
        await office.desk.records.write_batch(once("IngestRecords", "b"), [contact("d"), contact("\x00")]),
    )
    assert again == (proposal, merge, undone, record, batch)
    assert await full_dump(office.store, POLICY) == before


async def test_the_answer_is_that_of_then(office: Office) -> None:
    """A replay gives the first answer even when the record was written since."""
    first = await write(office, once("UpdateRecord"), contact("a"))
    await office.put(contact("a", email="later@x.example"))
    assert await write(office, once("UpdateRecord"), contact("a")) == first
    assert (await office.record("a")).draft.values == {"email": "later@x.example"}


@pytest.mark.parametrize(
    "other", [once("UpdateRecord", digest="d-2"), once("DeleteRecord"), once("DeleteRecord", digest="d-2")]
)
async def test_an_id_stands_for_one_request(office: Office, other: Request) -> None:
    """The same id with other content or for another method is refused and does nothing."""
    await write(office, once("UpdateRecord"), contact("a"))
    with pytest.raises(RequestIdReused):
        await write(office, other, contact("b"))
    assert await office.store.read(lambda tx: tx.head_revision()) == 1


async def test_ids_are_the_callers_own(office: Office) -> None:
    """Two callers may use the same id; each has its own answer."""
    first = await write(office, once("UpdateRecord", actor="users/ann"), contact("a"))
    other = await write(office, once("UpdateRecord", actor="users/ben", digest="d-2"), contact("b"))
    assert first.name != other.name


async def test_a_refused_call_keeps_no_answer(office: Office) -> None:
    """What was refused may be put right under the same id: only an effect is answered twice."""
    with pytest.raises(InvalidInput):
        await write(office, once("UpdateRecord"), contact("a", email="\x00"))
    assert (await write(office, once("UpdateRecord"), contact("a"))).version == 1


async def test_the_same_call_at_once_happens_once(office: Office) -> None:
    """Ten identical calls at the same time have one effect and one answer."""
    answers = await asyncio.gather(*(write(office, once("UpdateRecord"), contact("a")) for _ in range(10)))
    assert len({a.revision for a in answers}) == 1
    assert await office.store.read(lambda tx: tx.head_revision()) == 1


async def test_a_call_overtaken_by_its_own_repetition_gets_the_answer(office: Office) -> None:
    """Identical executions at once all get the merge, though the second finds the proposal EXECUTED."""
    a, b = await office.put(contact("a"), contact("b"))
    approved = await office.approved(a, b)
    merges = await asyncio.gather(*(execute(office, approved, "x") for _ in range(6)))
    assert len({m.merge_id for m in merges}) == 1


@pytest.mark.parametrize("repetitions", [1, 3])
async def test_a_repetition_waits_for_the_call_that_is_still_at_work(
    office: Office, database_url: str, repetitions: int
) -> None:
    """Sent again before its first run is committed, a call waits for the answer and meets no effect."""
    a, b = await office.put(contact("a"), contact("b"))
    approved = await office.approved(a, b)
    head = await office.store.read(lambda tx: tx.head_revision())
    async with await psycopg.AsyncConnection.connect(database_url) as held:
        # The first has done its work, and waits for its place in the ledger.
        await held.execute("SELECT 1 FROM ledger_head FOR UPDATE")
        first = asyncio.create_task(execute(office, approved, "x"))
        await until_waiting(held, 1)
        again = [asyncio.create_task(execute(office, approved, "x")) for _ in range(repetitions)]
        await until_waiting(held, 1 + repetitions)
        await held.rollback()
    assert await asyncio.gather(*again) == [await first] * repetitions
    assert await office.store.read(lambda tx: tx.head_revision()) == head + 1


async def test_a_vote_that_arrives_twice_at_once_is_logged_once(office: Office, database_url: str) -> None:
    """Where nothing but the request id tells a repetition from a second wish, it is still one effect."""
    proposal = await office.propose(*await office.put(contact("a"), contact("b")))
    ann = principal("ann")
    wish = once("ApproveMergeProposal", "v", actor=ann.name)
    async with await psycopg.AsyncConnection.connect(database_url) as held:
        await held.execute("SELECT 1 FROM ledger_head FOR UPDATE")
        votes = [
            asyncio.create_task(
                office.desk.deciding.vote(
                    wish, proposal.proposal_id, proposal.etag, ann, VoteDecision.APPROVE, "same"
                )
            )
            for _ in range(2)
        ]
        await until_waiting(held, 2)
        await held.rollback()
    first, second = await asyncio.gather(*votes)
    assert first == second
    assert [vote.principal for vote in (await office.proposal(proposal)).votes] == [ann.name]


async def test_an_erased_answer_is_said_to_be_so(office: Office) -> None:
    """A repetition after the erasure is told that it was carried out, and is not carried out again."""
    await write(office, once("UpdateRecord"), contact("a"))
    await office.erase("a")
    with pytest.raises(StateNotAllowed, match="erased"):
        await write(office, once("UpdateRecord"), contact("a"))


async def test_answers_are_kept_for_seven_days(office: Office, database_url: str) -> None:
    """Upkeep forgets answers past their lifetime and none before."""
    assert timedelta(days=7) <= Retention().answers
    for name in ("old", "young"):
        await write(office, once("UpdateRecord", name), contact(name))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        shift = "UPDATE request_answers SET create_time = create_time - %s WHERE request_id = %s"
        await connection.execute(shift, [Retention().answers + timedelta(minutes=1), "old"])
        await connection.execute(shift, [Retention().answers - timedelta(minutes=1), "young"])
        await office.store.forget_old(Retention(), datetime.now(UTC))
        found = await (await connection.execute("SELECT request_id FROM request_answers")).fetchall()
    assert found == [("young",)]
