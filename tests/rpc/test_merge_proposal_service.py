"""Merge proposals over the wire: create, show, change, vote, withdraw and execute."""

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from dedup_service.domain.principals import Directory
from dedup_service.v1 import core_pb2, merge_plan_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState, MergeProposalType
from tests.merge_desk import DIRECTORY
from tests.rpc.api import ANN, Api, by, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_a_proposal_shows_all_that_a_steward_needs(api: Api) -> None:
    """Plan with preview and redirects, links, impact, stakes, requirements and what is missing."""
    proposal = await api.proposed()
    assert proposal.state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
    assert proposal.type == MergeProposalType.MERGE_PROPOSAL_TYPE_MERGE
    assert proposal.survivor in proposal.golden_records
    assert proposal.plan.values["given_name"].losing_values[0].value in {"Bob", "Robert"}
    [redirect] = proposal.plan.redirects
    assert redirect.to_golden_record == proposal.survivor
    assert proposal.weakest_link.match_probability > 0.9
    assert proposal.impact == merge_plan_pb2.IMPACT_LOW
    assert list(proposal.missing_functions) == ["sales"]
    assert proposal.missing
    assert proposal.proposer == "services/matcher"
    got = await api.proposals.GetMergeProposal(
        pb.GetMergeProposalRequest(name=proposal.name, min_revision=proposal.revision),
        metadata=by("services/matcher"),
    )
    assert got == proposal


async def test_a_preview_stores_nothing(api: Api) -> None:
    """`validate_only` answers with plan and values, but no name and no token."""
    records = await api.two_of_a_kind()
    request = pb.CreateMergeProposalRequest(
        merge_proposal=MergeProposal(golden_records=[r.golden_record for r in records]), validate_only=True
    )
    shown = await api.proposals.CreateMergeProposal(request, metadata=ANN)
    assert shown.plan.values["family_name"].value.value == "Quux"
    assert not shown.name
    assert not shown.HasField("revision")
    listed = await api.proposals.ListMergeProposals(pb.ListMergeProposalsRequest(), metadata=ANN)
    assert not listed.merge_proposals


@pytest.mark.parametrize(
    ("proposal", "fields"),
    [
        (MergeProposal(), ["merge_proposal.golden_records"]),
        (MergeProposal(golden_records=["x"]), ["merge_proposal.golden_records[0]"]),
        (
            MergeProposal(golden_records=["sources/crm/records/1"]),
            ["merge_proposal.golden_records"],
        ),
        (
            MergeProposal(golden_records=["sources/crm/records/1"], survivor="sources/crm/records/1"),
            ["merge_proposal.survivor"],
        ),
        (
            MergeProposal(golden_records=["sources/crm/records/1"], comment="\0"),
            ["merge_proposal.comment"],
        ),
        (
            MergeProposal(
                golden_records=["sources/crm/records/1", "sources/crm/records/2"],
                field_choices={"nonsense": "sources/crm/records/1", "city": "sources/crm/records/9"},
            ),
            ["merge_proposal.field_choices[city]", "merge_proposal.field_choices[nonsense]"],
        ),
    ],
)
async def test_a_proposal_that_cannot_be_made_is_refused(
    api: Api, proposal: MergeProposal, fields: list[str]
) -> None:
    """Members, survivor, choices and comment are refused by their path in the request."""
    await api.two_of_a_kind()
    request = pb.CreateMergeProposalRequest(merge_proposal=proposal)
    refusal = await refused(api.proposals.CreateMergeProposal(request, metadata=ANN))
    assert (refusal.reason, sorted(refusal.fields)) == (INVALID, fields)


