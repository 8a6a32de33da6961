"""The second part: a merge is proposed, refused to those who may not decide, voted on and carried out."""

from datetime import UTC, datetime

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from dedup_service.client import ServiceError
from dedup_service.v1.audit_service_pb2 import VerifyAuditRequest
from dedup_service.v1.change_service_pb2 import (
    CHANGE_TYPE_MERGED,
    AcknowledgeChangeRequest,
    Change,
    ChangeType,
    ListChangesRequest,
)
from dedup_service.v1.core_pb2 import GOLDEN_RECORD_STATE_LIVE, GOLDEN_RECORD_STATE_MERGED
from dedup_service.v1.golden_record_service_pb2 import (
    SURVIVORSHIP_RULE_CHOICE,
    SURVIVORSHIP_RULE_MOST_FREQUENT,
    SURVIVORSHIP_RULE_MOST_RECENT,
    ListMembersRequest,
)
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.merge_plan_pb2 import IMPACT_HIGH
from dedup_service.v1.merge_proposal_pb2 import (
    MERGE_PROPOSAL_STATE_APPROVED,
    MERGE_PROPOSAL_STATE_EXECUTED,
    MERGE_PROPOSAL_STATE_PENDING,
    MERGE_PROPOSAL_TYPE_CONVERSION,
    MergeProposal,
)
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    ListMergeProposalsRequest,
    UpdateMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.record_service_pb2 import Record, UpdateRecordRequest
from tests.e2e.crm_data import CONTACT, CRM, CUSTOMER, DESK, ERP, LEAD, SHOP
from tests.e2e.golden_copies import stored_images
from tests.e2e.story_context import ANN, BEN, CARLA, FIONA, FOLLOWER, IMPORTER, MATCHER, OMAR, PAULA, Story


def update_record(story: Story, name: str, time: datetime, **values: str) -> None:
    """A source changes some values of one of its records."""
    record = Record(name=name, values=values)
    record.source_update_time.FromDatetime(time)
    paths = [*(f"values.{field}" for field in values), "source_update_time"]
    request = UpdateRecordRequest(
        record=record, update_mask=FieldMask(paths=paths), request_id=story.request_id()
    )
    written = story.write(IMPORTER, lambda client: client.records.UpdateRecord(request))
    story.seen.revision = written.revision
    story.seen.records[name].values.update(values)
    assert dict(written.values) == dict(story.seen.records[name].values)


def _approve(story: Story, who: str) -> None:
    request = ApproveMergeProposalRequest(
        name=story.seen.proposal.name,
        etag=story.seen.proposal.etag,
        comment="same tax id, same building",
        request_id=story.request_id(),
    )
    voted = story.write(who, lambda client: client.merge_proposals.ApproveMergeProposal(request))
    story.seen.proposal, story.seen.revision = voted, voted.revision


def _propose(story: Story, who: str, *records: str) -> None:
    request = CreateMergeProposalRequest(
        merge_proposal=MergeProposal(golden_records=records, comment="found by a match"),
        request_id=story.request_id(),
    )
    made = story.write(who, lambda client: client.merge_proposals.CreateMergeProposal(request))
    story.seen.proposal, story.seen.revision = made, made.revision


def _execute(story: Story, who: str) -> Merge:
    request = ExecuteMergeProposalRequest(
        name=story.seen.proposal.name, etag=story.seen.proposal.etag, request_id=story.request_id()
    )
    merge = story.write(who, lambda client: client.merge_proposals.ExecuteMergeProposal(request))
    story.seen.revision = merge.revision
    return merge


def the_merge_is_previewed(story: Story) -> None:
    """A preview shows the whole plan and stores nothing."""
    request = CreateMergeProposalRequest(
        merge_proposal=MergeProposal(golden_records=CUSTOMER), validate_only=True
    )
    preview = story.client().merge_proposals.CreateMergeProposal(request)
    assert preview.survivor == story.seen.golden_of[ERP]
    assert len(preview.plan.members) == 4
    assert len(preview.plan.redirects) == 3
    # The moving children are those of the three that are merged away: two invoices stay where they are.
    assert {moving.child.child.child_id for moving in preview.plan.moving_children} == {"O-1", "W-881", "T-5"}
    assert preview.impact == IMPACT_HIGH
    assert preview.plan.values["custom.tier"].value.record == DESK
    listed = story.client().merge_proposals.ListMergeProposals(ListMergeProposalsRequest())
    assert not listed.merge_proposals


def the_merge_is_proposed(story: Story) -> None:
    """The stored proposal says who has a stake, what is missing, and how weak the weakest link is."""
    _propose(story, ANN, *CUSTOMER)
    proposal = story.seen.proposal
    assert proposal.state == MERGE_PROPOSAL_STATE_PENDING
    assert {stake.function for stake in proposal.stakes} == {"finance", "sales", "support", "operations"}
    assert "finance" in proposal.missing_functions
    assert proposal.missing
    assert proposal.weakest_link.match_probability > 0.99
    assert len(proposal.links) == 6


