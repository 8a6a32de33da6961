"""Somebody whose every value holds a marker, and a life in which every text that can be written names her."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from google.longrunning.operations_pb2 import CancelOperationRequest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.company_files import policy_text
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.v1 import (
    change_service_pb2,
    cleanup_service_pb2,
    core_pb2,
    delegation_service_pb2,
    distinction_service_pb2,
    intake_service_pb2,
    merge_proposal_pb2,
    merge_proposal_service_pb2,
    merge_service_pb2,
    policy_service_pb2,
    record_service_pb2,
)
from tests.rpc.api import ANN, IMPORTER, Api, by, contact

WORD = "zyxwv"
NUMBER = "98765432101"
MARKERS = (WORD, NUMBER)
NAME = "sources/crm/records/p"
PROPOSER = by("services/matcher")
_SHIPPED = policy_text(None)
_VERSION = next(line.split()[1] for line in _SHIPPED.splitlines() if line.startswith("version:"))


def somebody() -> record_service_pb2.Record:
    """Every field of hers names her, but for those that many share."""
    record = contact(
        "p",
        given_name=f"{WORD}ina",
        middle_name=f"{WORD}o",
        family_name=WORD,
        full_name=f"{WORD}ina {WORD}",
        maiden_name=f"{WORD}mann",
        email=f"{WORD}@{WORD}.example",
        secondary_email=f"the.{WORD}@{WORD}.example",
        phone=f"+41{NUMBER}",
        street=f"{WORD}street 1",
        city=WORD,
        postal_code=NUMBER,
        tax_id=f"{WORD}{NUMBER}",
        national_id=f"{NUMBER}-{WORD}",
        job_title=WORD,
        lead_source=WORD,
        birth_place=WORD,
    )
    record.values["custom.note"] = f"called {WORD}, as she likes it"
    record.facts.add(name="disqualified_reason", text=f"{WORD} said no")
    record.facts.add(name="yearly_revenue", amount=Money(currency_code="EUR", units=int(NUMBER)))
    record.children.add(
        kind=core_pb2.CHILD_KIND_CASE,
        child_id=f"{WORD}-1",
        owner=WORD,
        open=True,
        amount=Money(currency_code="EUR", units=int(NUMBER)),
    )
    record.owner.principal, record.owner.function, record.owner.queue = f"users/{WORD}", "sales", WORD
    return record


class Life:
    """Writes every text of the API so that it names her; `sent` are the requests whose digests are kept.

    Some requests are named after her, others have ids drawn at random: their answers go by different rules.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.sent: list[bytes] = []

    def _kept(self, message: Message) -> None:
        self.sent.append(message.SerializeToString(deterministic=True))

    async def live(self) -> None:
        """All of it."""
        await self._api.office.desk.policies.seed(_SHIPPED, PolicyOrigin.SHIPPED)
        await self.write_records()
        await self.decide()
        await self.route()
        await self.delegate()
        await self.rule()
        await self.clean_up()
        await self.acknowledge()

    async def write_records(self) -> None:
        written = record_service_pb2.UpdateRecordRequest(
            record=somebody(),
            update_mask=FieldMask(paths=["*"]),
            allow_missing=True,
            request_id=f"import-{WORD}",
        )
        self._kept(written)
        await self._api.records.UpdateRecord(written, metadata=IMPORTER)
        batched = record_service_pb2.BatchUpdateRecordsRequest(
            parent="sources/crm", request_id=str(uuid.uuid4())
        )
        again = somebody()
        again.values["job_title"] = f"chief {WORD}"
        batched.requests.add(record=again, update_mask=FieldMask(paths=["*"]))
        await self._api.records.BatchUpdateRecords(batched, metadata=IMPORTER)

        async def batches() -> AsyncIterator[record_service_pb2.IngestRecordsRequest]:
            yield record_service_pb2.IngestRecordsRequest(records=[somebody()], request_id=f"ingest-{WORD}")

        async for _ in self._api.records.IngestRecords(batches(), metadata=IMPORTER):
            pass
        await self._api.put(contact("a"), contact("b"))

    async def _proposed(self, *names: str) -> merge_proposal_pb2.MergeProposal:
        asked = merge_proposal_service_pb2.CreateMergeProposalRequest(
            merge_proposal=merge_proposal_pb2.MergeProposal(golden_records=names, comment=f"is it {WORD}?"),
            request_id=str(uuid.uuid4()),
        )
        self._kept(asked)
        return await self._api.proposals.CreateMergeProposal(asked, metadata=PROPOSER)

    async def decide(self) -> None:
        pb, api = merge_proposal_service_pb2, self._api
        other = "sources/crm/records/b"
        rejected = await self._proposed(NAME, other)
        for who in ("ann", "carla"):
            if (await api.shown(rejected.name)).state == merge_proposal_pb2.MERGE_PROPOSAL_STATE_PENDING:
                await api.proposals.RejectMergeProposal(
                    pb.RejectMergeProposalRequest(
                        name=rejected.name,
                        etag=rejected.etag,
                        comment=f"{WORD} lives elsewhere",
                        request_id=str(uuid.uuid4()),
                    ),
                    metadata=by(who),
                )
        withdrawn = await self._proposed(NAME, "sources/crm/records/a")
        await api.proposals.WithdrawMergeProposal(
            pb.WithdrawMergeProposalRequest(name=withdrawn.name, etag=withdrawn.etag, comment=f"not {WORD}"),
            metadata=PROPOSER,
        )
        proposal = await self._proposed("sources/crm/records/a", NAME)
        for who in ("ann", "carla"):
            if (await api.shown(proposal.name)).state == merge_proposal_pb2.MERGE_PROPOSAL_STATE_PENDING:
                await api.proposals.ApproveMergeProposal(
                    pb.ApproveMergeProposalRequest(
                        name=proposal.name,
                        etag=proposal.etag,
                        comment=f"yes, {WORD}",
                        request_id=str(uuid.uuid4()),
                    ),
                    metadata=by(who),
                )
        merge = await api.proposals.ExecuteMergeProposal(
            pb.ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag), metadata=ANN
        )
        await api.merges.UndoMerge(
            merge_service_pb2.UndoMergeRequest(
                name=merge.name,
                etag=merge.etag,
                reason=f"{WORD} is somebody else",
                request_id=str(uuid.uuid4()),
            ),
            metadata=ANN,
        )
        await api.distinctions.CreateDistinction(
            distinction_service_pb2.CreateDistinctionRequest(
                distinction=distinction_service_pb2.Distinction(
                    left=[NAME], right=["sources/crm/records/b"], reason=f"{WORD} has a twin"
                ),
                request_id=str(uuid.uuid4()),
            ),
            metadata=ANN,
        )

    async def route(self) -> None:
        """She comes again through a form, under the name that is known."""
        form = somebody()
        form.values["job_title"] = f"new {WORD}"
        await self._api.intake.Route(
            intake_service_pb2.RouteRequest(record=form, request_id=str(uuid.uuid4())), metadata=IMPORTER
        )

    async def delegate(self) -> None:
        end_time = Timestamp()
        end_time.FromDatetime(datetime.now(UTC) + timedelta(days=1))
        await self._api.delegations.CreateDelegation(
            delegation_service_pb2.CreateDelegationRequest(
                delegation=delegation_service_pb2.Delegation(
                    delegate="users/ben",
                    functions=["sales"],
                    end_time=end_time,
                    reason=f"I visit {WORD.upper()}",
                ),
                request_id=str(uuid.uuid4()),
            ),
            metadata=ANN,
        )

    async def rule(self, text: str = "") -> None:
        policy = policy_service_pb2.Policy(
            text=_SHIPPED.replace(f"version: {_VERSION}", "version: of-her", 1) + text,
            comment=f"after what {WORD} told",
            etag=_VERSION,
        )
        await self._api.policies.UpdatePolicy(
            policy_service_pb2.UpdatePolicyRequest(policy=policy, request_id=str(uuid.uuid4())),
            metadata=by("fiona"),
        )

    async def clean_up(self) -> None:
        job = await self._api.cleanup.CreateCleanupJob(
            cleanup_service_pb2.CreateCleanupJobRequest(
                cleanup_job=cleanup_service_pb2.CleanupJob(display_name=f"find {WORD}"),
                request_id=str(uuid.uuid4()),
            ),
            metadata=by("mia"),
        )
        run = await self._api.cleanup.RunCleanupJob(
            cleanup_service_pb2.RunCleanupJobRequest(name=job.name), metadata=by("mia")
        )
        await self._api.operations.CancelOperation(CancelOperationRequest(name=run.name), metadata=by("mia"))

    async def acknowledge(self) -> None:
        listed = await self._api.changes.ListChanges(
            change_service_pb2.ListChangesRequest(), metadata=IMPORTER
        )
        for change in listed.changes:
            if change.record == NAME:
                await self._api.changes.AcknowledgeChange(
                    change_service_pb2.AcknowledgeChangeRequest(
                        name=change.name,
                        source="sources/crm",
                        request_id=str(uuid.uuid4()),
                    ),
                    metadata=IMPORTER,
                )
