"""The store as the API shows it, in the form in which a downstream system keeps its copy."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from dedup_service.client import DedupClient
from dedup_service.v1.audit_service_pb2 import AuditEntry, ListAuditEntriesRequest
from dedup_service.v1.change_service_pb2 import Change, ListChangesRequest
from dedup_service.v1.core_pb2 import GOLDEN_RECORD_STATE_LIVE, GoldenImage
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord, ListGoldenRecordsRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.v1.merge_service_pb2 import ListMergesRequest, Merge
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record

PAGE = 7

Images = dict[str, dict[str, Any]]


def image(golden: GoldenRecord) -> dict[str, Any]:
    """A golden record as a change would show it."""
    found = GoldenImage(name=golden.name, kind=golden.kind, state=golden.state, successor=golden.successor)
    if golden.state == GOLDEN_RECORD_STATE_LIVE:
        found.members.extend(golden.members)
        found.children.extend(golden.children)
        for name, value in golden.values.items():
            found.values[name] = value.value
    return MessageToDict(found)


def all_goldens(client: DedupClient) -> list[GoldenRecord]:
    """Every golden record of every state, page by page."""
    found, token = list[GoldenRecord](), ""
    while True:
        request = ListGoldenRecordsRequest(page_size=PAGE, page_token=token)
        answer = client.golden_records.ListGoldenRecords(request)
        found += answer.golden_records
        token = answer.next_page_token
        if not token:
            return found


def stored_images(client: DedupClient) -> Images:
    """Every golden record by name, as a change would show it."""
    return {golden.name: image(golden) for golden in all_goldens(client)}


def all_changes(client: DedupClient) -> list[Change]:
    found, token = list[Change](), ""
    while True:
        answer = client.changes.ListChanges(ListChangesRequest(page_size=PAGE, page_token=token))
        found += answer.changes
        token = answer.next_page_token
        if not token:
            return found


def folded(changes: list[Change]) -> Images:
    """The golden records as a reader of all changes ends up with them."""
    return {each.name: MessageToDict(each) for change in changes for each in change.after}


def all_audit_entries(client: DedupClient) -> list[AuditEntry]:
    found, token = list[AuditEntry](), ""
    while True:
        answer = client.audit.ListAuditEntries(ListAuditEntriesRequest(page_size=PAGE, page_token=token))
        found += answer.audit_entries
        token = answer.next_page_token
        if not token:
            return found


def all_proposals(client: DedupClient) -> list[MergeProposal]:
    answer = client.merge_proposals.ListMergeProposals(ListMergeProposalsRequest(page_size=1000))
    return list(answer.merge_proposals)


def all_merges(client: DedupClient) -> list[Merge]:
    return list(client.merges.ListMerges(ListMergesRequest(page_size=1000)).merges)


def all_records(client: DedupClient) -> dict[str, Record]:
    answer = client.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=1000))
    return {record.name: record for record in answer.records}
