"""No sequence of calls by principals without the finance function merges two mastered accounts (C-2).

The policy of these tests has no veto rules and ends every voting period at once, so that nobody has to be
waited for: the strongest position that an attacker can be in.
"""

import inspect
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from dedup_service.company_files import policy_text
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
)
from tests.merge_desk import POLICY, Office, open_office
from tests.rpc import attacks_beside_votes, attacks_by_intake, attacks_by_jobs, attacks_on_votes
from tests.rpc.api import Api, by, served
from tests.rpc.attack_world import PEOPLE, Step, World, let_happen, new_world, vote_in_turn
from tests.rpc.attackers import steps
from tests.rpc.test_fuzz import METHODS

IMPATIENT = replace(
    POLICY, periods=replace(POLICY.periods, voting_working_days=0, weekend=frozenset()), vetoes=()
)
_numbers = itertools.count()


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """A desk whose voting periods are over at once."""
    async with open_office(database_url, redis_url, policy=IMPATIENT) as office:
        yield office


@pytest.fixture
async def api(office: Office) -> AsyncIterator[Api]:
    async with served(office) as api:
        yield api


async def apart(world: World) -> bool:
    """Whether the two mastered accounts are two golden records still, and their records on different ones."""
    one, other = [await world.golden(record) for record in world.records[:2]]
    return one.name != other.name


@settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(attempt=st.lists(steps(), min_size=3, max_size=10))
async def test_nobody_merges_two_mastered_accounts_without_finance(
    api: Api, attempt: list[tuple[str, Step]]
) -> None:
    """Whatever they propose, vote, write, delegate or edit, and in whichever order."""
    world = await new_world(api, next(_numbers), policy_text(None))
    for word, step in attempt:
        await let_happen(step(world))
        assert await apart(world), [each for each, _ in attempt[: attempt.index((word, step)) + 1]]


async def test_the_search_is_no_empty_one(api: Api) -> None:
    """The same people do merge a provisional account into a mastered one, and finance lets the two merge."""
    world = await new_world(api, next(_numbers), policy_text(None))
    mastered, other, provisional = (world.goldens[record] for record in world.records)
    assert await _merged(world, [mastered, provisional], [f"users/{name}" for name in PEOPLE])
    people = [f"users/{name}" for name in PEOPLE]
    assert not await _merged(world, [mastered, other], people)
    assert await _merged(world, [mastered, other], [*people, "users/fiona"])
    assert not await apart(world)


async def _merged(world: World, names: list[str], voters: list[str]) -> bool:
    """Whether a merge proposed by the matcher goes through with the votes of these people."""
    proposals = world.api.proposals
    if not world.proposals or set(world.proposals[-1].golden_records) != set(names):
        creation = CreateMergeProposalRequest(merge_proposal=MergeProposal(golden_records=names))
        world.proposals.append(await proposals.CreateMergeProposal(creation, metadata=by("services/matcher")))
    await vote_in_turn(world, len(world.proposals) - 1, voters)
    last = world.proposals[-1]
    request = ExecuteMergeProposalRequest(name=last.name, etag=last.etag)
    return await let_happen(proposals.ExecuteMergeProposal(request, metadata=by("ann")))


def test_every_method_that_writes_is_tried() -> None:
    """Whoever adds a method that takes a request id adds it to what the attackers try."""
    tried = {
        name
        for module in (attacks_on_votes, attacks_beside_votes, attacks_by_jobs, attacks_by_intake)
        for name in re.findall(r"\.api\.\w+\.(\w+)\(", inspect.getsource(module))
    }
    writing = {m.name for m in METHODS if "request_id" in m.input_type.fields_by_name}
    assert writing <= tried | {"ApproveMergeProposal"}


async def test_a_job_that_is_sure_of_the_two_only_proposes(api: Api) -> None:
    """The attack by jobs is no empty one: its run comes to its end, and what is left is a proposal."""
    world = await new_world(api, next(_numbers), policy_text(None))
    assert await let_happen(find(attacks_by_jobs.clean_up("mia"), lambda _: True)(world))
    [proposal] = world.proposals
    assert set(proposal.golden_records) <= set(world.goldens.values())
    assert proposal.proposer == "users/mia"
    assert await apart(world)
