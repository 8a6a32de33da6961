"""PrivacyService: all that is held about a record, and what its erasure removed."""

from collections.abc import AsyncIterator

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import RecordKey
from dedup_service.rpc.audit_service import audit_entry_message
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.change_service import change_message
from dedup_service.rpc.distinction_service import distinction_message
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.golden_record_conversion import golden_message
from dedup_service.rpc.intake_conversion import intake_message
from dedup_service.rpc.merge_conversion import MergeMessages
from dedup_service.rpc.merge_proposal_messages import ProposalMessages
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.record_conversion import RecordMessages
from dedup_service.rpc.resource_names import record_key
from dedup_service.v1 import privacy_service_pb2 as pb
from dedup_service.v1.audit_service_pb2 import KnownAuditHead
from dedup_service.workflows.privacy import Certified, Export

_SUFFIX = "/erasureCertificate"


class PrivacyService:
    """Answers the methods of `dedup_service.v1.PrivacyService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._records = RecordMessages(edge.desk, edge.tokens)
        self._merges = MergeMessages(edge)
        self._proposals = ProposalMessages(edge)

    async def get_erasure_certificate(
        self, request: pb.GetErasureCertificateRequest, caller: Caller
    ) -> pb.ErasureCertificate:
        key = _certificate_key(request.name)
        await self._edge.fresh(request)
        return self._certificate(await self._desk.privacy.certificate(caller.principal.name, key))

    async def export_record(
        self, request: pb.ExportRecordRequest, caller: Caller
    ) -> AsyncIterator[pb.ExportRecordResponse]:
        key = record_key(request.name, "name")
        await self._edge.fresh(request)
        export = await self._desk.privacy.export(caller.principal.name, key)
        async for message in self._messages(export, caller):
            self._edge.refuse_when_stopping()
            yield message

    async def _messages(self, export: Export, caller: Caller) -> AsyncIterator[pb.ExportRecordResponse]:
        held, tokens = export.held, self._edge.tokens
        yield pb.ExportRecordResponse(record=self._records.one(export.record))
        golden = await self._desk.readings.golden(export.record.golden_id)
        yield pb.ExportRecordResponse(golden_record=golden_message(golden, tokens))
        if export.certified is not None:
            yield pb.ExportRecordResponse(erasure_certificate=self._certificate(export.certified))
        for change in held.changes:
            yield pb.ExportRecordResponse(change=change_message(change, tokens))
        for proposal in held.proposals:
            read = await self._proposals.read_one(proposal, caller.principal.name)
            yield pb.ExportRecordResponse(proposal=read)
        for merge in held.merges:
            yield pb.ExportRecordResponse(merge=await self._merges.read_one(merge))
        for distinction in held.distinctions:
            yield pb.ExportRecordResponse(distinction=distinction_message(distinction, tokens))
        for intake in held.intakes:
            yield pb.ExportRecordResponse(intake=intake_message(intake))
        for entry in held.audit_entries:
            yield pb.ExportRecordResponse(audit_entry=audit_entry_message(entry, tokens))
        for text in held.texts:
            yield pb.ExportRecordResponse(text=pb.HeldText(place=text.place, text=text.text))

    def _certificate(self, found: Certified) -> pb.ErasureCertificate:
        certificate = found.certificate
        return pb.ErasureCertificate(
            name=certificate.record + _SUFFIX,
            principal=certificate.principal,
            reason=certificate.reason,
            create_time=timestamp(certificate.time),
            revision=self._edge.tokens.message(certificate.revision),
            places=[pb.ErasedPlace(place=each.place, count=each.count) for each in certificate.places],
            left=certificate.left,
            digest=certificate.digest,
            audit_head=KnownAuditHead(revision=certificate.revision, hash=found.head_hash),
        )


def _certificate_key(name: str) -> RecordKey:
    if not name.endswith(_SUFFIX):
        raise InvalidInput.at("name", f"must be the name of a record and {_SUFFIX}")
    return record_key(name.removesuffix(_SUFFIX), "name")
