"""The last part: members are edited, the merge is undone, and nothing is lost."""

from datetime import UTC, datetime

import grpc

from dedup_service.v1.audit_service_pb2 import AuditHead, VerifyAuditRequest, VerifyAuditResponse
from dedup_service.v1.change_service_pb2 import CHANGE_TYPE_UNDONE
from dedup_service.v1.merge_service_pb2 import (
    MERGE_STATE_EXECUTED,
    MERGE_STATE_UNDONE,
    GetMergeRequest,
    UndoMergeRequest,
)
from tests.e2e.crm_data import CUSTOMER, DESK, LEAD
from tests.e2e.golden_copies import all_changes, all_records, folded, stored_images
from tests.e2e.story_context import FIONA, IMPORTER, PAULA, Story
from tests.e2e.story_matching import customers_are_apart, the_customer_is_found
from tests.e2e.story_merging import change_of, update_record

SPRING = datetime(2026, 4, 1, tzinfo=UTC)


def the_desk_edits_its_member(story: Story) -> None:
    """An edit of a member shows on the merged golden record."""
    update_record(story, DESK, SPRING, phone="+49 431 5550 130", **{"custom.tier": "platinum"})
    golden = story.golden(story.seen.golden_of[DESK])
    assert golden.values["phone"].value == "+49 431 5550 130"
    assert golden.values["custom.tier"].value == "platinum"


def the_lead_is_edited_too(story: Story) -> None:
    """So does an edit of a lead that joined a contact."""
    update_record(story, LEAD, SPRING, job_title="Head of Purchasing")
    golden = story.golden(story.seen.golden_of[LEAD])
    assert golden.values["job_title"].value == "Head of Purchasing"


def those_who_may_not_undo_are_refused(story: Story) -> None:
    """A service account and somebody without a stake may not undo; a preview shows what would come back."""
    merge = story.seen.merge
    request = UndoMergeRequest(name=merge.name, etag=merge.etag, reason="two companies", validate_only=True)
    for who, reason in ((IMPORTER, "NOT_AN_APPROVER"), (PAULA, "MISSING_ROLE")):
        with story.refused(grpc.StatusCode.PERMISSION_DENIED, reason):
            story.client(who).merges.UndoMerge(request)
    preview = story.client(FIONA).merges.UndoMerge(request)
    assert preview.state == MERGE_STATE_UNDONE
    assert not preview.conflicts
    read = GetMergeRequest(name=merge.name)
    assert story.client().merges.GetMerge(read).state == MERGE_STATE_EXECUTED


def the_merge_is_undone(story: Story) -> None:
    """Ids, members, children and values come back, and the later edits with them."""
    merge = story.seen.merge
    request = UndoMergeRequest(
        name=merge.name, etag=merge.etag, reason="two companies", request_id=story.request_id()
    )
    undone = story.write(FIONA, lambda client: client.merges.UndoMerge(request))
    story.seen.revision = undone.revision
    assert undone.state == MERGE_STATE_UNDONE
    customers_are_apart(story)
    now = stored_images(story.client())
    edited = story.seen.golden_of[DESK]
    for name in CUSTOMER:
        golden = story.seen.golden_of[name]
        if golden != edited:
            assert now[golden] == story.seen.before_merge[golden]
    assert now[edited]["values"]["custom.tier"] == "platinum"
    assert now[edited]["children"] == story.seen.before_merge[edited]["children"]
    change = change_of(story, CHANGE_TYPE_UNDONE, merge.name)
    assert (len(change.before), len(change.after)) == (4, 4)


def the_customer_is_found_again(story: Story) -> None:
    """After the undo the records match each other as before."""
    the_customer_is_found(story)


def nothing_is_lost(story: Story) -> None:
    """Every record holds what its source wrote last, and the changes alone lead to the store as it is."""
    stored = all_records(story.client())
    for name, sent in story.seen.records.items():
        assert dict(stored[name].values) == dict(sent.values)
        assert stored[name].children == sent.children
        assert stored[name].facts == sent.facts
    assert folded(all_changes(story.client())) == stored_images(story.client())


def the_audit_holds(story: Story) -> None:
    """The chain holds and contains the head published before the merge, and no other in its place."""
    head = story.seen.head
    now = _verified(story, head)
    assert now.holds, now.broken_reason
    forged = AuditHead(revision=head.revision, hash=head.hash[:-1] + ("0" if head.hash[-1] != "0" else "1"))
    assert not _verified(story, forged).holds


def _verified(story: Story, head: AuditHead) -> VerifyAuditResponse:
    return story.client().audit.VerifyAudit(VerifyAuditRequest(published_head=head))
