"""OverviewService: what the whole desk did, what waits in it, and how fresh its index is."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.domain.merges import Merge
from dedup_service.v1 import merge_proposal_service_pb2, merge_service_pb2
from dedup_service.v1 import overview_service_pb2 as pb
from dedup_service.v1.overview_service_pb2_grpc import OverviewServiceStub
from tests.merge_desk import account, contact, lead, mastered
from tests.rpc.api import ANN, Api, by, refused

if TYPE_CHECKING:
    # Known to type checkers alone: what a stub on an asyncio channel is.
    from dedup_service.v1.overview_service_pb2_grpc import OverviewServiceAsyncStub

DAY = timedelta(days=1)


def overview(api: Api) -> "OverviewServiceAsyncStub":
    return OverviewServiceStub(api.channel)


async def days(api: Api, **more: object) -> list[pb.DayOfActivity]:
    request = pb.StudyActivityRequest(**more)  # type: ignore[arg-type]  # fields by name
    return list((await overview(api).StudyActivity(request, metadata=ANN)).days)


async def queues(api: Api) -> pb.StudyQueueResponse:
    return await overview(api).StudyQueue(pb.StudyQueueRequest(), metadata=ANN)


async def queue(api: Api, function: str) -> pb.FunctionQueue:
    [found] = [each for each in (await queues(api)).queues if each.function == function]
    return found


async def calibration(api: Api, **more: object) -> pb.StudyCalibrationResponse:
    request = pb.StudyCalibrationRequest(**more)  # type: ignore[arg-type]  # fields by name
    return await overview(api).StudyCalibration(request, metadata=ANN)


async def accounts(api: Api, **more: object) -> pb.ListProvisionalAccountsResponse:
    request = pb.ListProvisionalAccountsRequest(**more)  # type: ignore[arg-type]  # fields by name
    return await overview(api).ListProvisionalAccounts(request, metadata=ANN)


async def index(api: Api) -> pb.IndexStatus:
    return await overview(api).GetIndexStatus(pb.GetIndexStatusRequest(), metadata=ANN)


def at(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


async def pair(api: Api, name: str) -> list[str]:
    """Two contacts that are the same person, of their own golden records."""
    golden_ids = []
    for side in ("1", "2"):
        [golden_id] = await api.office.put(
            contact(f"{name}-{side}", given_name="Bob", family_name=name, email=f"{name}@quux.example")
        )
        golden_ids.append(golden_id)
    return golden_ids


async def merged(api: Api, name: str) -> Merge:
    """A merge that a person has approved."""
    return await api.office.merge(*await pair(api, name))


async def rejected(api: Api, name: str) -> None:
    proposal = await api.proposed(*(f"goldenRecords/{each}" for each in await pair(api, name)))
    request = merge_proposal_service_pb2.RejectMergeProposalRequest(
        name=proposal.name, etag=proposal.etag, comment="two people"
    )
    await api.proposals.RejectMergeProposal(request, metadata=ANN)


async def test_a_day_counts_what_was_done_on_it(api: Api) -> None:
    """Found, merged, voted down, withdrawn and undone; and what is open now waits at its end."""
    merge = await merged(api, "one")
    await merged(api, "two")
    await rejected(api, "three")
    withdrawn = await api.proposed(*(f"goldenRecords/{each}" for each in await pair(api, "four")), who="ben")
    request = merge_proposal_service_pb2.WithdrawMergeProposalRequest(
        name=withdrawn.name, etag=withdrawn.etag
    )
    await api.proposals.WithdrawMergeProposal(request, metadata=by("ben"))
    await api.proposed(*(f"goldenRecords/{each}" for each in await pair(api, "five")))
    await api.office.undo(merge)
    found = await days(api)
    assert len(found) == 90
    today = found[-1]
    assert date(today.date.year, today.date.month, today.date.day) == datetime.now(UTC).date()
    assert (today.found_count, today.merged_count, today.undone_count) == (5, 2, 1)
    assert (today.rejected_count, today.lapsed_count, today.waiting_count) == (1, 1, 1)
    assert [each.waiting_count for each in found[:-1]] == [0] * 89


async def test_what_waits_today_is_what_is_open_now(api: Api) -> None:
    """Pending and approved proposals are those that the list of open ones has."""
    for name in ("one", "two", "three"):
        await api.proposed(*(f"goldenRecords/{each}" for each in await pair(api, name)))
    await merged(api, "four")
    listing = merge_proposal_service_pb2.ListMergeProposalsRequest(filter="open = true")
    listed = await api.proposals.ListMergeProposals(listing, metadata=ANN)
    [today] = await days(api, start_time=at(datetime.now(UTC)))
    waiting = await queues(api)
    assert today.waiting_count == len(listed.merge_proposals) == 3
    assert waiting.pending_count + waiting.approved_count == 3


async def test_an_approved_proposal_waits_until_it_is_carried_out(api: Api) -> None:
    """It is open, but no function is waited for any more."""
    await api.approved(await api.proposed(), "ann")
    waiting = await queues(api)
    assert (waiting.pending_count, waiting.approved_count) == (0, 1)
    assert {each.waiting_count for each in waiting.queues} == {0}
    assert (await days(api))[-1].waiting_count == 1


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-03-01T23:59:59", "2026-03-03T00:00:00", (3, 1), (3, 2)),
        ("2026-03-01T00:00:00", "2026-03-03T00:00:01", (3, 1), (3, 3)),
        ("2026-03-01T12:00:00", "2026-03-01T13:00:00", (3, 1), (3, 1)),
    ],
)
async def test_days_are_whole_and_of_utc(
    api: Api, start: str, end: str, first: tuple[int, int], last: tuple[int, int]
) -> None:
    """A span takes in every day that it touches; its end is not included."""
    times = [at(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in (start, end)]
    found = await days(api, start_time=times[0], end_time=times[1])
    assert [(each.date.month, each.date.day) for each in (found[0], found[-1])] == [first, last]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), "end_time"),
        (datetime(2999, 1, 1, tzinfo=UTC), None, "start_time"),
        (datetime(2020, 1, 1, tzinfo=UTC), None, "start_time"),
    ],
)
async def test_a_span_that_cannot_be_studied_is_refused(
    api: Api, start: datetime, end: datetime | None, field: str
) -> None:
    """One that is empty, in the future or too long, by the field that says it."""
    more = {"end_time": at(end)} if end is not None else {}
    assert (await refused(days(api, start_time=at(start), **more))).fields == [field]


async def test_a_queue_for_each_function(api: Api) -> None:
    """Every function of the policy; a proposal stands in the queue of each that it waits for."""
    assert [each.function for each in (await queues(api)).queues] == sorted(
        api.office.desk.rules.policy.functions
    )
    proposal = await api.weighty()
    for function in ("sales", "support"):
        found = await queue(api, function)
        assert (found.waiting_count, found.under_one_day_count, found.overdue_count) == (1, 1, 0)
        assert (found.oldest_proposal, found.oldest_time) == (proposal.name, proposal.create_time)
    assert not (await queue(api, "finance")).HasField("oldest_time")
    assert (await queues(api)).pending_count == 1


async def test_agreement_by_the_probability_of_the_weakest_link(api: Api) -> None:
    """Approved and carried out is agreement; voted down or undone is not; what is open is not counted."""
    await merged(api, "one")
    await api.office.undo(await merged(api, "two"))
    await rejected(api, "three")
    open_one = await api.proposed(*(f"goldenRecords/{each}" for each in await pair(api, "four")))
    found = await calibration(api)
    [filled] = [each for each in found.bins if each.decided_count]
    assert (filled.decided_count, filled.agreed_count) == (3, 1)
    assert (filled.rejected_count, filled.undone_count) == (1, 1)
    probability = open_one.weakest_link.match_probability
    assert filled.lowest_probability <= probability <= filled.highest_probability
    assert filled.mean_probability == pytest.approx(probability, abs=0.01)
    assert (found.decided_count, found.agreed_count, found.unscored_count) == (3, 1, 0)


async def test_calibration_of_a_span(api: Api) -> None:
    """Only what ended from its start to before its end."""
    await merged(api, "one")
    tomorrow = at(datetime.now(UTC) + DAY)
    assert (await calibration(api, end_time=tomorrow)).decided_count == 1
    assert (await calibration(api, start_time=tomorrow)).decided_count == 0
    refusal = await refused(calibration(api, start_time=tomorrow, end_time=tomorrow))
    assert refusal.fields == ["end_time"]


async def test_merges_without_a_person_say_nothing_about_agreement(api: Api) -> None:
    """They are activity of the day all the same."""
    values = {"given_name": "Ada", "family_name": "Nymwell", "email": "ada.nymwell@quux.example"}
    golden_ids = await api.office.put(*(lead(side, **values, phone="+49 30 1234567") for side in "12"))
    proposal = await api.office.propose(*golden_ids)
    await api.office.execute(proposal, by="services/matcher")
    assert (await days(api))[-1].merged_count == 1
    assert (await calibration(api)).decided_count == 0


async def test_provisional_accounts_the_longest_waiting_first(api: Api) -> None:
    """Accounts without a customer number of the books, with the name and sources of what they are."""
    await api.office.put(account("old", company_name="Old Mill Ltd"))
    await api.office.put(account("shop/person", person=True, given_name="Pia", family_name="Lund"))
    await api.office.put(mastered("1"))
    await api.office.put(contact("c"))
    await api.office.put(account("new", company_name="New Mill Ltd"))
    found = await accounts(api)
    assert [each.display_name for each in found.provisional_accounts] == [
        "Old Mill Ltd",
        "Pia Lund",
        "New Mill Ltd",
    ]
    assert found.total_count == 3
    first, person, _ = found.provisional_accounts
    record = await api.office.record("old")
    assert first.golden_record == f"goldenRecords/{record.golden_id}"
    assert first.wait_time.ToDatetime(UTC) == record.create_time
    assert person.sources == ["sources/shop"]


async def test_an_account_of_two_records_waits_since_the_older(api: Api) -> None:
    """It stands once, where its oldest record puts it; and not at all once the books know a member."""
    await api.office.put(account("a", company_name="Mill Ltd"))
    await api.office.put(account("b", company_name="Other Ltd"))
    await api.office.put(account("c", company_name="Mill Ltd"))
    ids = [(await api.office.record(name)).golden_id for name in ("c", "a")]
    await api.office.merge(*ids)
    found = await accounts(api)
    assert [each.display_name for each in found.provisional_accounts] == ["Mill Ltd", "Other Ltd"]
    assert found.total_count == 2
    await api.office.write(account("a", company_name="Mill Ltd", customer_number="10-1"))
    assert (await accounts(api)).total_count == 2, "a number that no customer master gave"


async def test_pages_of_provisional_accounts(api: Api) -> None:
    """Each once and in order, with the same total on every page."""
    for number in range(5):
        await api.office.put(account(f"a{number}", company_name=f"Mill {number}"))
    found: list[str] = []
    token = ""
    for _ in range(3):
        answer = await accounts(api, page_size=2, page_token=token)
        found += [each.display_name for each in answer.provisional_accounts]
        assert answer.total_count == 5
        token = answer.next_page_token
    assert not token
    assert found == [f"Mill {number}" for number in range(5)]


async def test_an_index_that_has_applied_everything(api: Api) -> None:
    """It is usable, not behind, and holds the active records."""
    await api.two_of_a_kind()
    head = await api.office.store.read(lambda tx: tx.head_revision())
    assert await api.office.desk.progress.wait_applied(head, 10)
    found = await index(api)
    assert (found.usable, found.defect, found.rebuilding) == (True, "", False)
    assert (found.behind_count, found.lag.ToMicroseconds(), found.record_count) == (0, 0, 2)
    assert found.applied_revision == found.head_revision
    assert found.key_count > 0


async def test_an_index_that_is_behind_says_by_how_much(api: Api) -> None:
    """How many writes it lacks, and how long ago the first of them was made."""
    await api.two_of_a_kind()
    head = await api.office.store.read(lambda tx: tx.head_revision())
    assert await api.office.desk.progress.wait_applied(head, 10)
    await api.office.follower.stop()
    await api.office.put(contact("3"))
    await api.office.put(contact("4"))
    found = await index(api)
    assert (found.behind_count, found.usable) == (2, True)
    assert 0 < found.lag.ToMicroseconds() < 60_000_000


async def test_every_employee_may_look(api: Api) -> None:
    """Service accounts too; somebody unknown may not."""
    request = pb.StudyQueueRequest()
    assert await overview(api).StudyQueue(request, metadata=by("services/follower"))
    refusal = await refused(overview(api).StudyQueue(request, metadata=by("nobody")))
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED


async def test_an_undone_merge_stays_merged_on_its_day(api: Api) -> None:
    """Undoing does not take back what was counted."""
    merge = await api.merged()
    before = (await days(api))[-1]
    request = merge_service_pb2.UndoMergeRequest(name=merge.name, etag=merge.etag, reason="two people")
    await api.merges.UndoMerge(request, metadata=ANN)
    after = (await days(api))[-1]
    assert (before.merged_count, before.undone_count) == (1, 0)
    assert (after.merged_count, after.undone_count) == (1, 1)
