"""AuditService: the chain of who did what, and whether it holds."""

import re

from dedup_service.domain.audit import AuditEntry, PublishedHead
from dedup_service.domain.errors import InvalidInput
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import audit_service_pb2 as pb

_FILTER_FIELDS = {"actor": None, "action": None, "target": None}
_HASH = re.compile(r"[0-9a-f]{64}")
_MAX_KNOWN_HEADS = 10_000


class AuditService:
    """Answers the methods of `dedup_service.v1.AuditService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._store = edge.desk.store

    async def list_audit_entries(self, request: pb.ListAuditEntriesRequest) -> pb.ListAuditEntriesResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        listed = await self._store.read(lambda tx: tx.list_audit(page))
        return pb.ListAuditEntriesResponse(
            audit_entries=[audit_entry_message(entry, self._edge.tokens) for entry in listed.items],
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def verify_audit(self, request: pb.VerifyAuditRequest) -> pb.VerifyAuditResponse:
        known = self._known_heads(request)
        found = await self._store.read(lambda tx: tx.verify_audit(0, "", known))
        message = pb.VerifyAuditResponse(
            holds=found.holds,
            head=pb.AuditHead(revision=self._edge.tokens.message(found.head_revision), hash=found.head_hash),
            entry_count=found.entry_count,
            broken_reason=found.explanation,
            known_head=pb.KnownAuditHead(revision=found.head_revision, hash=found.head_hash),
        )
        if not found.holds:
            message.first_broken_revision.CopyFrom(self._edge.tokens.message(found.broken_revision))
        if found.broken_time is not None:
            message.first_broken_time.CopyFrom(timestamp(found.broken_time))
        for head in known:
            if head.revision == found.confirmed_revision:
                message.confirmed_head.revision, message.confirmed_head.hash = head.revision, head.hash
        return message

    def _known_heads(self, request: pb.VerifyAuditRequest) -> list[PublishedHead]:
        """Every head that the caller knows, each checked for its form."""
        between(len(request.known_heads), 0, _MAX_KNOWN_HEADS, "known_heads", "heads")
        found = []
        if request.HasField("published_head"):
            given = request.published_head
            revision = self._edge.tokens.revision(given.revision, "published_head.revision.token")
            found.append(_head(revision, given.hash, "published_head"))
        for place, each in enumerate(request.known_heads):
            found.append(_head(each.revision, each.hash, f"known_heads[{place}]"))
        return found


def _head(revision: int, digest: str, at: str) -> PublishedHead:
    if revision < 1:
        raise InvalidInput.at(f"{at}.revision", "is required with a published head")
    if not _HASH.fullmatch(digest):
        raise InvalidInput.at(f"{at}.hash", "must be 64 lower-case hexadecimal digits")
    return PublishedHead(revision, digest)


def audit_entry_message(entry: AuditEntry, tokens: RevisionTokens) -> pb.AuditEntry:
    """An entry with everything that its hash covers."""
    return pb.AuditEntry(
        name=f"auditEntries/{entry.revision}",
        revision=tokens.message(entry.revision),
        create_time=timestamp(entry.time),
        actor=entry.actor,
        action=entry.action,
        targets=entry.targets,
        detail=entry.detail,
        changes_digest=entry.changes_digest,
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )
