"""The policy over the wire: its versions, another text in force, and what a text would decide."""

import uuid

import grpc
import pytest

from dedup_service.company_files import policy_text
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.v1 import merge_plan_pb2, voting_pb2
from dedup_service.v1 import policy_service_pb2 as pb
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from tests.rpc.api import ANN, Api, by, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
DENIED = grpc.StatusCode.PERMISSION_DENIED
FIONA = by("fiona")
SHIPPED = policy_text(None)
SHIPPED_VERSION = next(line.split()[1] for line in SHIPPED.splitlines() if line.startswith("version:"))
LIMIT = 256 * 1024


def text_of(version: str, old: str = "", new: str = "") -> str:
    """The shipped policy as another version, with one part of it replaced."""
    assert old in SHIPPED
    return SHIPPED.replace(f"version: {SHIPPED_VERSION}", f"version: {version}", 1).replace(
        old or "\0", new, 1
    )


def asking(version: str, **more: object) -> pb.UpdatePolicyRequest:
    """A request to put such a version in force, made from the shipped one."""
    policy = pb.Policy(text=text_of(version), comment="on trial", etag=SHIPPED_VERSION)
    return pb.UpdatePolicyRequest(policy=policy, **more)  # type: ignore[arg-type]  # the fields of the request by name


@pytest.fixture(autouse=True)
async def _shipped_policy(api: Api) -> None:
    """The shipped policy is in force, as after the first start."""
    await api.office.desk.policies.seed(SHIPPED, PolicyOrigin.SHIPPED)


async def in_force(api: Api) -> pb.Policy:
    return await api.policies.GetPolicy(pb.GetPolicyRequest(name="policyVersions/current"), metadata=ANN)


async def test_the_policy_in_force_is_told_to_everybody(api: Api) -> None:
    """With its text, version, origin and author; by its own name it is the same."""
    found = await in_force(api)
    assert found.name == f"policyVersions/{SHIPPED_VERSION}"
    assert (found.text, found.version, found.etag) == (SHIPPED, SHIPPED_VERSION, SHIPPED_VERSION)
    assert (found.number, found.origin) == (1, pb.POLICY_ORIGIN_SHIPPED)
    assert found.author == "services/policy"
    asked = pb.GetPolicyRequest(name=found.name, min_revision=found.revision)
    assert await api.policies.GetPolicy(asked, metadata=by("services/matcher")) == found


async def test_another_text_is_in_force_from_its_write_on(api: Api) -> None:
    """It becomes a version of its own, with its author and comment, and the one before stays readable."""
    stored = await api.policies.UpdatePolicy(asking("trial-1"), metadata=FIONA)
    assert (stored.name, stored.number) == ("policyVersions/trial-1", 2)
    assert (stored.origin, stored.author) == (pb.POLICY_ORIGIN_CALL, "users/fiona")
    assert stored.comment == "on trial"
    assert await in_force(api) == stored
    proposal = await api.proposed()
    assert proposal.plan.policy_version == "trial-1"
    old = pb.GetPolicyRequest(name=f"policyVersions/{SHIPPED_VERSION}")
    assert (await api.policies.GetPolicy(old, metadata=ANN)).text == SHIPPED


async def test_a_text_on_trial_is_not_stored(api: Api) -> None:
    """`validate_only` answers with the version as it would be, without version to decide on and token."""
    shown = await api.policies.UpdatePolicy(asking("trial-1", validate_only=True), metadata=FIONA)
    assert (shown.version, shown.etag, shown.HasField("revision")) == ("trial-1", "", False)
    assert (await in_force(api)).version == SHIPPED_VERSION


async def test_a_repeated_update_is_one(api: Api) -> None:
    """The same request id answers the same, though its etag is no longer that in force."""
    request = asking("trial-1", request_id=str(uuid.uuid4()))
    first = await api.policies.UpdatePolicy(request, metadata=FIONA)
    assert await api.policies.UpdatePolicy(request, metadata=FIONA) == first
    request.policy.comment = "another"
    refusal = await refused(api.policies.UpdatePolicy(request, metadata=FIONA))
    assert refusal.reason == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_only_the_policys_function_changes_it(api: Api) -> None:
    """Somebody of another function is told which one may; a service account may never."""
    for who, reason in (("ann", "MISSING_ROLE"), ("services/importer", "NOT_AN_APPROVER")):
        refusal = await refused(api.policies.UpdatePolicy(asking("trial-1"), metadata=by(who)))
        assert refusal.reason == (DENIED, reason)
        assert refusal.info.metadata["functions"] == "finance"
    assert (await in_force(api)).version == SHIPPED_VERSION


async def test_an_edit_of_what_is_no_longer_in_force_is_refused(api: Api) -> None:
    """Two people who edit the same version: the second is told which one is in force now."""
    await api.policies.UpdatePolicy(asking("trial-1"), metadata=FIONA)
    refusal = await refused(api.policies.UpdatePolicy(asking("trial-2"), metadata=by("felix")))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert refusal.info.metadata["current_etag"] == "trial-1"
    assert "users/fiona" in refusal.info.metadata["changes"]


