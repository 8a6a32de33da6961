"""Merges of each impact, proposed on a served desk for the command line to decide."""

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import Child, ChildKind, Owner, RecordKind
from dedup_service.v1.golden_record_service_pb2 import LookupGoldenRecordRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import CreateMergeProposalRequest
from dedup_service.v1.record_service_pb2 import Record

ERP_ONE, ERP_TWO, CRM, DESK = (
    *("sources/erp/records/1", "sources/erp/records/2"),
    *("sources/crm/records/A", "sources/desk/records/A"),
)


def account(name: str, number: str = "", **values: str) -> Record:
    values = {"company_name": "Acme Motors", **values}
    if number:
        values["customer_number"] = number
    return Record(name=name, kind=RecordKind.RECORD_KIND_ACCOUNT, values=values)


def contact(name: str, given_name: str, **values: str) -> Record:
    values = {"given_name": given_name, "family_name": "Lovelace", "email": "ada@example.org", **values}
    return Record(
        name=name,
        kind=RecordKind.RECORD_KIND_CONTACT,
        values=values,
        owner=Owner(principal="users/ben", function="sales"),
    )


def write(client: DedupClient, *records: Record) -> None:
    (done,) = client.ingest(records)
    assert done.answer.written_count == len(records)


def golden_of(client: DedupClient, record: str) -> str:
    answer = client.golden_records.LookupGoldenRecord(LookupGoldenRecordRequest(record=record))
    return answer.golden_records[0].name


def propose(client: DedupClient, *names: str, survivor: str = "") -> MergeProposal:
    proposal = MergeProposal(golden_records=names, survivor=survivor)
    return client.merge_proposals.CreateMergeProposal(CreateMergeProposalRequest(merge_proposal=proposal))


def propose_accounts(client: DedupClient) -> MergeProposal:
    """Two mastered accounts and what sales and support know of them: HIGH, finance last."""
    case = Child(kind=ChildKind.CHILD_KIND_CASE, child_id="case-1", open=True, owner="users/carla")
    desk = account(DESK)
    desk.children.append(case)
    write(client, account(ERP_ONE, "1"), account(ERP_TWO, "2"), account(CRM), desk)
    return propose(client, ERP_ONE, ERP_TWO, CRM, DESK, survivor=golden_of(client, ERP_ONE))


def propose_contacts(client: DedupClient, number: int = 1, family_name: str = "Lovelace") -> MergeProposal:
    """Two contacts of sales: LOW, one person of sales decides."""
    names = [f"sources/crm/records/{number}-{side}" for side in ("a", "b")]
    write(client, *(contact(name, "Ada", family_name=family_name) for name in names))
    return propose(client, *names)
