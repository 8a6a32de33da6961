"""What the tests of merges, golden records and why make, and how they read a page."""

import re
from html import unescape
from urllib.parse import urlsplit

from dedup_service.client import DedupClient
from dedup_service.console.views import addresses
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest, GoldenRecord
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import CreateMergeProposalRequest
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, Merge
from dedup_service.v1.record_service_pb2 import GetRecordRequest, Record, UpdateRecordRequest
from tests.console.scenes import contact_record, merged, propose_low
from tests.console.served_console import Answer, Console

ANN = "users/ann"
MIA = "users/mia"
LEFT, RIGHT = "sources/crm/records/low-1-a", "sources/crm/records/low-1-b"
HREF = re.compile(r'href="([^"]*)"')


def text_of(answer: Answer) -> str:
    """What can be read of a page's content, with single spaces."""
    content = answer.text[answer.text.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def hrefs(answer: Answer) -> set[str]:
    """Every address that the page links to."""
    return {unescape(found) for found in HREF.findall(answer.text)}


def value_of(answer: Answer, name: str) -> str:
    """The value of the first field of that name in a form of the page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found, f"there is no field {name}"
    return unescape(found[1])


def merge_low(console: Console, number: int = 1) -> Merge:
    """Two contacts of sales merged by ann."""
    return merged(console.importer, propose_low(console.importer, number))


def merge_into(console: Console, record: str, record_id: str, *, survives: bool = True) -> Merge:
    """One more contact like a record merged with what stands for it, by ann; it is what `survives` or not."""
    client = console.importer
    new = contact_record(record_id, **dict(record_of(client, record).values))
    (done,) = client.ingest([new])
    assert done.answer.written_count == 1
    proposal = MergeProposal(
        golden_records=[record, new.name], survivor=golden_of(client, record if survives else new.name).name
    )
    request = CreateMergeProposalRequest(merge_proposal=proposal)
    return merged(client, client.merge_proposals.CreateMergeProposal(request))


def golden_of(client: DedupClient, record: str) -> GoldenRecord:
    """The golden record that stands for a record."""
    name = record_of(client, record).golden_record
    return client.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=name))


def record_of(client: DedupClient, name: str) -> Record:
    return client.records.GetRecord(GetRecordRequest(name=name))


def write(client: DedupClient, name: str, **values: str) -> Record:
    """Write values of a record that is there."""
    record = record_of(client, name)
    record.values.update(values)
    return client.records.UpdateRecord(UpdateRecordRequest(record=record))


def merge_now(client: DedupClient, name: str) -> Merge:
    return client.merges.GetMerge(GetMergeRequest(name=name))


def undo(console: Console, merge: Merge, as_: str = ANN, **fields: str) -> Answer:
    """Open the page that undoes a merge, fill the form in and send it."""
    url = f"{addresses.of(merge.name)}/undo"
    page = console.web.get(url, as_)
    filled = {
        "request_id": value_of(page, "request_id"),
        "etag": value_of(page, "etag"),
        "reason": "two people of one name",
        **fields,
    }
    return console.web.post(url, filled, as_)


def said(console: Console, answer: Answer, as_: str = ANN) -> str:
    """What the page says to which a form leads."""
    cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    page = console.web.get(urlsplit(answer.location).path, as_, headers={"Cookie": cookies})
    return text_of(page)
