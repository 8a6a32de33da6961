"""One consistent snapshot of the store, read through named statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import sql

import scoring
from dedup_service.domain.audit import AuditEntry, AuditVerification, PublishedHead
from dedup_service.domain.changes import Acknowledgement, Change
from dedup_service.domain.delegations import Delegation
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.golden import GoldenRecord, GoldenRow
from dedup_service.domain.matching import comparable_of, way_of_preparing
from dedup_service.domain.merges import Merge
from dedup_service.domain.policy import Impact
from dedup_service.domain.policy_versions import PolicyVersion
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Record, RecordKey, RecordKind
from dedup_service.domain.scoring_models import StoredModel
from dedup_service.domain.voting import Vote, VoteDecision
from dedup_service.store import audit_check, ledger, lists, proposal_counts
from dedup_service.store.asking import fitting
from dedup_service.store.cleanup import CleanupReading
from dedup_service.store.inbox import Reach
from dedup_service.store.intake import IntakeReading
from dedup_service.store.lead_reading import LeadReading
from dedup_service.store.overview import OverviewReading
from dedup_service.store.privacy import PrivacyReading
from dedup_service.store.rows import (
    Row,
    cursor_of,
    decode,
    golden_row_of,
    index_entry_of,
    policy_version_of,
    record_of,
    stored_model_of,
)
from dedup_service.store.vocabulary import VocabularyReading
from dedup_service.workflows.index_port import IndexEntry
from dedup_service.workflows.overview import Overview
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.privacy_port import Held
from dedup_service.workflows.proposal_counts import ProposalCounts

# Fields with an index of their own; the store finds records by no others.
IDENTIFIER_FIELDS = ("tax_id", "registration_number", "customer_number")


class Reading(CleanupReading, IntakeReading, LeadReading, OverviewReading, PrivacyReading, VocabularyReading):
    """Implements `workflows.ports.ReadTransaction` on one psycopg connection in a transaction."""

    async def head_revision(self) -> int:
        return int((await self._rows("head"))[0][0])

    async def records(self, keys: Collection[RecordKey]) -> dict[RecordKey, Record]:
        rows = await self._rows("records_by_key", _key_columns(keys))
        return {record.key: record for record in map(record_of, rows)}

    async def records_by_no(self, record_nos: Collection[int]) -> dict[int, Record]:
        rows = await self._rows("records_by_no", [list(record_nos)])
        return {record.record_no: record for record in map(record_of, rows)}

    async def list_records(self, page: Page) -> Listed[Record]:
        rows, after = await self._page(lists.RECORDS, page)
        return Listed(tuple(record_of(row[2:]) for row in rows), after)

    async def find_records(self, field_name: str, value: str, limit: int) -> list[Record]:
        if field_name not in IDENTIFIER_FIELDS:
            raise ValueError(f"{field_name} has no index")
        # PostgreSQL finds the expression index only by a literal field name.
        query = sql.SQL(
            "SELECT record_no, state, golden_id, version, revision, create_time, update_time, draft "
            "FROM records WHERE draft -> 'values' ? {field} AND draft -> 'values' ->> {field} = %s "
            "AND state = 'ACTIVE' ORDER BY record_no LIMIT %s"
        ).format(field=sql.Literal(field_name))
        cursor = await self._connection.execute(query, [value, limit])
        return [record_of(row) for row in await cursor.fetchall()]

    async def goldens(self, golden_ids: Collection[str]) -> dict[str, GoldenRecord]:
        rows = [golden_row_of(row) for row in await self._rows("golden_rows", [list(golden_ids)])]
        return await self._with_members(rows)

    async def _with_members(self, rows: Sequence[GoldenRow]) -> dict[str, GoldenRecord]:
        members: dict[str, list[Record]] = defaultdict(list)
        for row in await self._rows("records_of_goldens", [[row.golden_id for row in rows]]):
            record = record_of(row)
            members[record.golden_id].append(record)
        return {row.golden_id: GoldenRecord(row, tuple(members[row.golden_id])) for row in rows}

    async def redirect_chain(self, golden_id: str) -> list[GoldenRow]:
        return [golden_row_of(row) for row in await self._rows("redirect_chain", [golden_id])]

    async def list_goldens(self, page: Page) -> Listed[GoldenRecord]:
        rows, after = await self._page(lists.GOLDEN_RECORDS, page)
        found = await self.goldens([row[0] for row in rows])
        # The rows are of golden records alone; what a page gets large by are the members.
        kept = fitting(_content_bytes(found[row[0]]) for row in rows)
        if kept < len(rows):
            rows = rows[:kept]
            after = cursor_of(rows[-1][: len(lists.GOLDEN_RECORDS.order(page).key)])
        return Listed(tuple(found[row[0]] for row in rows), after)

    async def proposal(self, proposal_id: str) -> Proposal | None:
        found = await self._proposals(await self._rows("proposal", [proposal_id]))
        return found[0] if found else None

    async def _proposals(self, rows: Iterable[Row]) -> list[Proposal]:
        proposals = [decode(row[0], Proposal) for row in rows]
        votes: dict[str, list[Vote]] = defaultdict(list)
        for row in await self._rows("votes_of", [[p.proposal_id for p in proposals]]) if proposals else ():
            votes[row[0]].append(
                Vote(
                    principal=row[1],
                    function=row[2],
                    on_behalf_of=row[3],
                    decision=VoteDecision(row[4]),
                    plan_hash=row[5],
                    comment=row[6],
                    time=row[7],
                    impact=Impact(row[8]),
                )
            )
        return [replace(p, votes=tuple(votes[p.proposal_id])) for p in proposals]

    async def list_proposals(self, page: Page) -> Listed[Proposal]:
        reach = await self._reach(page)
        if reach is not None and not reach.count:
            return Listed((), None)
        rows, after = await self._page(lists.PROPOSALS, page, reach)
        return Listed(tuple(await self._proposals(row[-1:] for row in rows)), after)

    async def _reach(self, page: Page) -> Reach | None:
        """What a filter leaves of an inbox; None where there is none, or where telling would take longer."""
        if page.waiting_for is None or not page.conditions or not proposal_counts.is_grouped(page.conditions):
            return None
        counts = await self.count_proposals(page, ("impact",))
        ranks = [Impact(impact).rank for impact in counts.facets["impact"]]
        return Reach(counts.total, max(ranks, default=0))

    async def proposal_place(self, proposal_id: str, order_by: str) -> tuple[str, ...] | None:
        key = lists.PROPOSALS.order(Page(order_by=order_by)).key
        columns = sql.SQL(", ").join(sql.SQL(column) for column, _ in key)
        query = sql.SQL("SELECT {} FROM proposals WHERE proposal_id = %s").format(columns)
        row = await (await self._connection.execute(query, [proposal_id])).fetchone()
        return cursor_of(row) if row is not None else None

    async def count_proposals(self, page: Page, facets: Collection[str]) -> ProposalCounts:
        query, parameters = proposal_counts.query(page, facets)
        rows = await (await self._connection.execute(query, parameters)).fetchall()
        return proposal_counts.counts_of(rows, facets)

    async def open_proposals_of(self, golden_ids: Collection[str]) -> list[Proposal]:
        return await self._proposals(await self._rows("open_proposals_of", [list(golden_ids)]))

    async def open_proposal_for(self, golden_ids: Sequence[str]) -> str:
        rows = await self._rows("open_proposal_for", [list(golden_ids)])
        return str(rows[0][0]) if rows else ""

    async def rejected_member_sets(self, golden_ids: Collection[str]) -> set[frozenset[str]]:
        rows = await self._rows("refused_member_sets", [list(golden_ids)])
        return {frozenset(row[0]) for row in rows}

    async def overdue_proposals(self, now: datetime, limit: int) -> list[Proposal]:
        return await self._proposals(await self._rows("overdue_proposals", {"now": now, "limit": limit}))

    async def delegation(self, delegation_id: str) -> Delegation | None:
        rows = await self._rows("delegation", [delegation_id])
        return decode(rows[0][0], Delegation) if rows else None

    async def delegations_holding(self, now: datetime) -> tuple[Delegation, ...]:
        rows = await self._rows("delegations_holding", {"now": now})
        return tuple(decode(row[0], Delegation) for row in rows)

    async def list_delegations(self, page: Page) -> Listed[Delegation]:
        rows, after = await self._page(lists.DELEGATIONS, page)
        return Listed(tuple(decode(row[-1], Delegation) for row in rows), after)

    async def policy_in_force(self) -> PolicyVersion | None:
        rows = await self._rows("policy_in_force")
        return policy_version_of(rows[0]) if rows else None

    async def policy_version(self, version: str) -> PolicyVersion | None:
        rows = await self._rows("policy_version", [version])
        return policy_version_of(rows[0]) if rows else None

    async def list_policy_versions(self, page: Page) -> Listed[PolicyVersion]:
        rows, after = await self._page(lists.POLICY_VERSIONS, page)
        return Listed(tuple(map(policy_version_of, rows)), after)

    async def active_scoring_model_version(self) -> str:
        rows = await self._rows("active_scoring_model_version")
        return str(rows[0][0]) if rows else ""

    async def scoring_model(self, version: str) -> StoredModel | None:
        rows = await self._rows("scoring_model", [version])
        return stored_model_of(rows[0]) if rows else None

    async def scoring_models(self) -> tuple[StoredModel, ...]:
        return tuple(map(stored_model_of, await self._rows("scoring_models")))

    async def merge(self, merge_id: str) -> Merge | None:
        rows = await self._rows("merge", [merge_id])
        return decode(rows[0][0], Merge) if rows else None

    async def list_merges(self, page: Page) -> Listed[Merge]:
        rows, after = await self._page(lists.MERGES, page)
        return Listed(tuple(decode(row[2], Merge) for row in rows), after)

    async def standing_merges_of(self, golden_ids: Collection[str]) -> list[Merge]:
        return [decode(row[0], Merge) for row in await self._rows("standing_merges_of", [list(golden_ids)])]

    async def distinction(self, distinction_id: str) -> Distinction | None:
        rows = await self._rows("distinction", [distinction_id])
        return decode(rows[0][0], Distinction) if rows else None

    async def distinctions_between(self, keys: Collection[RecordKey]) -> list[Distinction]:
        return [
            decode(row[0], Distinction)
            for row in await self._rows("distinctions_between", _key_columns(keys))
        ]

    async def list_distinctions(self, page: Page) -> Listed[Distinction]:
        rows, after = await self._page(lists.DISTINCTIONS, page)
        return Listed(tuple(decode(row[2], Distinction) for row in rows), after)

    async def held_about(self, record: Record) -> Held:
        held = await self._held(record)
        family = [row[0] for row in await self._rows("merge_family", [[record.golden_id]])]
        rows = await self._rows("proposals_about", {"golden_ids": family})
        return replace(held, proposals=tuple(await self._proposals(rows)))

    async def changes_after(self, revision: int, ordinal: int, limit: int) -> list[Change]:
        return await self._changes(await self._rows("changes_after", [revision, ordinal, limit]))

    async def changes_of(self, revision: int) -> list[Change]:
        return await self._changes(await self._rows("changes_of", [revision]))

    async def _changes(self, rows: Sequence[Row]) -> list[Change]:
        said: dict[tuple[int, int], list[Acknowledgement]] = defaultdict(list)
        for row in (
            await self._rows("acknowledgements_of", [sorted({row[0] for row in rows})]) if rows else ()
        ):
            said[row[0], row[1]].append(Acknowledgement(row[2], row[3]))
        return [ledger.change_of(row, tuple(said[row[0], row[1]])) for row in rows]

    async def touched_record_nos(self, after: int, limit: int) -> list[tuple[int, list[int]]]:
        """The first revisions after this one that touch records, with the numbers of those."""
        # Where retention has dropped changes since, the records themselves tell.
        rows = await self._rows("touched_records_since", {"after": after, "limit": limit})
        rows = rows or await self._rows("touched_record_nos", [after, limit])
        return [(row[0], list(row[1])) for row in rows]

    async def index_entries_after(self, record_no: int, limit: int) -> list[IndexEntry]:
        """Active records in the order of their numbers, prepared anew where they were in another way."""
        parameters = {"way": way_of_preparing(), "after": record_no, "limit": limit}
        entries = []
        for row in await self._rows("index_entries_after", parameters):
            try:
                entries.append(index_entry_of(row))
            except scoring.ComparableError:
                # Damaged, or written by another's hand: one record must not end every rebuild.
                record = (await self.records_by_no([row[0]]))[row[0]]
                entries.append(IndexEntry(record.record_no, record.kind, comparable_of(record.draft)))
        return entries

    async def active_record_count(self) -> int:
        return int((await self._rows("active_record_count"))[0][0])

    async def oldest_revision(self) -> int:
        return int((await self._rows("oldest_revision"))[0][0])

    async def list_audit(self, page: Page) -> Listed[AuditEntry]:
        rows, after = await self._page(lists.AUDIT, page)
        return Listed(tuple(ledger.audit_entry_of(row) for row in rows), after)

    async def overview(self) -> Overview:
        records = await self._rows("record_counts")
        proposals = await self._rows("proposal_counts")
        return Overview(
            {(source, RecordKind(kind)): int(count) for source, kind, count in records},
            {(ProposalState(state), Impact(impact)): int(count) for state, impact, count in proposals},
        )

    async def verify_audit(
        self, head_revision: int, head_hash: str, known: Sequence[PublishedHead] = ()
    ) -> AuditVerification:
        published = [PublishedHead(head_revision, head_hash)] if head_revision else []
        return await audit_check.verify(self._rows, [*published, *known])


def _content_bytes(golden: GoldenRecord) -> int:
    return sum(len(text) for member in golden.members for text in member.draft.values.values())


def _key_columns(keys: Collection[RecordKey]) -> list[list[str]]:
    return [[key.source for key in keys], [key.source_record_id for key in keys]]
