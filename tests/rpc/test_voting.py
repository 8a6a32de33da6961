"""Votes over the wire: ballot and voices, why you, what waits for whom, and what executing would touch."""

from datetime import UTC, datetime

import grpc
import pytest
from google.type.money_pb2 import Money

from dedup_service.domain.policy import Periods
from dedup_service.domain.principals import Directory
from dedup_service.v1 import core_pb2, merge_plan_pb2, voting_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from tests.merge_desk import DIRECTORY, with_policy
from tests.rpc.api import ANN, Api, by, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
DENIED = grpc.StatusCode.PERMISSION_DENIED
# Finds every proposal that could be overdue; what is, is judged by the store.
FAR = datetime(2100, 1, 1, tzinfo=UTC)


async def listed(api: Api, who: str = "ann", **asked: str) -> list[MergeProposal]:
    """The proposals of a list with this filter, order or `waiting_for`."""
    request = pb.ListMergeProposalsRequest(**asked)  # type: ignore[arg-type]  # the fields of the request by name
    return list((await api.proposals.ListMergeProposals(request, metadata=by(who))).merge_proposals)


async def waiting(api: Api, name: str, who: str = "ann") -> list[str]:
    """The names of the proposals that wait for somebody, as `who` is told them."""
    return [proposal.name for proposal in await listed(api, who, waiting_for=name)]


async def test_a_weighty_contact_shows_its_ballot_and_voices(api: Api) -> None:
    """Method, majority and reason, each function with weight and reasons, and the times of the vote."""
    proposal = await api.weighty()
    assert proposal.impact == merge_plan_pb2.IMPACT_HIGH
    assert proposal.ballot.method == voting_pb2.BALLOT_METHOD_WEIGHTS
    assert (proposal.ballot.quorum, proposal.ballot.majority, proposal.ballot.arbiter) == (1, 0.5, "")
    assert "weight" in proposal.ballot.reason
    assert [(v.function, v.weight) for v in proposal.voices] == [
        ("marketing", 1),
        ("sales", 2),
        ("support", 2),
    ]
    assert all(voice.reasons for voice in proposal.voices)
    assert proposal.missing_functions == ["marketing", "sales", "support"]
    assert proposal.create_time.seconds < proposal.due_time.seconds < proposal.expire_time.seconds
    assert not proposal.HasField("escalate_time")


async def test_sales_and_support_carry_a_weighty_contact(api: Api) -> None:
    """Each vote is shown with its function, the voices say what they said, and the weight decides."""
    proposal = await api.weighty()
    half = await api.approved(proposal, "ann")
    assert half.state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
    assert [(v.principal, v.function, v.on_behalf_of, v.counts) for v in half.votes] == [
        ("users/ann", "sales", "", True)
    ]
    whole = await api.approved(proposal, "carla")
    assert whole.state == MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED
    said = {voice.function: (voice.decision, voice.principal) for voice in whole.voices}
    assert said["support"] == (voting_pb2.VOTE_DECISION_APPROVE, "users/carla")
    assert said["marketing"] == (voting_pb2.VOTE_DECISION_UNSPECIFIED, "")
    assert not whole.missing


async def test_a_vote_for_another_function_is_refused(api: Api) -> None:
    """The function named must be one's own or delegated; the refusal names those that are asked."""
    proposal = await api.weighty()
    refusal = await refused(api.approved(proposal, "ann", function="support"))
    assert refusal.reason == (DENIED, "MISSING_ROLE")
    assert refusal.info.metadata["functions"] == "marketing,sales,support"
    refusal = await refused(api.approved(proposal, "ann", function="x" * 201))
    assert (refusal.reason, refusal.fields) == (INVALID, ["function"])
    assert not (await api.shown(proposal.name)).votes


async def test_a_delegate_votes_on_behalf_of_who_is_away(api: Api) -> None:
    """The vote names both, and for which function it was; the standing said so before."""
    proposal = await api.weighty()
    await api.delegated("ann", "carla", "sales")
    standing = (await api.shown(proposal.name, "carla")).standing
    assert [(m.function, m.on_behalf_of) for m in standing.mandates] == [
        ("support", ""),
        ("sales", "users/ann"),
    ]
    assert "on behalf of users/ann" in standing.explanation
    [vote] = (await api.approved(proposal, "carla", function="sales")).votes
    assert (vote.principal, vote.function, vote.on_behalf_of) == ("users/carla", "sales", "users/ann")


