"""BatchDecideMergeProposals over the wire: look at everything first, then decide what was seen."""

import uuid
from typing import Any

import grpc
import pytest

from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.voting_pb2 import VoteDecision
from tests.rpc.api import ANN, Api, by, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
APPROVE = VoteDecision.VOTE_DECISION_APPROVE
APPROVED = MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED


def seen(*proposals: MergeProposal) -> list[pb.ChosenProposal]:
    """What somebody chooses who has seen these."""
    return [pb.ChosenProposal(name=proposal.name, etag=proposal.etag) for proposal in proposals]


async def decide(api: Api, who: str = "ann", **asked: Any) -> pb.BatchDecideMergeProposalsResponse:
    """One call with these fields of the request."""
    request = pb.BatchDecideMergeProposalsRequest(**asked)
    return await api.proposals.BatchDecideMergeProposals(request, metadata=by(who))


async def several(api: Api, count: int, who: str = "services/matcher") -> list[MergeProposal]:
    """Proposals of LOW impact that sales decides."""
    found = []
    for number in range(count):
        pair = await api.put(contact(f"a{number}"), contact(f"b{number}"))
        found.append(await api.proposed(*[record.name for record in pair], who=who))
    return found


async def test_looking_shows_everything_and_decides_nothing(api: Api) -> None:
    """With `validate_only` each proposal of the filter, whether the caller may vote, and the totals."""
    heavy = await api.weighty()
    own = (await several(api, 1, who="ann"))[0]
    looked = await decide(api, filter="state = PENDING", decision=APPROVE, validate_only=True)
    assert [(d.name, d.decided) for d in looked.decisions] == [(heavy.name, True), (own.name, False)]
    assert looked.decisions[0].merge_proposal.standing.may_vote
    assert "proposed" in looked.decisions[1].merge_proposal.standing.explanation
    assert looked.decisions[0].merge_proposal.preview == (await api.shown(heavy.name)).preview
    assert not looked.decisions[0].merge_proposal.plan.values
    totals = looked.totals
    assert (totals.proposal_count, totals.decided_count, totals.refused_count) == (2, 1, 1)
    assert totals.redirect_count == 1
    assert [(money.currency_code, money.units) for money in totals.open_pipeline] == [("EUR", 300_000)]
    assert not looked.HasField("revision")
    for proposal in (heavy, own):
        assert not (await api.shown(proposal.name)).votes


async def test_looking_goes_page_by_page_and_by_inbox(api: Api) -> None:
    """The filter and `waiting_for` of the list; a page token outlives another request id."""
    proposals = await several(api, 3)
    await api.approved(proposals[0], "ann")
    first = await decide(api, waiting_for="me", page_size=1, validate_only=True, request_id=str(uuid.uuid4()))
    assert [d.name for d in first.decisions] == [proposals[1].name]
    second = await decide(
        api,
        waiting_for="me",
        page_size=1,
        page_token=first.next_page_token,
        validate_only=True,
        request_id=str(uuid.uuid4()),
    )
    assert [d.name for d in second.decisions] == [proposals[2].name]
    assert not second.next_page_token
    refusal = await refused(decide(api, waiting_for="users/nobody", validate_only=True))
    assert (refusal.reason, refusal.fields) == (INVALID, ["waiting_for"])


async def test_each_proposal_is_decided_by_itself(api: Api) -> None:
    """Those that the caller may decide get the vote; the others say why, with code, reason and detail."""
    good, own = (await several(api, 1))[0], await api.weighty(who="ann")
    answer = await decide(
        api,
        decision=APPROVE,
        comment="in one go",
        proposals=[*seen(good, own), pb.ChosenProposal(name="mergeProposals/none", etag="e")],
    )
    first, second, third = answer.decisions
    assert (first.name, first.decided, first.merge_proposal.state) == (good.name, True, APPROVED)
    assert first.merge_proposal.votes[0].comment == "in one go"
    assert (first.merge_proposal.standing.decision, first.merge_proposal.standing.vote_counts) == (
        APPROVE,
        True,
    )
    assert (second.name, second.decided) == (own.name, False)
    assert not second.HasField("merge_proposal")
    assert second.refusal.code == grpc.StatusCode.PERMISSION_DENIED.value[0]
    assert reason_of(second) == "SELF_APPROVAL"
    assert reason_of(third) == "RESOURCE_NOT_FOUND"
    assert (answer.totals.proposal_count, answer.totals.decided_count, answer.totals.refused_count) == (
        3,
        1,
        2,
    )
    assert answer.revision == first.merge_proposal.revision
    assert (await api.shown(good.name)).state == APPROVED


