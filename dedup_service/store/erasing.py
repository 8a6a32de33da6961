"""What an erasure removes beside the record itself, counted by place (E-4)."""

from collections.abc import Mapping

from dedup_service.domain.changes import ChangeDraft
from dedup_service.domain.erasure import ErasedPlace, ErasureCertificate, Traces
from dedup_service.domain.records import Record
from dedup_service.store.asking import Asking
from dedup_service.store.rows import decode, encode_text
from dedup_service.workflows.privacy_port import ErasedTraces

# In the order in which they are carried out, each with the place that it empties.
_ERASING = {
    "erase_change_payloads": "changes",
    "erase_answers": "kept answers",
    "erase_vote_comments": "vote comments",
    "erase_proposal_comments": "proposal comments and decisions",
    "erase_undo_reasons": "undo reasons",
    "erase_distinction_reasons": "distinction reasons",
    "erase_cleanup_owners": "owners in cleanup runs",
    "erase_intake_owners": "owners in intakes",
}
# Texts that belong to no record: only those that name the person are erased.
_ERASING_TEXTS = {
    "delegation reasons": "erase_delegation_reasons",
    "policy comments": "erase_policy_comments",
    "cleanup job names": "erase_cleanup_job_names",
    "cleanup run names": "erase_cleanup_run_names",
}
# What the digests of the audit, and decisions, stand on: told, and kept.
_POLICY_TEXTS = "policy texts"
_REASONS = "reasons of other erasures"


class ErasureWriting(Asking):
    """Erases traces under the ledger head."""

    async def _erase(self, record: Record, family: set[str]) -> ErasedTraces:
        owner = record.draft.owner
        owners = {child.owner for child in record.draft.children}
        owners |= {owner.principal, owner.queue} if owner is not None else set()
        columns = {
            "name": record.name,
            "golden_ids": sorted(family),
            "source": record.key.source,
            "source_record_id": record.key.source_record_id,
            "owners": sorted(owners - {""}),
        }
        traces = await self._traces(record)
        places = [
            ErasedPlace(place, int((await self._rows(name, columns))[0][0]))
            for name, place in _ERASING.items()
        ]
        if traces.pattern:
            dropped = await self._rows("drop_named_answers", {"pattern": traces.pattern})
            places.append(ErasedPlace("request ids", int(dropped[0][0])))
        found: dict[str, list[str]] = {}
        for place, row_id, text in await self._rows("free_texts"):
            if traces.named_in(text or ""):
                found.setdefault(place, []).append(row_id)
        for place, name in _ERASING_TEXTS.items():
            named = found.get(place, [])
            if named:
                await self._run(name, [named])
            places.append(ErasedPlace(place, len(named)))
        left = (
            *(
                f"the text of policyVersions/{version} names the person: put a version without them in force"
                for version in found.get(_POLICY_TEXTS, ())
            ),
            *(
                f"the reason in {name}/erasureCertificate names the person: it is kept as it was given"
                for name in found.get(_REASONS, ())
            ),
        )
        return ErasedTraces(frozenset(family), tuple(places), left)

    async def _traces(self, record: Record) -> Traces:
        """What names the person, in the values of now and of every time before."""
        found = Traces.of(record.draft)
        for values in await self.former_values(record):
            found |= Traces.of_values(values)
        return found

    async def former_values(self, record: Record) -> list[Mapping[str, str]]:
        changes = [
            decode(bytes(row[0]), ChangeDraft)
            for row in await self._rows("own_payloads", {"name": record.name})
        ]
        return [
            image.values
            for change in changes
            for image in (*change.before, *change.after)
            # The values of a golden record with others among its members may be theirs.
            if image.members == (record.name,)
        ]

    async def insert_erasure_certificate(self, certificate: ErasureCertificate) -> None:
        columns = [certificate.record, certificate.revision, encode_text(certificate)]
        await self._run("insert_erasure_certificate", columns)