async def test_lists_go_either_way_and_by_filter(api: Api) -> None:
    """In order of creation or the other way, a page at a time, narrowed by state and members."""
    first = await api.proposed()
    await api.put(contact("3", city="Bonn"), contact("4", city="Bonn"))
    second = await api.proposed("sources/crm/records/3", "sources/crm/records/4")

    async def names(**more: object) -> list[str]:
        request = pb.ListMergeProposalsRequest(page_size=1, **more)  # type: ignore[arg-type]  # the fields of the request by name
        found: list[str] = []
        while True:
            answer = await api.proposals.ListMergeProposals(request, metadata=ANN)
            found += [p.name for p in answer.merge_proposals]
            request.page_token = answer.next_page_token
            if not request.page_token:
                return found

    assert await names() == [first.name, second.name]
    assert await names(order_by="create_time  desc") == [second.name, first.name]
    assert await names(filter='state = PENDING AND missing_functions:"sales"') == [first.name, second.name]
    assert await names(filter=f'golden_record:"{second.survivor}"') == [second.name]
    assert await names(filter='proposer = "users/ann"') == []
    refusal = await refused(names(order_by="name"))
    assert (refusal.reason, refusal.fields) == (INVALID, ["order_by"])


async def test_another_plan_voids_the_votes(api: Api) -> None:
    """Choosing another survivor or value makes a new plan hash; votes on the old plan no longer count."""
    proposal = await api.proposed()
    voted = await api.proposals.ApproveMergeProposal(
        pb.ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag, comment="same"), metadata=ANN
    )
    assert voted.state == MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED
    assert (voted.votes[0].counts, voted.votes[0].comment) == (True, "same")
    other = next(name for name in proposal.golden_records if name != proposal.survivor)
    request = pb.UpdateMergeProposalRequest(
        merge_proposal=MergeProposal(
            name=proposal.name,
            etag=proposal.etag,
            survivor=other,
            field_choices={"given_name": "sources/crm/records/1"},
        )
    )
    changed = await api.proposals.UpdateMergeProposal(request, metadata=by("ben"))
    assert (changed.survivor, changed.state) == (other, MergeProposalState.MERGE_PROPOSAL_STATE_PENDING)
    assert changed.plan.values["given_name"].value.value == "Bob"
    assert changed.etag != proposal.etag
    assert (changed.votes[0].counts, bool(changed.votes[0].void_reason)) == (False, True)
    assert changed.plan_changes[0].voided_vote_count == 1
    refusal = await refused(api.proposals.UpdateMergeProposal(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert "survivor" in refusal.info.metadata["changes"]


@pytest.mark.parametrize(
    ("paths", "field"),
    [(["comment"], "update_mask"), ([], "update_mask"), (["survivor"], "merge_proposal.survivor")],
)
async def test_only_survivor_and_choices_can_be_updated(api: Api, paths: list[str], field: str) -> None:
    """A mask of other fields, or of none with nothing populated, is refused."""
    request = pb.UpdateMergeProposalRequest(
        merge_proposal=MergeProposal(name="mergeProposals/1", etag="e"), update_mask=FieldMask(paths=paths)
    )
    refusal = await refused(api.proposals.UpdateMergeProposal(request, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_votes_that_may_not_be_cast_are_refused(api: Api) -> None:
    """A service account, the proposer and somebody without the function are told which rule stops them."""
    proposal = await api.proposed(who="ann")
    request = pb.ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    denied = grpc.StatusCode.PERMISSION_DENIED
    for who, reason, functions in (
        # Refused before anybody looks at what it asks for.
        ("services/importer", "NOT_AN_APPROVER", ""),
        ("ann", "SELF_APPROVAL", "sales"),
        ("fiona", "MISSING_ROLE", "sales"),
    ):
        refusal = await refused(api.proposals.ApproveMergeProposal(request, metadata=by(who)))
        assert refusal.reason == (denied, reason)
        assert refusal.info.metadata["functions"] == functions


async def test_a_voter_who_is_gone_no_longer_counts(api: Api) -> None:
    """A proposal is shown as it stands now: without the votes of principals who are unknown by now."""
    proposal = await api.proposed()
    request = pb.ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    await api.proposals.ApproveMergeProposal(request, metadata=ANN)
    people = dict(DIRECTORY.principals)
    del people["users/ann"]
    api.office.desk.rules.principals = Directory(people)
    get = pb.GetMergeProposalRequest(name=proposal.name)
    shown = await api.proposals.GetMergeProposal(get, metadata=by("ben"))
    assert shown.state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
    assert [vote.counts for vote in shown.votes] == [False]
    assert list(shown.missing_functions) == ["sales"]


async def test_a_rejected_proposal_is_over(api: Api) -> None:
    """After a rejection nobody votes on or executes it."""
    proposal = await api.proposed()
    rejected = await api.proposals.RejectMergeProposal(
        pb.RejectMergeProposalRequest(name=proposal.name, etag=proposal.etag), metadata=ANN
    )
    assert rejected.state == MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
    assert not rejected.missing
    request = pb.ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    refusal = await refused(api.proposals.ExecuteMergeProposal(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_NOT_ALLOWED")
    assert refusal.info.metadata["state"] == "REJECTED"
    assert refusal.preconditions == ["STATE/REJECTED"]


async def test_only_the_proposer_withdraws(api: Api) -> None:
    """Somebody else is refused; the proposer's word stays on the proposal."""
    proposal = await api.proposed(who="ann")
    request = pb.WithdrawMergeProposalRequest(name=proposal.name, etag=proposal.etag, comment="a mistake")
    refusal = await refused(api.proposals.WithdrawMergeProposal(request, metadata=by("ben")))
    assert refusal.reason == (grpc.StatusCode.PERMISSION_DENIED, "NOT_AN_APPROVER")
    withdrawn = await api.proposals.WithdrawMergeProposal(request, metadata=ANN)
    assert withdrawn.state == MergeProposalState.MERGE_PROPOSAL_STATE_WITHDRAWN
    assert withdrawn.closing_comment == "a mistake"


async def test_execution_says_what_is_missing(api: Api) -> None:
    """Without its approvals a proposal is not executed, and each missing function is named."""
    proposal = await api.proposed()
    request = pb.ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    refusal = await refused(api.proposals.ExecuteMergeProposal(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.FAILED_PRECONDITION, "APPROVALS_MISSING")
    assert refusal.info.metadata["functions"] == "sales"
    assert refusal.preconditions == ["APPROVAL/sales"]
    request.etag = ""
    refusal = await refused(api.proposals.ExecuteMergeProposal(request, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, ["etag"])


async def test_a_veto_stops_an_approved_merge(api: Api) -> None:
    """A not-a-match link between members stops the execution by its rule."""
    from dedup_service.v1 import distinction_service_pb2  # noqa: PLC0415  # the one use

    proposal = await api.proposed()
    await api.distinctions.CreateDistinction(
        distinction_service_pb2.CreateDistinctionRequest(
            distinction=distinction_service_pb2.Distinction(
                left=["sources/crm/records/1"], right=["sources/crm/records/2"], reason="father and son"
            )
        ),
        metadata=ANN,
    )
    shown = await api.proposals.GetMergeProposal(pb.GetMergeProposalRequest(name=proposal.name), metadata=ANN)
    assert [veto.rule for veto in shown.vetoes] == ["NOT_A_MATCH"]
    request = pb.ExecuteMergeProposalRequest(name=shown.name, etag=shown.etag)
    refusal = await refused(api.proposals.ExecuteMergeProposal(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.FAILED_PRECONDITION, "VETOED")
    assert refusal.info.metadata["rules"] == "NOT_A_MATCH"
    assert refusal.preconditions == ["VETO/NOT_A_MATCH"]


async def test_an_executed_proposal_names_its_merge(api: Api) -> None:
    """The merge shows each golden record as it was, and the proposal leads to it."""
    merge = await api.merged()
    proposal = await api.proposals.GetMergeProposal(
        pb.GetMergeProposalRequest(name=merge.proposal), metadata=ANN
    )
    assert (proposal.state, proposal.merge) == (MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED, merge.name)
    assert merge.survivor == proposal.survivor
    assert merge.executor == "users/ann"
    assert {b.image.name for b in merge.before} == set(proposal.golden_records)
    assert {b.image.values["given_name"] for b in merge.before} == {"Bob", "Robert"}
    assert {b.image.state for b in merge.before} == {core_pb2.GOLDEN_RECORD_STATE_LIVE}


async def test_an_unknown_proposal_is_not_found(api: Api) -> None:
    """A name that was never issued is not found; one that is no name is refused."""
    for name, code in (("mergeProposals/1", grpc.StatusCode.NOT_FOUND), ("proposals/1", INVALID[0])):
        request = pb.GetMergeProposalRequest(name=name)
        assert (await refused(api.proposals.GetMergeProposal(request, metadata=ANN))).code == code