def reason_of(decision: pb.BatchDecision) -> str:
    """The reason of the ErrorInfo of a refusal."""
    from google.rpc import error_details_pb2  # noqa: PLC0415  # the one use

    info = error_details_pb2.ErrorInfo()
    decision.refusal.details[0].Unpack(info)
    return info.reason


async def test_only_the_plan_that_was_seen_is_decided(api: Api) -> None:
    """A proposal whose plan changed after the look is refused with what changed; the rest goes on."""
    changed, same = await several(api, 2)
    request = pb.UpdateMergeProposalRequest(
        merge_proposal=MergeProposal(
            name=changed.name,
            etag=changed.etag,
            survivor=next(n for n in changed.golden_records if n != changed.survivor),
        )
    )
    await api.proposals.UpdateMergeProposal(request, metadata=ANN)
    answer = await decide(api, decision=APPROVE, proposals=seen(changed, same))
    assert [decision.decided for decision in answer.decisions] == [False, True]
    assert answer.decisions[0].refusal.code == grpc.StatusCode.ABORTED.value[0]
    assert reason_of(answer.decisions[0]) == "ETAG_MISMATCH"
    assert not (await api.shown(changed.name)).votes


async def test_a_batch_rejects_too(api: Api) -> None:
    """A refusal by a person with a stake ends a proposal of LOW impact."""
    [proposal] = await several(api, 1)
    reject = VoteDecision.VOTE_DECISION_REJECT
    answer = await decide(api, decision=reject, proposals=seen(proposal))
    assert answer.decisions[0].decided
    rejected = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
    assert answer.decisions[0].merge_proposal.state == rejected


async def test_a_repeated_batch_is_one_batch(api: Api) -> None:
    """The same request id and content votes once; the same id with another choice is refused whole."""
    one, two = await several(api, 2)
    again: dict[str, Any] = {"decision": APPROVE, "request_id": str(uuid.uuid4())}
    first = await decide(api, proposals=seen(one), **again)
    second = await decide(api, proposals=seen(one), **again)
    assert second == first
    assert len((await api.shown(one.name)).votes) == 1
    refusal = await refused(decide(api, proposals=seen(one, two), **again))
    assert refusal.reason == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert not (await api.shown(two.name)).votes


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({}, ["decision", "proposals"]),
        (
            {"filter": "state = PENDING", "waiting_for": "me", "page_size": 1, "page_token": "x"},
            ["filter", "waiting_for", "page_size", "page_token", "decision", "proposals"],
        ),
        (
            {
                "decision": APPROVE,
                "proposals": [pb.ChosenProposal(name="x"), pb.ChosenProposal(name="mergeProposals/1")],
            },
            ["proposals[0].name", "proposals[1].etag"],
        ),
        ({"decision": 7, "proposals": [pb.ChosenProposal(name="mergeProposals/1", etag="e")]}, ["decision"]),
        (
            {"decision": APPROVE, "proposals": [pb.ChosenProposal(name="mergeProposals/1", etag="e")] * 2},
            ["proposals"],
        ),
        (
            {"decision": APPROVE, "proposals": [pb.ChosenProposal(name="mergeProposals/1", etag="e")] * 501},
            ["proposals"],
        ),
        (
            {
                "decision": APPROVE,
                "comment": "\0",
                "proposals": [pb.ChosenProposal(name="mergeProposals/1", etag="e")],
            },
            ["comment"],
        ),
        (
            {"validate_only": True, "proposals": [pb.ChosenProposal(name="mergeProposals/1", etag="e")]},
            ["proposals"],
        ),
    ],
)
async def test_a_batch_that_cannot_be_read_is_refused(
    api: Api, asked: dict[str, Any], fields: list[str]
) -> None:
    """A decision needs what was seen and takes no filter, a look takes a filter; all violations at once."""
    refusal = await refused(decide(api, **asked))
    assert (refusal.reason, refusal.fields) == (INVALID, fields)