def a_value_is_chosen(story: Story) -> None:
    """Choosing a value is another plan with another etag."""
    seen = story.seen
    changed = MergeProposal(name=seen.proposal.name, etag=seen.proposal.etag, field_choices={"website": CRM})
    request = UpdateMergeProposalRequest(
        merge_proposal=changed,
        update_mask=FieldMask(paths=["field_choices"]),
        request_id=story.request_id(),
    )
    updated = story.write(ANN, lambda client: client.merge_proposals.UpdateMergeProposal(request))
    assert updated.etag != seen.proposal.etag
    assert updated.plan.values["website"].value.value == "nordlicht-pumpen.de"
    seen.proposal, seen.revision = updated, updated.revision


def those_who_may_not_decide_are_refused(story: Story) -> None:
    """The proposer, a service account and somebody without a stake may not vote; nobody may execute."""
    seen = story.seen
    request = ApproveMergeProposalRequest(name=seen.proposal.name, etag=seen.proposal.etag)
    refusals = ((ANN, "SELF_APPROVAL"), (IMPORTER, "NOT_AN_APPROVER"), (PAULA, "MISSING_ROLE"))
    for who, reason in refusals:
        with story.refused(grpc.StatusCode.PERMISSION_DENIED, reason) as said:
            story.client(who).merge_proposals.ApproveMergeProposal(request)
        # A service account is refused at the gate, before anybody looks at the proposal.
        named = "" if who == IMPORTER else "finance,operations,sales,support"
        assert said[0].metadata["functions"] == named
    _assert_execution_refused(story)
    assert not story.proposal(seen.proposal.name).votes


def _assert_execution_refused(story: Story) -> ServiceError:
    early = ExecuteMergeProposalRequest(name=story.seen.proposal.name, etag=story.seen.proposal.etag)
    with story.refused(grpc.StatusCode.FAILED_PRECONDITION, "APPROVALS_MISSING") as said:
        story.client(BEN).merge_proposals.ExecuteMergeProposal(early)
    missing = story.proposal(story.seen.proposal.name).missing_functions
    assert set(said[0].metadata["functions"].split(",")) == set(missing)
    assert said[0].violations
    return said[0]


def support_approves(story: Story) -> None:
    """A vote is counted, and finance is still missing."""
    _approve(story, CARLA)
    assert [(vote.principal, vote.counts) for vote in story.seen.proposal.votes] == [(CARLA, True)]
    assert "finance" in story.seen.proposal.missing_functions


def the_shop_edits_its_record(story: Story) -> None:
    """An edit upstream voids the vote and says so."""
    story.seen.stale_etag = story.seen.proposal.etag
    update_record(story, SHOP, datetime(2026, 2, 1, tzinfo=UTC), phone="+49 431 5550 125")
    proposal = story.proposal(story.seen.proposal.name)
    assert proposal.etag != story.seen.stale_etag
    assert [vote.counts for vote in proposal.votes] == [False]
    assert proposal.votes[0].void_reason
    assert proposal.plan_changes[-1].voided_vote_count == 1
    assert proposal.plan_changes[-1].differences == [f"{SHOP} was written"]


def a_vote_on_the_stale_plan_is_refused(story: Story) -> None:
    """Who saw the plan before the edit is told what changed."""
    request = ApproveMergeProposalRequest(name=story.seen.proposal.name, etag=story.seen.stale_etag)
    with story.refused(grpc.StatusCode.ABORTED, "ETAG_MISMATCH") as said:
        story.client(FIONA).merge_proposals.ApproveMergeProposal(request)
    assert f"{SHOP} was written" in said[0].metadata["changes"]
    story.seen.proposal = story.proposal(story.seen.proposal.name)
    assert said[0].metadata["current_etag"] == story.seen.proposal.etag


def support_approves_again(story: Story) -> None:
    """One voice is not enough for an account of HIGH impact."""
    _approve(story, CARLA)
    assert story.seen.proposal.state == MERGE_PROPOSAL_STATE_PENDING
    _assert_execution_refused(story)


def finance_approves_early(story: Story) -> None:
    """Finance decides last: its approval waits for the voices of the others."""
    _approve(story, FIONA)
    assert story.seen.proposal.state == MERGE_PROPOSAL_STATE_PENDING
    assert list(story.seen.proposal.missing_functions) == ["operations", "sales"]
    _assert_execution_refused(story)


def the_others_approve(story: Story) -> None:
    """With the last voice the proposal is approved: every function has spoken."""
    _approve(story, BEN)
    _approve(story, OMAR)
    proposal = story.seen.proposal
    assert proposal.state == MERGE_PROPOSAL_STATE_APPROVED
    assert not proposal.missing
    assert {voice.function: voice.principal for voice in proposal.voices} == {
        "finance": FIONA,
        "operations": OMAR,
        "sales": BEN,
        "support": CARLA,
    }
    assert [vote.counts for vote in proposal.votes] == [False, True, True, True, True]


