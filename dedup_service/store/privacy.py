"""What is read for privacy: what is held about one record, certificates of erasures, heads of the audit."""

from datetime import datetime

import scoring
from dedup_service.domain.audit import PublishedHead
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.erasure import ErasureCertificate, Traces
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.merges import Merge
from dedup_service.domain.records import Record
from dedup_service.store import ledger
from dedup_service.store.asking import Asking
from dedup_service.store.intake import intake_of
from dedup_service.store.rows import decode
from dedup_service.workflows.privacy_port import Held, HeldText


class PrivacyReading(Asking):
    """Implements `workflows.privacy_port.PrivacyReads`, but for the proposals that it is given."""

    async def audit_head(self) -> PublishedHead:
        row = (await self._rows("head"))[0]
        return PublishedHead(int(row[0]), str(row[1]))

    async def last_revision_before(self, time: datetime) -> int:
        return int((await self._rows("last_revision_before", [time]))[0][0])

    async def last_published_head(self) -> tuple[int, datetime] | None:
        rows = await self._rows("last_published_head")
        return (int(rows[0][0]), rows[0][1]) if rows else None

    async def erasure_certificate(self, record: str) -> tuple[ErasureCertificate, str] | None:
        rows = await self._rows("erasure_certificate", [record])
        return (decode(rows[0][0], ErasureCertificate), str(rows[0][1])) if rows else None

    async def _held(self, record: Record) -> Held:
        """All but the proposals and the acknowledgements of changes."""
        family = [row[0] for row in await self._rows("merge_family", [[record.golden_id]])]
        columns = {
            "name": record.name,
            "record_no": record.record_no,
            "golden_ids": family,
            "source": record.key.source,
            "source_record_id": record.key.source_record_id,
        }
        return Held(
            changes=tuple(ledger.change_of(row, ()) for row in await self._rows("changes_about", columns)),
            proposals=(),
            merges=tuple(decode(row[0], Merge) for row in await self._rows("merges_about", columns)),
            distinctions=tuple(
                decode(row[0], Distinction) for row in await self._rows("distinctions_about", columns)
            ),
            intakes=tuple(map(intake_of, await self._rows("intakes_about", columns))),
            audit_entries=tuple(map(ledger.audit_entry_of, await self._rows("audit_about", columns))),
            texts=tuple(await self._held_texts(record, columns)),
        )

    async def _held_texts(self, record: Record, columns: dict[str, object]) -> list[HeldText]:
        traces = Traces.of(record.draft)
        found = [
            HeldText(f"{place}: {row_id}", text)
            for place, row_id, text in await self._rows("free_texts")
            if traces.named_in(text or "")
        ]
        for principal, method, time, answer in await self._rows("answers_about", columns):
            place = f"kept answer to {method} of {principal} at {time.isoformat()}"
            found.append(HeldText(place, bytes(answer).decode()))
        for (text,) in await self._rows("lead_state_about", columns):
            found.append(HeldText("state of the lead", text))
        if record.active:
            keys = sorted(scoring.blocking_keys(comparable_of(record.draft)))
            found += [HeldText("blocking index", key) for key in keys]
        return found
