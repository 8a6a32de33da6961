"""Roles that tokens say: those of the newest count, for a bounded time, in all processes and decisions."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from dedup_service.client import DedupClient, ServiceError
from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.identity.claims import ClaimedRoles
from dedup_service.identity.directory import KnownPrincipals
from dedup_service.store.principal_roles import PostgresPrincipalRoles
from dedup_service.v1.identity_service_pb2 import GetCallerRequest
from dedup_service.v1.merge_proposal_pb2 import (
    MERGE_PROPOSAL_STATE_APPROVED,
    MERGE_PROPOSAL_STATE_PENDING,
)
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
)
from dedup_service.workflows.authentication import SaidRoles
from tests.console.scenes import propose_medium
from tests.identity.asking import token_desk
from tests.identity.key_sets import Clock
from tests.identity.minting import minted
from tests.oidc_provider import Provider, token_of_service

VALID_SECONDS = 600.0
FINANCE = frozenset({"finance"})
SALES = frozenset({"sales"})


@asynccontextmanager
async def stored(database_url: str) -> AsyncIterator[PostgresPrincipalRoles]:
    """The store of one process."""
    store = PostgresPrincipalRoles(database_url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_roles_count_for_a_bounded_time(database_url: str) -> None:
    """After the last call they count for so long, then the person holds none; who never called is unknown."""
    async with stored(database_url) as store:
        clock = Clock(1000.0)
        roles = ClaimedRoles(store, VALID_SECONDS, clock)
        assert roles.of("users/fiona") is None
        await roles.said("users/fiona", FINANCE, issued_seconds=900)
        clock.seconds = 1000 + VALID_SECONDS - 1
        assert roles.of("users/fiona") == FINANCE
        clock.seconds = 1000 + VALID_SECONDS
        assert roles.of("users/fiona") == frozenset()


async def test_an_older_token_brings_no_role_back(database_url: str) -> None:
    """A role that was taken away stays away, also in another process that has not seen the newer token."""
    async with stored(database_url) as store:
        clock = Clock(1000.0)
        one, other = (ClaimedRoles(store, VALID_SECONDS, clock) for _ in range(2))
        await one.said("users/fiona", FINANCE, issued_seconds=900)
        await one.said("users/fiona", SALES, issued_seconds=950)
        await one.said("users/fiona", FINANCE, issued_seconds=900)
        assert one.of("users/fiona") == SALES
        await other.said("users/fiona", FINANCE, issued_seconds=900)
        assert other.of("users/fiona") == SALES


async def test_of_two_tokens_of_one_second_only_what_both_say_counts(database_url: str) -> None:
    """Nobody chooses between two tokens that cannot be put in order."""
    async with stored(database_url) as store:
        roles = ClaimedRoles(store, VALID_SECONDS, Clock(1000.0))
        await roles.said("users/fiona", FINANCE | {"sales"}, issued_seconds=900)
        await roles.said("users/fiona", FINANCE | {"support"}, issued_seconds=900)
        assert roles.of("users/fiona") == FINANCE


async def test_every_process_learns_of_roles(database_url: str) -> None:
    """What one process has seen another knows when it has looked, and after a restart."""
    async with stored(database_url) as store:
        clock = Clock(1000.0)
        one, other = (ClaimedRoles(store, VALID_SECONDS, clock) for _ in range(2))
        await one.said("users/fiona", FINANCE, issued_seconds=900)
        await other.look(clock.seconds - 60)
        assert other.of("users/fiona") == FINANCE
        assert other.people() == ("users/fiona",)


async def test_an_unchanged_token_is_seldom_stored(database_url: str) -> None:
    """Calls of one person write now and then, and often enough that their roles do not run out."""
    async with stored(database_url) as store:
        counted = CountedSaves(store)
        clock = Clock(1000.0)
        roles = ClaimedRoles(counted, VALID_SECONDS, clock)
        for _ in range(1000):
            clock.seconds += 1
            await roles.said("users/fiona", FINANCE, issued_seconds=900)
            assert roles.of("users/fiona") == FINANCE
        assert 10 < counted.saves < 20


class CountedSaves:
    """A store that counts what is saved in it."""

    def __init__(self, store: PostgresPrincipalRoles) -> None:
        self._store = store
        self.saves = 0
        self.seen_since = store.seen_since

    async def save(self, principal_name: str, said: SaidRoles) -> SaidRoles:
        self.saves += 1
        return await self._store.save(principal_name, said)


async def test_functions_come_from_roles_by_the_file(database_url: str) -> None:
    """A function has the roles that the file lists for it, or else the one of its name; the file's own
    functions of people count no more. Whom the file does not name holds none, and services keep theirs.
    """
    ann = Principal("users/ann", PrincipalType.HUMAN, frozenset({"marketing"}), manager="users/sara")
    bot = Principal("services/bot", PrincipalType.SERVICE, frozenset(), sources=frozenset({"crm"}))
    directory = Directory({"users/ann": ann, "services/bot": bot}, {"finance": frozenset({"CN=Ledger"})})
    async with stored(database_url) as store:
        roles = ClaimedRoles(store, VALID_SECONDS, Clock(1000.0))
        known = KnownPrincipals(directory, roles)
        known.functions = lambda: {"finance", "sales", "marketing"}
        assert known.find("users/ann") == replace(ann, functions=frozenset())
        await roles.said("users/ann", frozenset({"CN=Ledger", "sales", "offline_access"}), 900)
        await roles.said("users/new", frozenset({"finance", "sales"}), 900)
        assert known.find("users/ann") == replace(ann, functions=frozenset({"finance", "sales"}))
        assert known.find("users/new") == Principal("users/new", PrincipalType.HUMAN, frozenset())
        assert known.find("services/bot") == bot
        assert known.find("users/never") is None
        assert known.people_of("sales") == ("users/ann",)
        assert known.people_of("finance") == ("users/ann",)


def test_a_role_that_was_lost_does_not_count_at_execution(
    provider: Provider, database_url: str, redis_url: str
) -> None:
    """Ann approves, loses her role at the provider, and calls once more: her vote carries nothing (C-3)."""
    claim = {"DEDUP_OIDC_FUNCTIONS_CLAIM": "roles"}
    with (
        token_desk(provider, database_url, redis_url, **claim) as desk,
        DedupClient(desk.address, token=token_of_service(provider, "importer")) as importer,
    ):
        proposal = propose_medium(importer)
        now = int(time.time())
        ann = importer.bearing(minted(provider, "ann", iat=now - 30))
        proposals = ann.merge_proposals
        approved = proposals.ApproveMergeProposal(
            ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
        )
        assert approved.state == MERGE_PROPOSAL_STATE_APPROVED
        lost = importer.bearing(minted(provider, "ann", iat=now - 20, roles=[]))
        assert list(lost.identity.GetCaller(GetCallerRequest()).functions) == []
        with pytest.raises(ServiceError) as refused:
            importer.merge_proposals.ExecuteMergeProposal(
                ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
            )
        assert refused.value.reason == "APPROVALS_MISSING"
        # The older token, which still says sales, brings nothing back.
        assert list(ann.identity.GetCaller(GetCallerRequest()).functions) == []
        shown = proposals.GetMergeProposal(GetMergeProposalRequest(name=proposal.name))
        assert shown.state == MERGE_PROPOSAL_STATE_PENDING
