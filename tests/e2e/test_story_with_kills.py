"""The story with kill -9 of the service, PostgreSQL and Valkey: nothing answered is lost, nothing is torn."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.audit_service_pb2 import VerifyAuditRequest
from dedup_service.v1.change_service_pb2 import CHANGE_TYPE_MERGED, CHANGE_TYPE_UNDONE
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.merge_proposal_pb2 import MERGE_PROPOSAL_STATE_EXECUTED
from dedup_service.v1.merge_service_pb2 import MERGE_STATE_UNDONE
from tests.e2e.crm_data import CRM, DESK, ERP, SHOP
from tests.e2e.downstream import SOURCE
from tests.e2e.downstream_process import downstream_process
from tests.e2e.golden_copies import (
    all_audit_entries,
    all_changes,
    all_merges,
    all_proposals,
    folded,
    stored_images,
)
from tests.e2e.running_service import RunningService, running_service
from tests.e2e.story import STEPS
from tests.e2e.story_context import FOLLOWER, Story

Answer = TypeVar("Answer")
# From before the request is read to after the answer was sent: a write takes about half of it.
LONGEST_DELAY_SECONDS = 0.04
DEADLINE_SECONDS = 30.0
# How often PostgreSQL dies together with the service.
POSTGRES_SHARE = 0.3
MENDING_SECONDS = 10.0
_DONE_DOWNSTREAM = f"carried out by {SOURCE.removeprefix('sources/')}"


def effect_count(client: DedupClient) -> int:
    """How many writes the story made: audit entries but for those that others make meanwhile."""
    return sum(
        entry.action != "PublishAuditHead" and entry.detail != _DONE_DOWNSTREAM
        for entry in all_audit_entries(client)
    )


def assert_nothing_is_torn(client: DedupClient) -> None:
    """Memberships, values, redirects, proposals, merges, changes and audit tell of the same writes."""
    assert client.audit.VerifyAudit(VerifyAuditRequest()).holds
    changes = all_changes(client)
    assert folded(changes) == stored_images(client)
    merges = {merge.name: merge for merge in all_merges(client)}
    told = [change.merge for change in changes if change.type == CHANGE_TYPE_MERGED]
    undone = [change.merge for change in changes if change.type == CHANGE_TYPE_UNDONE]
    assert sorted(told) == sorted(merges)
    assert sorted(undone) == sorted(m.name for m in merges.values() if m.state == MERGE_STATE_UNDONE)
    executed = [p.merge for p in all_proposals(client) if p.state == MERGE_PROPOSAL_STATE_EXECUTED]
    assert sorted(executed) == sorted(merges)


class KilledDuringEachWrite:
    """A writer that kills the service while each write runs, and repeats it under its request id."""

    def __init__(self, service: RunningService, seed: int) -> None:
        self.story: Story | None = None
        self.write_count = 0
        self.found_done_count = 0
        self._service = service
        self._random = Random(seed)

    def __call__(self, attempt: Callable[[], Answer]) -> Answer:
        assert self.story is not None
        with DedupClient(self._service.address, principal=FOLLOWER) as client:
            count = effect_count(client)
        first = self._cut_short(attempt)
        self._service.start()
        with DedupClient(self._service.address, principal=FOLLOWER) as client:
            after_kill = effect_count(client)
            assert after_kill in (count, count + 1)
            assert first is None or after_kill == count + 1, "an answered write is gone"
            assert_nothing_is_torn(client)
            answer = attempt()
            assert effect_count(client) == count + 1, "a repeated write was not carried out exactly once"
        assert first is None or first == answer
        self.write_count += 1
        self.found_done_count += after_kill > count
        return answer

    def _cut_short(self, attempt: Callable[[], Answer]) -> Answer | None:
        """The answer, if it came before the kill."""
        assert self.story is not None
        self.story.hang_up()
        with ThreadPoolExecutor(1) as caller:
            call = caller.submit(attempt)
            time.sleep(self._random.uniform(0, LONGEST_DELAY_SECONDS))
            if self._random.random() < POSTGRES_SHARE:
                self._service.kill_postgres()
            self._service.kill()
            # Else the client would try again by itself once the service is back.
            self.story.hang_up()
            try:
                return call.result(DEADLINE_SECONDS)
            except (ServiceError, ValueError):
                return None


@contextmanager
def followed_service(directory: Path) -> Iterator[RunningService]:
    """A service that a downstream process follows; in the end it must equal the store."""
    with (
        running_service() as service,
        downstream_process(service.address, directory / "downstream") as downstream,
    ):
        yield service
        with DedupClient(service.address, principal=FOLLOWER) as client:
            downstream.assert_whole(client)
            assert_nothing_is_torn(client)
        assert service.logged_incidents() == []


def repeat_last_writes(story: Story) -> None:
    """Send the writes of the last step again: the same answers."""
    for write in story.step_writes:
        assert write.attempt() == write.answer
    story.step_writes.clear()


@pytest.mark.proof
def test_kill_between_any_two_steps(tmp_path: Path) -> None:
    """What was answered is there after kill -9, and a repeated write has one effect and the same answer."""
    with followed_service(tmp_path) as service:
        story = Story(service.address, seed=2)
        for step in STEPS:
            step(story)
            if not story.step_writes:
                continue
            count = effect_count(story.client())
            story.hang_up()
            service.restart()
            repeat_last_writes(story)
            assert effect_count(story.client()) == count, step.__name__
        story.hang_up()


@pytest.mark.proof
def test_kill_during_any_write(tmp_path: Path) -> None:
    """A write that kill -9 interrupts is done whole or not at all; repeated, it happens once."""
    with followed_service(tmp_path) as service:
        writer = KilledDuringEachWrite(service, seed=3)
        story = Story(service.address, 3, writer)
        writer.story = story
        for step in STEPS:
            step(story)
        story.hang_up()
        # The delays are such that kills fall before, between and after: else this shows little.
        assert 0 < writer.found_done_count < writer.write_count


@pytest.mark.proof
def test_kill_postgres_and_valkey_between_steps(tmp_path: Path) -> None:
    """After kill -9 of either server the story goes on, with or without a new service process."""
    with followed_service(tmp_path) as service:
        story = Story(service.address, seed=5)
        for number, step in enumerate(STEPS):
            step(story)
            if number % 4 == 0:
                service.kill_valkey()
                service.bring_back_valkey()
            elif number % 8 == 2:
                service.kill_postgres()
                service.bring_back_postgres()
            elif number % 8 == 6:
                story.hang_up()
                service.kill_postgres()
                service.restart()
            repeat_last_writes(story)
        story.hang_up()


def answers(client: DedupClient, revision: RevisionToken) -> list[set[str] | None]:
    """What Match finds, with and without `min_revision`; None where it says that it may be short."""
    found: list[set[str] | None] = []
    for request in (MatchRequest(record=ERP), MatchRequest(record=ERP, min_revision=revision)):
        try:
            answer = client.matches.Match(request)
        except ServiceError as error:
            if error.reason != "INDEX_UNAVAILABLE":
                raise
            found.append(None)
            continue
        assert answer.complete or answer.incomplete_reasons
        found.append({match.record for match in answer.matches} if answer.complete else None)
    return found


@pytest.mark.proof
def test_match_is_never_silently_short_without_valkey() -> None:
    """While Valkey is gone, empty or filling, each answer is right or says that it may not be."""
    everywhere = {CRM, DESK, SHOP}
    with running_service() as service, DedupClient(service.address, principal=FOLLOWER) as client:
        story = Story(service.address, seed=6)
        for step in STEPS[:2]:
            step(story)
        for _ in range(2):
            service.kill_valkey()
            assert answers(client, story.seen.revision) == [None, None]
            service.bring_back_valkey()
            begin = time.monotonic()
            while (found := answers(client, story.seen.revision)) != [everywhere, everywhere]:
                assert all(each in (None, everywhere) for each in found), found
                assert time.monotonic() < begin + MENDING_SECONDS, "the index never came back"
        story.hang_up()