async def test_all_that_is_wrong_with_a_text_is_told_with_its_line(api: Api) -> None:
    """Each violation names the line of the text; the comment and the etag are asked for with them."""
    text = text_of("trial-1", "final_arbiter: finance", "final_arbiter: nobody") + "nonsense: 1\n"
    request = pb.UpdatePolicyRequest(policy=pb.Policy(text=text))
    refusal = await refused(api.policies.UpdatePolicy(request, metadata=FIONA))
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if "final_arbiter: nobody" in line or "nonsense" in line
    ]
    assert refusal.reason == INVALID
    assert set(refusal.fields) == {
        *(f"policy.text:{line}" for line in lines),
        "policy.comment",
        "policy.etag",
    }


@pytest.mark.parametrize(
    ("policy", "fields"),
    [
        (pb.Policy(text="x", name="policyVersions/default-1"), ["policy.name"]),
        (pb.Policy(), ["policy.text"]),
        (pb.Policy(text="version: a\0"), ["policy.text"]),
        (pb.Policy(text="x" * (LIMIT + 1)), ["policy.text"]),
        (pb.Policy(text="ü" * (LIMIT // 2 + 1)), ["policy.text"]),
        (pb.Policy(text="x", comment="\0"), ["policy.comment"]),
        (pb.Policy(text="x", etag="y" * 201), ["policy.etag"]),
        (pb.Policy(text=SHIPPED, comment="again", etag=SHIPPED_VERSION), ["policy.text"]),
    ],
)
async def test_a_policy_that_cannot_be_stored_is_refused(
    api: Api, policy: pb.Policy, fields: list[str]
) -> None:
    """A version is never changed; text, comment and etag are checked before they are read."""
    request = pb.UpdatePolicyRequest(policy=policy)
    refusal = await refused(api.policies.UpdatePolicy(request, metadata=FIONA))
    assert (refusal.reason, refusal.fields) == (INVALID, fields)


async def test_versions_are_listed_newest_first(api: Api) -> None:
    """Without their texts, which could be more than a message holds, a page at a time."""
    await api.policies.UpdatePolicy(asking("trial-1"), metadata=FIONA)
    request = pb.ListPolicyVersionsRequest(page_size=1)
    first = await api.policies.ListPolicyVersions(request, metadata=ANN)
    request.page_token = first.next_page_token
    second = await api.policies.ListPolicyVersions(request, metadata=ANN)
    found = [*first.policies, *second.policies]
    assert [(p.version, p.text) for p in found] == [("trial-1", ""), (SHIPPED_VERSION, "")]
    assert not second.next_page_token


async def test_a_version_never_in_force_is_not_found(api: Api) -> None:
    """A name that is none is refused."""
    for name, code in (("policyVersions/none", grpc.StatusCode.NOT_FOUND), ("policies/1", INVALID[0])):
        request = pb.GetPolicyRequest(name=name)
        assert (await refused(api.policies.GetPolicy(request, metadata=ANN))).code == code


async def test_a_simulation_says_what_would_be_decided_otherwise(api: Api) -> None:
    """Each proposal with both decisions, and who would be asked, functions and people; nothing is written."""
    proposal = await api.weighty()
    text = text_of(
        "trial-1", "weights: {sales: 2, support: 2, marketing: 1}", "weights: {finance: 1, sales: 1}"
    )
    found = await api.policies.SimulatePolicy(pb.SimulatePolicyRequest(text=text), metadata=ANN)
    assert (found.version, found.open_count, found.past_count, found.differing_count) == ("trial-1", 1, 0, 1)
    [difference] = found.differences
    assert difference.merge_proposal == proposal.name
    assert difference.state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
    assert difference.before.functions == ["marketing", "sales", "support"]
    assert difference.after.functions == ["finance", "sales"]
    assert difference.after.impact == merge_plan_pb2.IMPACT_HIGH
    assert difference.after.outcome == pb.VOTE_OUTCOME_PENDING
    assert difference.after.ballot.method == voting_pb2.BALLOT_METHOD_WEIGHTS
    assert difference.newly_asked == ["finance"]
    assert difference.no_longer_asked == ["marketing", "support"]
    assert "users/fiona" in difference.people_newly_asked
    assert "users/carla" in difference.people_no_longer_asked
    assert (await in_force(api)).version == SHIPPED_VERSION
    assert (await api.shown(proposal.name)).etag == proposal.etag


async def test_a_simulation_looks_back_as_far_as_it_is_told(api: Api) -> None:
    """Past proposals are looked at unless the limit is 0."""
    await api.merged()
    text = text_of("trial-1")
    for limit, count in ((None, 1), (1, 1), (0, 0)):
        request = pb.SimulatePolicyRequest(text=text, past_limit=limit)
        found = await api.policies.SimulatePolicy(request, metadata=ANN)
        assert (found.past_count, found.differing_count) == (count, 0)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.SimulatePolicyRequest(), ["text"]),
        (pb.SimulatePolicyRequest(text="x" * (LIMIT + 1)), ["text"]),
        (pb.SimulatePolicyRequest(text=SHIPPED, past_limit=10_001), ["past_limit"]),
        (pb.SimulatePolicyRequest(text=SHIPPED, past_limit=-1), ["past_limit"]),
        (pb.SimulatePolicyRequest(text=SHIPPED + "nonsense: 1\n"), [f"text:{len(SHIPPED.splitlines()) + 1}"]),
    ],
)
async def test_a_simulation_that_cannot_be_made_is_refused(
    api: Api, request_: pb.SimulatePolicyRequest, fields: list[str]
) -> None:
    """A text is refused with its lines, and a limit by its name."""
    refusal = await refused(api.policies.SimulatePolicy(request_, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, fields)
