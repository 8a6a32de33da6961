"""Cleanup jobs, runs and work items: what is read in a snapshot, and written with the work itself."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import sql

import scoring
from dedup_service.domain.cleanup.items import ItemStage, MergesToday, Opinion, Settled, WorkItem
from dedup_service.domain.cleanup.jobs import CleanupJob
from dedup_service.domain.cleanup.runs import WRITING_PHASES, CleanupRun, RunState, SkipReason
from dedup_service.domain.matching import comparable_of, way_of_preparing
from dedup_service.domain.records import RecordDraft, RecordKind
from dedup_service.store import lists
from dedup_service.store.asking import Asking
from dedup_service.store.lists import ListQuery, Order, SqlWithValues
from dedup_service.store.rows import Row, decode, encode_text, text_array
from dedup_service.workflows.cleaning.port import RecordScope, RunProgress, SnapshotRow, Wish
from dedup_service.workflows.pages import Listed, Page

JOBS = ListQuery(
    select="cleanup_jobs",
    columns="body",
    orders={"": Order((("create_time", "timestamptz"), ("job_id", "text")))},
    fields={"creator": "creator", "paused": "paused::text"},
    always=(sql.SQL("delete_time IS NULL"), []),
)
RUNS = ListQuery(
    select="cleanup_runs",
    columns="state, wait_time, body, progress",
    orders={"": Order((("create_time", "timestamptz"), ("run_id", "text")), descending=True)},
    fields={"state": "state", "job": "job_id", "active": "(end_time IS NULL)::text"},
)


def run_of(row: Row) -> CleanupRun:
    """A run from the columns (state, wait_time, body, progress, ...)."""
    state, wait_time, body, progress = row[:4]
    run, told = decode(body, CleanupRun), decode(progress, RunProgress)
    phase = run.phase
    if told.phases and run.phase not in WRITING_PHASES:
        # The row itself holds the later phases; those before are told by the worker.
        phase = told.phases[-1].phase
    working = RunState(state) is RunState.RUNNING
    return replace(
        run,
        state=RunState(state),
        wait_time=wait_time,
        phase=phase,
        phases=told.phases,
        remaining_seconds=told.remaining_seconds if working else None,
    )


def scope_conditions(scope: RecordScope) -> SqlWithValues:
    """The condition on `records` that a scope makes."""
    parts: list[sql.Composable] = [sql.SQL("state = 'ACTIVE'")]
    values: list[object] = []
    if scope.kinds:
        parts.append(sql.SQL("kind = ANY(%s)"))
        values.append([kind.value for kind in scope.kinds])
    if scope.sources:
        parts.append(sql.SQL("source = ANY(%s)"))
        values.append(list(scope.sources))
    if scope.lead_classes:
        # As `domain.leads.lead_class` computes it, of what the store keeps of each lead.
        parts.append(
            sql.SQL(
                "(kind <> 'LEAD' OR (SELECT CASE WHEN s.lead_class = 'DEAD' THEN 'DEAD'"
                " WHEN s.requested_time >= %s THEN 'LIVE' ELSE 'NAME' END"
                " FROM lead_states s WHERE s.record_no = records.record_no) = ANY(%s))"
            )
        )
        values += [scope.times.asked_since, [each.value for each in scope.lead_classes]]
    if scope.conditions:
        more, given = lists.RECORDS.conditions(Page(conditions=scope.conditions))
        parts += more
        values += given
    return sql.SQL(" AND ").join(parts), values


class CleanupReading(Asking):
    """Implements `workflows.cleaning.port.CleanupReads`."""

    async def cleanup_job(self, job_id: str) -> CleanupJob | None:
        rows = await self._rows("cleanup_job", [job_id])
        return decode(rows[0][0], CleanupJob) if rows else None

    async def list_cleanup_jobs(self, page: Page) -> Listed[CleanupJob]:
        rows, after = await self._page(JOBS, page)
        return Listed(tuple(decode(row[-1], CleanupJob) for row in rows), after)

    async def count_cleanup_jobs(self) -> int:
        return int((await self._rows("count_cleanup_jobs"))[0][0])

    async def due_cleanup_jobs(self, now: datetime, limit: int) -> list[CleanupJob]:
        rows = await self._rows("due_cleanup_jobs", {"now": now, "limit": limit})
        return [decode(row[0], CleanupJob) for row in rows]

    async def cleanup_run(self, run_id: str) -> CleanupRun | None:
        rows = await self._rows("cleanup_run", [run_id])
        return run_of(rows[0]) if rows else None

    async def list_cleanup_runs(self, page: Page) -> Listed[CleanupRun]:
        rows, after = await self._page(RUNS, page)
        return Listed(tuple(run_of(row[2:]) for row in rows), after)

    async def active_cleanup_run(self, job_id: str) -> str:
        rows = await self._rows("active_cleanup_run", [job_id])
        return str(rows[0][0]) if rows else ""

    async def last_succeeded_cleanup_run(self, job_id: str) -> CleanupRun | None:
        rows = await self._rows("last_succeeded_cleanup_run", [job_id])
        return run_of(rows[0]) if rows else None

    async def last_measured_cleanup_run(self) -> CleanupRun | None:
        rows = await self._rows("last_measured_cleanup_run")
        return run_of(rows[0]) if rows else None

    async def records_in_scope(self, scope: RecordScope, since: int) -> dict[RecordKind, tuple[int, int]]:
        condition, values = scope_conditions(scope)
        query = sql.SQL(
            "SELECT kind, count(*), count(*) FILTER (WHERE greatest(revision,"
            " (SELECT g.revision FROM golden_records g WHERE g.golden_id = records.golden_id)) > %s)"
            " FROM records WHERE {} GROUP BY kind ORDER BY kind"
        ).format(condition)
        cursor = await self._connection.execute(query, [since, *values])
        rows = await cursor.fetchall()
        return {RecordKind(kind): (int(count), int(changed)) for kind, count, changed in rows}

    async def snapshot_rows(
        self, scope: RecordScope, since: int, after: int, limit: int
    ) -> tuple[list[SnapshotRow], int]:
        """Records in scope in the order of their numbers, from behind `after`; and the last number."""
        condition, values = scope_conditions(scope)
        query = sql.SQL(
            "SELECT record_no, golden_id, greatest(revision,"
            " (SELECT g.revision FROM golden_records g WHERE g.golden_id = records.golden_id)) > %s,"
            " CASE WHEN substring(comparable FOR 8) = %s THEN substring(comparable FROM 9) END,"
            " CASE WHEN substring(comparable FOR 8) = %s THEN NULL ELSE draft END"
            " FROM records WHERE {} AND record_no > %s ORDER BY record_no LIMIT %s"
        ).format(condition)
        way = way_of_preparing()
        cursor = await self._connection.execute(query, [since, way, way, *values, after, limit])
        rows = await cursor.fetchall()
        found = [
            SnapshotRow(str(number), golden_id, _packed(comparable, draft), changed)
            for number, golden_id, changed, comparable, draft in rows
        ]
        return found, rows[-1][0] if rows else after

    async def cleanup_items(
        self, run_id: str, stage: ItemStage, limit: int, *, canary: bool = False
    ) -> list[WorkItem]:
        parameters = {"run_id": run_id, "stage": stage.value, "limit": limit, "canary": canary}
        return [
            WorkItem(number, tuple(golden_ids), ItemStage(found), proposal_id, is_canary)
            for number, golden_ids, found, proposal_id, is_canary in await self._rows(
                "cleanup_items", parameters
            )
        ]

    async def count_cleanup_items(self, run_id: str, stage: ItemStage, *, canary: bool = False) -> int:
        parameters = {"run_id": run_id, "stage": stage.value, "canary": canary}
        return int((await self._rows("count_cleanup_items", parameters))[0][0])

    async def cleanup_opinions(self, run_ids: Collection[str]) -> dict[str, Opinion]:
        rows = await self._rows("cleanup_opinions", [list(run_ids)]) if run_ids else []
        return {row[0]: Opinion(*map(int, row[1:])) for row in rows}

    async def runs_by_schedule(self, job_id: str, by: str) -> list[str]:
        return [row[0] for row in await self._rows("runs_by_schedule", {"job_id": job_id, "by": by})]

    async def open_proposals_of_cleanup_job(self, job_id: str) -> int:
        return int((await self._rows("open_proposals_of_cleanup_job", [job_id]))[0][0])

    async def is_proposal_of_cleanup_job(self, proposal_id: str, job_id: str) -> bool:
        parameters = {"proposal_id": proposal_id, "job_id": job_id}
        return bool((await self._rows("is_proposal_of_cleanup_job", parameters))[0][0])

    async def cleanup_merges_since(self, job_id: str, since: datetime) -> MergesToday:
        counts: dict[str, dict[str, int]] = {"all": {}, "owner": {}, "source": {}}
        for what, name, count in await self._rows("cleanup_merges_since", {"job_id": job_id, "since": since}):
            counts[what][name] = int(count)
        return MergesToday(counts["all"].get("", 0), counts["owner"], counts["source"])

    async def is_erased_since(self, revision: int) -> bool:
        return bool((await self._rows("is_erased_since", [revision]))[0][0])


def _packed(comparable: bytes | None, draft: bytes | None) -> bytes:
    """What matching compares of a record, prepared anew where it was in another way."""
    if comparable is not None:
        return bytes(comparable)
    assert draft is not None, "the one or the other is selected"
    return scoring.pack(comparable_of(decode(draft, RecordDraft)))


class CleanupWriting(CleanupReading):
    """Implements `workflows.cleaning.port.CleanupWrites`."""

    async def save_cleanup_job(self, job: CleanupJob) -> None:
        columns = {
            "id": job.job_id,
            "creator": job.creator,
            "paused": job.paused,
            "next_run_time": job.next_run_time,
            "create_time": job.create_time,
            "delete_time": job.delete_time,
            "revision": job.revision,
            "body": encode_text(job),
        }
        await self._run("save_cleanup_job", columns)

    async def insert_cleanup_run(self, run: CleanupRun) -> None:
        columns = {
            "id": run.run_id,
            "job_id": run.job_id,
            "create_time": run.create_time,
            "body": encode_text(run),
            "progress": encode_text(RunProgress()),
        }
        await self._run("insert_cleanup_run", columns)

    async def lock_cleanup_run(self, run_id: str) -> tuple[CleanupRun, Wish] | None:
        rows = await self._rows("lock_cleanup_run", [run_id])
        return (run_of(rows[0]), Wish(rows[0][-1])) if rows else None

    async def lock_leased_cleanup_run(self, run_id: str, holder: str) -> tuple[CleanupRun, Wish] | None:
        rows = await self._rows("lock_leased_cleanup_run", {"run_id": run_id, "holder": holder})
        return (run_of(rows[0]), Wish(rows[0][-1])) if rows else None

    async def wish_of_cleanup_run(self, run_id: str, wish: Wish) -> None:
        await self._run("wish_of_cleanup_run", {"run_id": run_id, "wish": wish.value})

    async def move_cleanup_run(self, run: CleanupRun) -> None:
        columns = {
            "run_id": run.run_id,
            "state": run.state.value,
            "wait_time": run.wait_time,
            "end_time": run.end_time,
            "body": encode_text(run),
        }
        await self._run("move_cleanup_run", columns)

    async def save_cleanup_run(self, run: CleanupRun) -> None:
        await self._run("save_cleanup_run", {"run_id": run.run_id, "body": encode_text(run)})

    async def mark_canary_items(self, run_id: str, item_nos: Collection[int]) -> None:
        await self._run("mark_canary_items", [run_id, list(item_nos)])

    async def settle_cleanup_items(self, run_id: str, settled: Sequence[Settled], time: datetime) -> None:
        if not settled:
            return
        columns = {
            "run_id": run_id,
            "time": time,
            "nos": [one.item_no for one in settled],
            "stages": [one.stage.value for one in settled],
            "reasons": [one.reason.value if one.reason is not None else "" for one in settled],
            "proposals": [one.proposal_id for one in settled],
            "taken_up": [one.taken_up for one in settled],
            "merges": [one.merge_id for one in settled],
            "owners": [text_array(one.owners) for one in settled],
            "sources": [text_array(one.sources) for one in settled],
        }
        await self._run("settle_cleanup_items", columns)

    async def skip_found_cleanup_items(self, run_id: str, reason: SkipReason) -> int:
        parameters = {"run_id": run_id, "reason": reason.value}
        return int((await self._rows("skip_found_cleanup_items", parameters))[0][0])
