"""What is dropped by age, and what stays; and the heads of the audit that are published meanwhile."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.errors import ResumeTokenExpired
from dedup_service.domain.retention import Retention, parse_retention
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.following import Position
from dedup_service.workflows.forgetting import KeepingShort, PublishingHeads
from tests.merge_desk import EVERYTHING, Office, contact

LATER = datetime.now(UTC) + timedelta(days=40)
MONTH = timedelta(days=30)


async def test_old_changes_are_dropped_and_late_readers_told(office: Office) -> None:
    """A reader who is behind is told to read anew; the chain still verifies, and the audit says what went."""
    await office.put(contact("a"), contact("b"))
    await office.put(contact("a", email="new@x.example"))
    assert await office.follower.wait_applied(2, 5)
    await KeepingShort(office.store, Retention(changes=MONTH)).run(LATER)
    with pytest.raises(ResumeTokenExpired):
        await office.desk.following.changes(Position(1), EVERYTHING)
    assert (await office.desk.following.changes(Position(2), EVERYTHING)).changes == ()
    assert (await office.store.read(lambda tx: tx.verify_audit(0, ""))).holds
    await office.put(contact("c"))
    batch = await office.desk.following.changes(Position(2), EVERYTHING)
    assert [change.draft.record for change in batch.changes] == ["sources/crm/records/c"]
    assert await office.follower.wait_applied(4, 5)


async def test_changes_taken_out_by_hand_still_show_after_retention(
    office: Office, database_url: str
) -> None:
    """Only what the audit says was dropped may be missing."""
    await office.put(contact("a"))
    await KeepingShort(office.store, Retention(changes=MONTH)).run(LATER)
    await office.put(contact("b"))
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM changes")
    found = await office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert (found.holds, found.broken_revision) == (False, 3)


async def test_an_index_that_is_behind_what_was_dropped_learns_it_from_the_records(office: Office) -> None:
    """It asks for changes that are no longer kept, and is given every record that was written since."""
    await office.put(contact("a"), contact("b"))
    await office.erase("b")
    await KeepingShort(office.store, Retention(changes=MONTH)).run(LATER)
    async with office.store.snapshot() as reading:
        touched = await reading.touched_record_nos(0, 10)
    assert touched == [(1, [1]), (2, [2])]


async def test_comments_of_what_has_ended_go_and_others_stay(office: Office) -> None:
    """What is open keeps what was said of it, however old it is."""
    a, b, c = await office.put(contact("a"), contact("b"), contact("c"))
    ended = await office.propose(a, b, comment="the same desk")
    ended = await office.vote(ended, "ann", VoteDecision.REJECT, comment="never")
    still_open = await office.propose(a, c, comment="perhaps")
    await KeepingShort(office.store, Retention(comments=MONTH)).run(LATER)
    if not (await office.proposal(ended)).state.open:
        assert (await office.proposal(ended)).comment == ""
        assert {vote.comment for vote in (await office.proposal(ended)).votes} == {""}
    assert (await office.proposal(still_open)).comment == "perhaps"


async def test_by_default_only_answers_go(office: Office, database_url: str) -> None:
    """Nothing else is dropped unless an operator says so."""
    a, b = await office.put(contact("a"), contact("b"))
    await office.merge(a, b, comment="the same")
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = "SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM votes WHERE comment = '')"
        before = connection.execute(query).fetchone()
        await KeepingShort(office.store, Retention()).run(LATER)
        assert connection.execute(query).fetchone() == before


@pytest.mark.parametrize(
    "text", ["answers=6", "changes=29", "changes", "votes=10", "answers=7 answers=8", "runs=x"]
)
def test_what_cannot_be_kept_so_is_refused(text: str) -> None:
    """Answers are promised for seven days, and an index that was away must find a month of changes."""
    with pytest.raises(ValueError, match="write"):
        parse_retention(text)


def test_what_is_named_is_kept_so_long() -> None:
    """Days by name; the rest as by default."""
    assert parse_retention("changes=365 runs=1") == Retention(changes=timedelta(365), runs=timedelta(1))


async def test_the_head_is_published_when_something_was_written_since(office: Office) -> None:
    """As a change with the hash of the write before; of its own publications it tells nothing."""
    publishing = PublishingHeads(office.store, timedelta(hours=1))
    await publishing.run(LATER)
    await office.put(contact("a"))
    head = await office.store.read(lambda tx: tx.audit_head())
    for _ in range(3):
        await publishing.run(LATER)
    found = (await office.desk.following.changes(Position(), EVERYTHING)).changes
    told = [change for change in found if change.draft.type is ChangeType.AUDIT_HEAD_PUBLISHED]
    assert [change.draft.audit_head for change in told] == [head]
    assert (await office.store.read(lambda tx: tx.verify_audit(0, "", [head]))).confirmed_revision == 1
    await office.put(contact("b"))
    await publishing.run(datetime.now(UTC))
    assert len((await office.desk.following.changes(Position(), EVERYTHING)).changes) == 3
    await PublishingHeads(office.store, None).run(LATER)
    assert len((await office.desk.following.changes(Position(), EVERYTHING)).changes) == 3
