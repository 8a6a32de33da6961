"""Of each sort that has a time to be kept, what is older goes and what is younger stays (DEDUP_KEEP_DAYS)."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dedup_service.domain.errors import ResumeTokenExpired
from dedup_service.domain.retention import Retention, parse_retention
from dedup_service.domain.voting import VoteDecision
from dedup_service.v1 import intake_service_pb2, record_service_pb2
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.workflows.following import Position
from dedup_service.workflows.forgetting import KeepingShort
from tests.merge_desk import EVERYTHING, Office, contact, open_office
from tests.rpc.api import ANN, IMPORTER, Api, refused, served
from tests.rpc.api import contact as api_contact
from tests.rpc.cleanup_api import cleaning_api
from tests.served_desk import served_desk

KEPT = timedelta(days=40)
OLDER, YOUNGER = KEPT + timedelta(minutes=5), KEPT - timedelta(minutes=5)


def aged(database_url: str, statement: str, *values: Any) -> None:
    """Move rows back in time; the triggers that keep the past as it was are asked to look away."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(statement.encode(), values).rowcount > 0, statement


def left(database_url: str, query: str) -> list[Any]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        return [row[0] for row in connection.execute(query.encode()).fetchall()]


async def forget(office: Office, **kept: timedelta) -> None:
    await KeepingShort(office.store, Retention(**kept)).run(datetime.now(UTC))


async def test_an_old_answer_is_forgotten_and_its_request_is_a_new_one(api: Api, database_url: str) -> None:
    """A young one is still given again; the same id with other content is refused for as long."""

    async def written(request_id: str, city: str) -> record_service_pb2.Record:
        asked = record_service_pb2.UpdateRecordRequest(
            record=api_contact(request_id, email=f"{request_id}@x.example", city=city),
            allow_missing=True,
            request_id=request_id,
        )
        return await api.records.UpdateRecord(asked, metadata=IMPORTER)

    for name in ("old", "young"):
        await written(name, "Bonn")
    back = "UPDATE request_answers SET create_time = create_time - %s WHERE request_id = %s"
    aged(database_url, back, OLDER, "old")
    aged(database_url, back, YOUNGER, "young")
    await forget(api.office, answers=KEPT)
    assert (await written("old", "Köln")).values["city"] == "Köln"
    assert (await refused(written("young", "Köln"))).info.reason == "REQUEST_ID_REUSED"
    assert (await written("young", "Bonn")).values["city"] == "Bonn"


@pytest.mark.parametrize("kept", [True, False])
async def test_old_intakes_go_and_young_ones_stay(api: Api, database_url: str, *, kept: bool) -> None:
    """Whoever lists them finds the young ones; without a number of days they find all."""
    for name in ("old", "young"):
        route = intake_service_pb2.RouteRequest(record=api_contact(name))
        await api.intake.Route(route, metadata=IMPORTER)
    back = "UPDATE intakes SET time = time - %s WHERE source_record_id = %s"
    aged(database_url, back, OLDER, "old")
    aged(database_url, back, YOUNGER, "young")
    await (forget(api.office, intakes=KEPT) if kept else forget(api.office))
    listed = await api.intake.ListIntakes(intake_service_pb2.ListIntakesRequest(), metadata=ANN)
    names = {each.record.rpartition("/")[2] for each in listed.intakes}
    assert names == ({"young"} if kept else {"old", "young"})


async def test_what_old_runs_found_goes_and_what_came_of_it_stays(
    api: Api, database_url: str, tmp_path: Path
) -> None:
    """Groups of the old run go, those of the young one stay, and so does all that was merged or proposed."""
    cleaning = cleaning_api(api, tmp_path)
    runs = []
    for count in (2, 4):
        await cleaning.fill(count)
        runs.append((await cleaning.finished()).name.rpartition("/")[2])
    old, young = runs
    query = "SELECT DISTINCT run_id FROM cleanup_items"
    assert set(left(database_url, query)) == set(runs)
    merges = left(database_url, "SELECT count(*) FROM merges")
    proposals = await _proposals(api)
    back = "UPDATE cleanup_runs SET end_time = end_time - %s WHERE run_id = %s"
    aged(database_url, back, OLDER, old)
    aged(database_url, back, YOUNGER, young)
    await forget(api.office)
    assert set(left(database_url, query)) == set(runs)
    await forget(api.office, runs=KEPT)
    assert set(left(database_url, query)) == {young}
    assert left(database_url, "SELECT count(*) FROM merges") == merges
    assert await _proposals(api) == proposals


async def _proposals(api: Api) -> list[str]:
    listed = await api.proposals.ListMergeProposals(ListMergeProposalsRequest(), metadata=ANN)
    assert listed.merge_proposals
    return [each.name for each in listed.merge_proposals]


async def test_comments_go_by_when_their_proposal_ended(office: Office, database_url: str) -> None:
    """Of what ended long ago nothing is left of what was said; of what ended of late all of it."""
    found = {}
    for name in ("old", "young"):
        a, b = await office.put(contact(f"{name}a"), contact(f"{name}b"))
        proposal = await office.propose(a, b, comment="the same desk")
        proposal = await office.vote(proposal, "ann", VoteDecision.REJECT, comment="never")
        assert not proposal.state.open
        found[name] = proposal
    back = "UPDATE proposals SET end_time = end_time - %s WHERE proposal_id = %s"
    aged(database_url, back, OLDER, found["old"].proposal_id)
    aged(database_url, back, YOUNGER, found["young"].proposal_id)
    await forget(office, comments=KEPT)
    said: dict[str, Sequence[str]] = {}
    for name, proposal in found.items():
        now = await office.proposal(proposal)
        assert now.state == proposal.state
        said[name] = [now.comment, *(vote.comment for vote in now.votes)]
    assert said == {"old": ["", ""], "young": ["the same desk", "never"]}


async def test_changes_go_by_their_own_age(office: Office, database_url: str) -> None:
    """Old ones go with what was acknowledged of them; whoever has read as far as that reads on."""
    for name in "abc":
        await office.put(contact(name))
    aged(database_url, "UPDATE changes SET time = time - %s WHERE revision = 1", OLDER + timedelta(days=1))
    aged(database_url, "UPDATE changes SET time = time - %s WHERE revision = 2", YOUNGER)
    await forget(office, changes=KEPT)
    batch = await office.desk.following.changes(Position(1), EVERYTHING)
    assert [change.draft.record.rpartition("/")[2] for change in batch.changes] == ["b", "c"]
    with pytest.raises(ResumeTokenExpired):
        await office.desk.following.changes(Position(), EVERYTHING)


def test_the_service_forgets_as_its_setting_says(database_url: str, redis_url: str) -> None:
    """With DEDUP_KEEP_DAYS in its environment a service drops what is old by itself, soon after its start."""

    async def routed() -> None:
        async with open_office(database_url, redis_url) as office, served(office) as api:
            for name in ("old", "young"):
                route = intake_service_pb2.RouteRequest(record=api_contact(name))
                await api.intake.Route(route, metadata=IMPORTER)

    asyncio.run(routed())
    back = "UPDATE intakes SET time = time - %s WHERE source_record_id = %s"
    aged(database_url, back, OLDER, "old")
    aged(database_url, back, YOUNGER, "young")
    query = "SELECT source_record_id FROM intakes"
    assert parse_retention("intakes=40").intakes == KEPT
    with served_desk(database_url, redis_url, {"DEDUP_KEEP_DAYS": "intakes=40"}):
        until = time.monotonic() + 20
        while left(database_url, query) != ["young"]:
            assert time.monotonic() < until, "nothing was forgotten"
            time.sleep(0.1)