def the_audit_head_is_published(story: Story) -> None:
    """The chain holds, and its head is kept elsewhere."""
    answer = story.client(FOLLOWER).audit.VerifyAudit(VerifyAuditRequest())
    assert answer.holds
    assert answer.entry_count > 0
    story.seen.head = answer.head


def the_merge_is_executed(story: Story) -> None:
    """Four golden records become one, with all members and children and the values that survive."""
    seen = story.seen
    seen.before_merge = stored_images(story.client())
    seen.merge = _execute(story, BEN)
    survivor = seen.golden_of[ERP]
    assert seen.merge.survivor == survivor
    assert {each.golden_record for each in seen.merge.merged_golden_records} == {
        seen.golden_of[name] for name in CUSTOMER if name != ERP
    }
    assert story.proposal(seen.proposal.name).state == MERGE_PROPOSAL_STATE_EXECUTED
    _assert_survivor(story, survivor)


def _assert_survivor(story: Story, survivor: str) -> None:
    golden = story.golden(survivor)
    assert golden.members == sorted(CUSTOMER)
    assert {child.child.child_id for child in golden.children} == {
        "O-1",
        "R-2026-17",
        "R-2026-18",
        "W-881",
        "T-5",
    }
    expected = {
        "company_name": ("Nordlicht Pumpen GmbH", SURVIVORSHIP_RULE_MOST_FREQUENT),
        "phone": ("+49 431 5550 125", SURVIVORSHIP_RULE_MOST_RECENT),
        "website": ("nordlicht-pumpen.de", SURVIVORSHIP_RULE_CHOICE),
    }
    for name, (value, rule) in expected.items():
        assert (golden.values[name].value, golden.values[name].rule) == (value, rule), name
    assert golden.values["customer_number"].record == ERP
    assert golden.values["street"].record == SHOP
    assert golden.values["custom.tier"].value == "gold"
    # A merge touches no record: each reads as its source wrote it.
    request = ListMembersRequest(parent=survivor, min_revision=story.seen.revision)
    for record in story.client().golden_records.ListMembers(request).records:
        assert dict(record.values) == dict(story.seen.records[record.name].values)


def old_names_redirect(story: Story) -> None:
    """Every name that was merged away leads to the survivor, and no member is a match of another any more."""
    survivor = story.seen.golden_of[ERP]
    for name in CUSTOMER:
        old = story.seen.golden_of[name]
        golden = story.golden(old)
        assert golden.name == survivor
        assert list(golden.redirect_chain) == ([] if old == survivor else [old])
        assert story.record(name).golden_record == survivor
    assert story.matches(MatchRequest(record=ERP)) == {}


def change_of(story: Story, change_type: ChangeType.ValueType, merge: str) -> Change:
    """The one change that tells of a merge or its undo."""
    request = ListChangesRequest(types=[change_type], page_size=1000)
    changes = story.client(FOLLOWER).changes.ListChanges(request).changes
    [change] = [change for change in changes if change.merge == merge]
    return change


def the_merge_is_told_and_acknowledged(story: Story) -> None:
    """The change shows before and after; a source reports that it has followed, and the report is kept."""
    change = change_of(story, CHANGE_TYPE_MERGED, story.seen.merge.name)
    assert {image.state for image in change.before} == {GOLDEN_RECORD_STATE_LIVE}
    assert len(change.before) == 4
    states = sorted(image.state for image in change.after)
    assert states == [GOLDEN_RECORD_STATE_LIVE, *[GOLDEN_RECORD_STATE_MERGED] * 3]
    request = AcknowledgeChangeRequest(name=change.name, source="sources/shop", request_id=story.request_id())
    noted = story.write(IMPORTER, lambda client: client.changes.AcknowledgeChange(request))
    story.seen.revision = noted.revision
    assert "sources/shop" in {each.source for each in noted.change.acknowledgements}


def a_lead_is_proposed_for_conversion(story: Story) -> None:
    """A lead and a contact of one person: the sweep proposes that the lead joins the contact."""
    _propose(story, MATCHER, LEAD, CONTACT)
    assert story.seen.proposal.type == MERGE_PROPOSAL_TYPE_CONVERSION
    assert story.seen.proposal.survivor == story.seen.golden_of[CONTACT]


def sales_approves_the_conversion(story: Story) -> None:
    """A merge of LOW impact needs one person who has a stake."""
    _approve(story, ANN)
    assert story.seen.proposal.state == MERGE_PROPOSAL_STATE_APPROVED


def the_conversion_is_executed(story: Story) -> None:
    """The lead is the contact's history; its name leads to the contact."""
    story.seen.conversion = _execute(story, ANN)
    assert story.golden(story.seen.golden_of[LEAD]).name == story.seen.golden_of[CONTACT]
