"""AuditService: the chain of who did what, and whether it holds."""

import re

from dedup_service.domain.audit import AuditEntry
from dedup_service.domain.errors import InvalidInput
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.quantities import timestamp
from dedup_service.v1 import audit_service_pb2 as pb

_FILTER_FIELDS = {"actor": None, "action": None, "target": None}
_HASH = re.compile(r"[0-9a-f]{64}")


class AuditService:
    """Answers the methods of `dedup_service.v1.AuditService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._store = edge.desk.store

    async def list_audit_entries(self, request: pb.ListAuditEntriesRequest) -> pb.ListAuditEntriesResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        listed = await self._store.read(lambda tx: tx.list_audit(page))
        return pb.ListAuditEntriesResponse(
            audit_entries=map(self._message, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def verify_audit(self, request: pb.VerifyAuditRequest) -> pb.VerifyAuditResponse:
        revision, published_hash = 0, ""
        if request.HasField("published_head"):
            revision = self._edge.tokens.revision(
                request.published_head.revision, "published_head.revision.token"
            )
            published_hash = request.published_head.hash
            if not revision:
                raise InvalidInput.at("published_head.revision", "is required with a published head")
            if not _HASH.fullmatch(published_hash):
                raise InvalidInput.at("published_head.hash", "must be 64 lower-case hexadecimal digits")
        found = await self._store.read(lambda tx: tx.verify_audit(revision, published_hash))
        message = pb.VerifyAuditResponse(
            holds=found.holds,
            head=pb.AuditHead(revision=self._edge.tokens.message(found.head_revision), hash=found.head_hash),
            entry_count=found.entry_count,
            broken_reason=found.explanation,
        )
        if not found.holds:
            message.first_broken_revision.CopyFrom(self._edge.tokens.message(found.broken_revision))
        return message

    def _message(self, entry: AuditEntry) -> pb.AuditEntry:
        return pb.AuditEntry(
            name=f"auditEntries/{entry.revision}",
            revision=self._edge.tokens.message(entry.revision),
            create_time=timestamp(entry.time),
            actor=entry.actor,
            action=entry.action,
            targets=entry.targets,
            detail=entry.detail,
            changes_digest=entry.changes_digest,
            previous_hash=entry.previous_hash,
            hash=entry.hash,
        )