async def test_every_answer_says_where_the_caller_stands(api: Api) -> None:
    """Get, list, create, update and votes tell whether the caller's vote counts, and the last one cast."""
    proposal = await api.weighty(who="ben")
    assert (proposal.standing.principal, proposal.standing.may_vote) == ("users/ben", False)
    assert "proposed" in proposal.standing.explanation
    [own] = await listed(api, "ben")
    assert own.standing == proposal.standing
    shown = (await api.shown(proposal.name, "ann")).standing
    assert (shown.may_vote, [m.function for m in shown.mandates]) == (True, ["sales"])
    assert shown.decision == voting_pb2.VOTE_DECISION_UNSPECIFIED
    voted = (await api.approved(proposal, "ann")).standing
    assert (voted.decision, voted.vote_counts) == (voting_pb2.VOTE_DECISION_APPROVE, True)
    [in_list] = await listed(api)
    assert in_list.standing == voted
    changed = await api.proposals.UpdateMergeProposal(
        pb.UpdateMergeProposalRequest(
            merge_proposal=MergeProposal(
                name=proposal.name, etag=proposal.etag, field_choices={"given_name": "sources/crm/records/1"}
            )
        ),
        metadata=ANN,
    )
    assert (changed.standing.decision, changed.standing.vote_counts) == (
        voting_pb2.VOTE_DECISION_APPROVE,
        False,
    )
    fiona = (await api.shown(proposal.name, "fiona")).standing
    assert not fiona.may_vote
    assert "finance" in fiona.explanation


async def test_nobody_stands_to_vote_once_it_is_over(api: Api) -> None:
    """A closed proposal says so, keeps how it was voted on, and has no preview."""
    proposal = await api.proposed()
    over = await api.proposals.RejectMergeProposal(
        pb.RejectMergeProposalRequest(name=proposal.name, etag=proposal.etag), metadata=ANN
    )
    for seen in (over, await api.shown(proposal.name), (await listed(api))[0]):
        assert (seen.standing.may_vote, seen.standing.decision) == (False, voting_pb2.VOTE_DECISION_REJECT)
        assert "REJECTED" in seen.standing.explanation
        assert not seen.HasField("preview")
        assert not seen.missing
        assert seen.voices[0].decision == voting_pb2.VOTE_DECISION_REJECT


async def test_an_open_proposal_shows_what_it_would_touch(api: Api) -> None:
    """Children by kind and owner, ids with their systems, functions, owners and money."""
    proposal = await api.weighty()
    request = pb.UpdateMergeProposalRequest(
        merge_proposal=MergeProposal(
            name=proposal.name, etag=proposal.etag, survivor=await golden_of(api, "sources/crm/records/1")
        )
    )
    changed = await api.proposals.UpdateMergeProposal(request, metadata=ANN)
    preview = changed.preview
    [moving] = preview.moving_children
    assert (moving.kind, moving.owner, moving.count, moving.open_count) == (
        core_pb2.CHILD_KIND_CASE,
        "carla",
        1,
        1,
    )
    assert list(moving.amounts) == [Money(currency_code="EUR", units=50)]
    [redirect] = preview.redirects
    assert redirect.from_golden_record != changed.survivor
    assert redirect.systems == ["desk"]
    assert preview.functions == ["sales", "support"]
    assert preview.owners == ["carla"]
    assert list(preview.open_pipeline) == [Money(currency_code="EUR", units=300_000)]
    assert preview.not_moving
    assert (await api.shown(changed.name)).preview == preview
    assert (await listed(api))[0].preview == preview


async def golden_of(api: Api, record: str) -> str:
    """The name of the golden record that a record is a member of."""
    from dedup_service.v1 import record_service_pb2  # noqa: PLC0415  # the one use

    asked = record_service_pb2.GetRecordRequest(name=record)
    return (await api.records.GetRecord(asked, metadata=ANN)).golden_record


async def test_sums_beyond_what_money_holds_are_told_as_the_most(api: Api) -> None:
    """Eleven children of 9 * 10^17 are more than a Money can say: the answer is its largest, and no fault."""
    drafts = [contact("1"), contact("2")]
    for draft in drafts:
        for number in range(11):
            amount = Money(currency_code="EUR", units=9 * 10**17)
            draft.children.add(kind=core_pb2.CHILD_KIND_ORDER, child_id=str(number), amount=amount)
    proposal = await api.proposed(*[record.name for record in await api.put(*drafts)])
    assert proposal.preview.moving_children[0].amounts[0].units == 2**63 - 1


async def test_the_inbox_holds_what_waits_for_a_vote(api: Api) -> None:
    """Asked for oneself or for anybody, it holds what one may vote on, until one has voted."""
    proposal = await api.weighty()
    assert await waiting(api, "me") == [proposal.name]
    assert await waiting(api, "users/ann", who="fiona") == [proposal.name]
    assert await waiting(api, "me", who="fiona") == []
    assert await waiting(api, "me", who="services/matcher") == []
    await api.approved(proposal, "ann")
    assert await waiting(api, "me") == []
    assert await waiting(api, "users/carla") == [proposal.name]


