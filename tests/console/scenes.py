"""What a desk holds for the tests of the console: proposals of each impact, and each kind of difficulty."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

from google.type.money_pb2 import Money

from dedup_service.client import DedupClient
from dedup_service.console.views import addresses
from dedup_service.v1.cleanup_service_pb2 import CleanupJob, CreateCleanupJobRequest
from dedup_service.v1.core_pb2 import Child, ChildKind, Fact, Owner, RecordKind
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.golden_record_service_pb2 import LookupGoldenRecordRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.record_service_pb2 import Record
from tests.console.served_console import Console

# The pages that need nothing of the desk but to be signed in.
PLAIN_PAGES = ("/inbox", "/bulk", "/merges", "/why", "/search", "/intake", "/overview", "/jobs")

SCRIPT = "<script>document.title = 'run'; window.ran = true</script>"
MARKUP = """<img src=x onerror="window.ran = true"><b title='x'>"Bold"</b> & 'quoted' {{ 7 * 7 }}"""
TURNED = "Ada \N{RIGHT-TO-LEFT OVERRIDE}ecalevoL\N{POP DIRECTIONAL FORMATTING}"
HIDDEN = "Lo\N{ZERO WIDTH SPACE}ve\N{SOFT HYPHEN}lace\N{RIGHT-TO-LEFT MARK}"
LONG = "W" * 500
RIGHT_TO_LEFT = "\u05e9\u05e8\u05d4 \u05db\u05d4\u05df"
HOSTILE = (SCRIPT, MARKUP, TURNED, HIDDEN, LONG, RIGHT_TO_LEFT)


def contact_record(record_id: str, source: str = "crm", owner: str = "users/ben", **values: str) -> Record:
    """A contact of sales."""
    return Record(
        name=f"sources/{source}/records/{record_id}",
        kind=RecordKind.RECORD_KIND_CONTACT,
        values={"given_name": "Ada", "family_name": "Lovelace", "email": "ada@lovelace.example", **values},
        owner=Owner(principal=owner, function="sales"),
    )


def account_record(record_id: str, source: str = "crm", *more: Fact | Child, **values: str) -> Record:
    """An account with what hangs on it."""
    return Record(
        name=f"sources/{source}/records/{record_id}",
        kind=RecordKind.RECORD_KIND_ACCOUNT,
        values={"company_name": "Halden Werke", "city": "Kiel", "country": "DE", **values},
        facts=[each for each in more if isinstance(each, Fact)],
        children=[each for each in more if isinstance(each, Child)],
    )


def propose(client: DedupClient, *records: Record, survivor: int = -1, comment: str = "") -> MergeProposal:
    """Write records, and propose that they are one; `survivor` counts them."""
    (done,) = client.ingest(records)
    assert done.answer.written_count == len(records), done.answer
    proposal = MergeProposal(golden_records=[record.name for record in records], comment=comment)
    if survivor >= 0:
        lookup = LookupGoldenRecordRequest(record=records[survivor].name)
        proposal.survivor = client.golden_records.LookupGoldenRecord(lookup).golden_records[0].name
    return client.merge_proposals.CreateMergeProposal(CreateMergeProposalRequest(merge_proposal=proposal))


def propose_low(client: DedupClient, number: int = 1) -> MergeProposal:
    """Two contacts of sales: LOW, one person of sales decides. Each `number` is another person."""
    values = {"given_name": f"Ada {number}", "email": f"ada.{number}@lovelace.example"}
    return propose(
        client,
        contact_record(f"low-{number}-a", **values, phone="+49 431 555010"),
        contact_record(f"low-{number}-b", **{**values, "family_name": "Lovelase"}, job_title="Buyer"),
    )


def propose_medium(client: DedupClient) -> MergeProposal:
    """Two contacts with pipeline between them: MEDIUM, one person with a stake decides."""
    pipeline = Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=40_000))
    first = contact_record("medium-a", email="grace@hopper.example", given_name="Grace", family_name="Hopper")
    first.facts.append(pipeline)
    second = contact_record(
        "medium-b", "desk", email="grace@hopper.example", given_name="G.", family_name="Hopper"
    )
    return propose(client, first, second)


def propose_high(client: DedupClient) -> MergeProposal:
    """Two mastered accounts with what hangs on them: HIGH, of sales and finance, finance last."""
    opportunity = Child(
        kind=ChildKind.CHILD_KIND_OPPORTUNITY,
        child_id="O-1",
        open=True,
        owner="users/ann",
        amount=Money(currency_code="EUR", units=40_000),
    )
    invoice = Child(kind=ChildKind.CHILD_KIND_INVOICE, child_id="R-77", open=True)
    return propose(
        client,
        account_record("H-1", "erp", invoice, customer_number="10-4711", company_name="Halden Werke GmbH"),
        account_record("H-2", "erp", customer_number="10-4712", company_name="Halden-Werke"),
        account_record("H-3", "crm", opportunity, website="halden-werke.example"),
        survivor=0,
        comment="the same VAT notice",
    )


def propose_cluster(client: DedupClient) -> MergeProposal:
    """Four contacts of three sources who are one person."""
    values = {"given_name": "Emmy", "family_name": "Noether", "email": "emmy@noether.example"}
    return propose(
        client,
        contact_record("cluster-a", **values),
        contact_record("cluster-b", **{**values, "given_name": "Amalie"}, phone="+49 9131 555030"),
        contact_record("cluster-c", "desk", **{**values, "family_name": "N\u00f6ther"}),
        contact_record("cluster-d", "marketing", **{**values, "email": "e.noether@example.org"}),
    )


def propose_vetoed(client: DedupClient) -> MergeProposal:
    """Two contacts of whom somebody has said that they are two people."""
    left = contact_record("vetoed-a", given_name="Jan", family_name="Jansen", email="jan@jansen.example")
    right = contact_record("vetoed-b", given_name="Jan", family_name="Jansen", email="jan@jansen.example")
    proposal = propose(client, left, right)
    distinction = Distinction(left=[left.name], right=[right.name], reason="father and son")
    client.acting_as("users/ben").distinctions.CreateDistinction(
        CreateDistinctionRequest(distinction=distinction, request_id=str(uuid4()))
    )
    return proposal


def propose_hostile(client: DedupClient) -> MergeProposal:
    """Contacts whose names hold markup, turns of direction, what nobody sees, and 500 characters."""
    return propose(
        client,
        *(
            contact_record(
                f"hostile-{place}",
                given_name=text,
                family_name=text,
                email="h@hostile.example",
                job_title=text,
            )
            for place, text in enumerate(HOSTILE)
        ),
        comment=MARKUP,
    )


def merged(client: DedupClient, proposal: MergeProposal, by: str = "users/ann") -> Merge:
    """The merge of a proposal that one person may decide."""
    decider = client.acting_as(by).merge_proposals
    approved = decider.ApproveMergeProposal(
        ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag, comment=MARKUP)
    )
    return decider.ExecuteMergeProposal(ExecuteMergeProposalRequest(name=approved.name, etag=approved.etag))


def proposal_now(client: DedupClient, name: str) -> MergeProposal:
    """A proposal as it is now."""
    return client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=name))


def create_job(client: DedupClient) -> CleanupJob:
    """A cleanup job of somebody of marketing, whose name holds markup."""
    job = CleanupJob(display_name=f"{MARKUP} {TURNED}")
    cleanup = client.acting_as("users/mia").cleanup
    return cleanup.CreateCleanupJob(CreateCleanupJobRequest(cleanup_job=job))


@dataclass(frozen=True, slots=True)
class Scene:
    """The names of what is there: proposals, `merge` that was carried out, and a golden record."""

    low: str
    medium: str
    high: str
    cluster: str
    vetoed: str
    hostile: str
    merge: str
    hostile_merge: str
    survivor: str
    hostile_survivor: str
    redirected: str
    record: str
    hostile_record: str
    job: str

    @property
    def proposals(self) -> tuple[str, ...]:
        return (self.low, self.medium, self.high, self.cluster, self.vetoed, self.hostile)


def make_scene(console: Console) -> Scene:
    """Write it all to the desk of a console."""
    client = console.importer
    done = merged(client, propose_low(client, 100))
    twins = ("one", "two")
    hostile_pair = propose(
        client,
        *(
            contact_record(
                f"hostile-{twin}", given_name=MARKUP, family_name=TURNED, email=f"{twin}@x.example"
            )
            for twin in twins
        ),
    )
    hostile_done = merged(client, hostile_pair)
    return Scene(
        low=propose_low(client).name,
        medium=propose_medium(client).name,
        high=propose_high(client).name,
        cluster=propose_cluster(client).name,
        vetoed=propose_vetoed(client).name,
        hostile=propose_hostile(client).name,
        merge=done.name,
        hostile_merge=hostile_done.name,
        survivor=done.survivor,
        hostile_survivor=hostile_done.survivor,
        redirected=done.merged_golden_records[0].golden_record,
        record="sources/crm/records/low-1-a",
        hostile_record="sources/crm/records/hostile-4",
        job=create_job(client).name,
    )


def every_page(scene: Scene) -> list[str]:
    """The address of every page that shows something of the scene to somebody who is signed in."""
    shown = [*scene.proposals, scene.merge, scene.hostile_merge, scene.job]
    goldens = [scene.survivor, scene.hostile_survivor, scene.redirected]
    records = [scene.record, scene.hostile_record]
    pair = {"left": scene.record, "right": scene.hostile_record}
    return [
        *PLAIN_PAGES,
        *map(addresses.of, [*shown, *goldens, *records]),
        "/inbox?whose=all",
        "/bulk?whose=all",
        addresses.with_query("/why", pair),
        addresses.with_query("/search", {"q": "Ada Lovelace"}),
        addresses.with_query("/search", {"q": "h@hostile.example"}),
        addresses.with_query(addresses.of(scene.hostile_survivor), {"at": datetime.now(UTC).isoformat()}),
        addresses.with_query(f"{addresses.of(scene.hostile)}/choices", _hostile_choice()),
        f"/propose?{urlencode({'golden_record': list(pair.values())}, doseq=True)}",
        f"{addresses.of(scene.merge)}/undo",
        f"{addresses.of(scene.hostile_merge)}/undo",
    ]


def one_of_each(scene: Scene) -> list[str]:
    """The address of each kind of page, with what is hardest to show well."""
    return [
        *PLAIN_PAGES,
        *map(addresses.of, [scene.high, scene.hostile, scene.hostile_merge, scene.hostile_survivor]),
        *map(addresses.of, [scene.hostile_record, scene.job]),
        addresses.with_query("/search", {"q": "h@hostile.example"}),
        f"{addresses.of(scene.hostile_merge)}/undo",
    ]


def _hostile_choice() -> dict[str, str]:
    return {"field": "job_title", "record": "sources/crm/records/hostile-1"}