async def test_the_inbox_follows_the_roles_of_this_moment(api: Api) -> None:
    """A delegation brings proposals into it, and a function that was lost takes them away."""
    proposal = await api.weighty()
    assert await waiting(api, "users/fiona") == []
    await api.delegated("ann", "fiona", "sales")
    assert await waiting(api, "users/fiona") == [proposal.name]
    people = dict(DIRECTORY.principals)
    del people["users/ann"]
    api.office.desk.rules.principals = Directory(people)
    assert await waiting(api, "users/fiona", who="ben") == []


@pytest.mark.parametrize("name", ["users/nobody", "ann", "\0", "ME"])
async def test_an_inbox_of_nobody_known_is_refused(api: Api, name: str) -> None:
    """A name that the service does not know could only look like an empty inbox."""
    refusal = await refused(listed(api, waiting_for=name))
    assert (refusal.reason, refusal.fields) == (INVALID, ["waiting_for"])


async def test_lists_go_by_due_time_and_by_impact(api: Api) -> None:
    """The weightiest first, then what is due first; or what is due first whatever its weight."""
    await api.put(contact("3", city="Bonn"), contact("4", city="Bonn"))
    light = await api.proposed("sources/crm/records/3", "sources/crm/records/4")
    heavy = await api.weighty()
    assert [p.name for p in await listed(api, order_by="impact desc,due_time")] == [heavy.name, light.name]
    # Those proposed on a day off are due at the same moment, and then go by name.
    by_time = sorted((light, heavy), key=lambda p: (p.due_time.ToNanoseconds(), p.name))
    assert [p.name for p in await listed(api, order_by=" due_time ")] == [p.name for p in by_time]
    inbox = await listed(api, order_by="impact desc, due_time", waiting_for="me")
    assert [p.name for p in inbox] == [heavy.name, light.name]
    assert [
        p.name for p in await listed(api, filter="open = true AND escalated = false AND impact = HIGH")
    ] == [heavy.name]
    refusal = await refused(listed(api, order_by="impact, due_time"))
    assert (refusal.reason, refusal.fields) == (INVALID, ["order_by"])


async def test_a_veto_names_who_could_lift_it(api: Api) -> None:
    """Different tax ids stand until finance approves, and are then shown as lifted."""
    records = await api.put(contact("1", tax_id="DE 1"), contact("2", tax_id="DE 2"))
    proposal = await api.proposed(*[record.name for record in records])
    assert [(v.rule, v.lifted_by) for v in proposal.vetoes] == [("DIFFERENT_TAX_IDS", "finance")]
    assert "finance" in proposal.missing_functions
    lifted = await api.approved(proposal, "fiona")
    assert not lifted.vetoes
    assert [v.rule for v in lifted.lifted_vetoes] == ["DIFFERENT_TAX_IDS"]


async def test_each_missing_sentence_is_one_violation(api: Api) -> None:
    """An execution too early is told each thing that is missing, with the functions that could give it."""
    proposal = await api.weighty()
    request = pb.ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    refusal = await refused(api.proposals.ExecuteMergeProposal(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.FAILED_PRECONDITION, "APPROVALS_MISSING")
    assert refusal.info.metadata["functions"] == "marketing,sales,support"
    assert refusal.preconditions == ["APPROVAL/marketing", "APPROVAL/sales", "APPROVAL/support"]
    await api.approved(proposal, "mia")
    two = await api.put(contact("5"), contact("desk/6"))
    either = await api.proposed(*[record.name for record in two])
    assert len(either.missing) == 1
    request = pb.ExecuteMergeProposalRequest(name=either.name, etag=either.etag)
    refusal = await refused(api.proposals.ExecuteMergeProposal(request, metadata=ANN))
    assert refusal.preconditions == ["APPROVAL/sales,support"]


async def time_is_up(api: Api, periods: Periods) -> None:
    """Under these periods, of which those of no day are over at once, what is overdue is treated."""
    api.office.desk.rules.policy = with_policy(periods=periods)
    await api.office.desk.escalating.run(FAR)


async def test_an_escalated_proposal_says_when_and_to_whom(api: Api) -> None:
    """After its period it is the managers' too, and it expires when they are silent."""
    proposal = await api.weighty()
    await time_is_up(api, Periods(0, 2, weekend=frozenset()))
    escalated = await api.shown(proposal.name)
    assert escalated.HasField("escalate_time")
    assert "users/sara" in escalated.escalated_to
    assert [p.name for p in await listed(api, filter="escalated = true")] == [proposal.name]
    await time_is_up(api, Periods(0, 0, weekend=frozenset()))
    expired = await api.shown(proposal.name)
    assert expired.state == MergeProposalState.MERGE_PROPOSAL_STATE_EXPIRED
    refusal = await refused(api.approved(expired, "ann"))
    assert refusal.reason == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_NOT_ALLOWED")
