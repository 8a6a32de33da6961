"""A desk with cleanup jobs: workers in this process, and a finder that is small and honest."""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

import scoring
from dedup_service.cleanup_worker import worker_parts
from dedup_service.domain.cleanup.items import FoundGroup
from dedup_service.domain.cleanup.jobs import Canary, CleanupJob, CleanupLimits, JobDefinition
from dedup_service.domain.cleanup.runs import CleanupRun, Phase
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Owner, RecordDraft
from dedup_service.workflows.cleaning.finding import Finder, Findings, FindingStopped, FindRequest, TellPhase
from dedup_service.workflows.cleaning.keeping import Timing
from dedup_service.workflows.cleaning.port import Snapshot, SnapshotRow
from dedup_service.workflows.cleaning.running import Running, WorkerOptions
from dedup_service.workflows.pages import Page
from dedup_service.workflows.scoring_models import ScoringModels
from scoring.pairs import verdict_of
from scoring.resolution import resolve
from tests.merge_desk import Office, lead, principal, request

NO_CANARY = Canary(share=0.0)
JOBS = "users/mia"
QUICK = Timing(lease_seconds=20.0, beat_seconds=0.02)
GIVEN = ("Anna", "Bruno", "Carla", "Dimitri", "Elif", "Farid", "Greta", "Hanna", "Igor", "Jorge")
FAMILY = ("Abendroth", "Brzezina", "Castellani", "Dvorzak", "Eriksson", "Fontaine", "Grabowski", "Huang")


class _Stored(msgspec.Struct):
    revision: int
    apart: list[tuple[str, str]]
    rows: list[SnapshotRow]


class SmallFinder:
    """Implements `workflows.cleaning.finding.Finder`: everything against everything, by `scoring.resolve`."""

    def __init__(self, folder: Path, passing: Callable[[str], None] = lambda _: None) -> None:
        self.folder = folder
        self._pass = passing

    def _file(self, run_id: str) -> Path:
        return self.folder / run_id / "snapshot"

    def snapshot_revision(self, run_id: str) -> int | None:
        file = self._file(run_id)
        return msgspec.msgpack.decode(file.read_bytes(), type=_Stored).revision if file.exists() else None

    async def read(self, run_id: str, snapshot: Snapshot, told: Callable[[int], None]) -> None:
        rows: list[SnapshotRow] = []
        async for batch in snapshot.batches:
            rows += batch
            told(len(rows))
            self._pass("records read")
        self._file(run_id).parent.mkdir(parents=True, exist_ok=True)
        beside = self._file(run_id).with_suffix(".part")
        beside.write_bytes(msgspec.msgpack.encode(_Stored(snapshot.revision, list(snapshot.apart), rows)))
        self._pass("snapshot half written")
        beside.replace(self._file(run_id))

    def changed_count(self, run_id: str) -> int:
        """How many records of the snapshot of a run are marked as changed."""
        stored = msgspec.msgpack.decode(self._file(run_id).read_bytes(), type=_Stored)
        return sum(row.changed for row in stored.rows)

    async def find(self, wanted: FindRequest, told: TellPhase, should_stop: Callable[[], bool]) -> Findings:
        stored = msgspec.msgpack.decode(self._file(wanted.run_id).read_bytes(), type=_Stored)
        self._pass("finding begun")
        if should_stop():
            raise FindingStopped
        records = [scoring.unpack(row.comparable) for row in stored.rows]
        golden = [row.golden_id for row in stored.rows]
        told(Phase.SCORE, 0, len(records))
        found = resolve(records, model=wanted.model, train=wanted.train, processes=1)
        pairs = [
            scoring.Link(golden[left], golden[right], bits, chance)
            for left, right, bits, chance in zip(
                found.left.tolist(),
                found.right.tolist(),
                found.weights_bits.tolist(),
                found.probabilities.tolist(),
                strict=True,
            )
            if golden[left] != golden[right]
        ]
        verdicts = Counter(verdict_of(one.match_probability, found.model) for one in pairs)
        told(Phase.CLUSTER, len(pairs), len(pairs))
        groups = _groups(pairs, stored.apart, found.model)
        return Findings(groups, len(records), found.candidate_count, found.model.version, dict(verdicts))

    def remove(self, run_id: str) -> None:
        shutil.rmtree(self.folder / run_id, ignore_errors=True)

    def keep_only(self, run_ids: Collection[str]) -> None:
        for each in self.folder.iterdir() if self.folder.is_dir() else ():
            if each.name not in run_ids:
                shutil.rmtree(each)


def _groups(
    pairs: Sequence[scoring.Link], apart: Sequence[tuple[str, str]], model: scoring.ScoringModel
) -> list[FoundGroup]:
    match = scoring.Verdict.MATCH
    likely = [
        one for one in pairs if verdict_of(one.match_probability, model) is not scoring.Verdict.NO_MATCH
    ]
    joining = [one for one in likely if verdict_of(one.match_probability, model) is match]
    clusters = scoring.cluster(joining, apart)
    inside = {golden_id for one in clusters for golden_id in one.members}
    parted = {tuple(sorted(pair)) for pair in apart}
    reviews = {
        tuple(sorted((one.left, one.right))): one
        for one in likely
        if one.left not in inside
        and one.right not in inside
        and tuple(sorted((one.left, one.right))) not in parted
    }
    return [
        *(
            FoundGroup(one.members, one.weakest_link.match_weight_bits, one.weakest_link.match_probability)
            for one in clusters
        ),
        *(
            FoundGroup(members, one.match_weight_bits, one.match_probability, is_review=True)
            for members, one in reviews.items()
        ),
    ]


@dataclass(frozen=True, slots=True)
class CleanDesk:
    """An office with cleanup jobs and the folder that its workers work in."""

    office: Office
    folder: Path

    def worker(
        self,
        holder: str = "worker",
        passing: Callable[[str], None] = lambda _: None,
        finder: Finder | None = None,
        **options: Any,
    ) -> Running:
        """A worker in this process; `passing` sees the points of the finder, too."""
        models = ScoringModels(self.office.store, self.office.desk.matching.models.in_use)
        parts = worker_parts(
            self.office.store, self.office.desk.rules, models, finder or SmallFinder(self.folder, passing)
        )
        return Running(parts, holder, WorkerOptions(passing=passing, **({"timing": QUICK} | options)))

    async def job(self, by: str = JOBS, **definition: Any) -> CleanupJob:
        """A job without a canary, unless it is given one."""
        wanted = replace(JobDefinition("all", canary=NO_CANARY), **definition)
        return await self.office.desk.cleaning.create(request("CreateCleanupJob", by), wanted, principal(by))

    async def queue(self, job: CleanupJob, by: str = JOBS) -> CleanupRun:
        return await self.office.desk.cleaning.run(
            request("RunCleanupJob", by), job.job_id, "", principal(by)
        )

    async def run(self, job: CleanupJob, **worker: Any) -> CleanupRun:
        """Queue a run and work on it as far as it goes."""
        queued = await self.queue(job)
        await self.worker(**worker).work_once()
        return await self.seen(queued)

    async def seen(self, run: CleanupRun) -> CleanupRun:
        """The run as it is now."""
        return await self.office.desk.cleaning.cleanup_run(run.run_id)

    async def proposals(self) -> list[Proposal]:
        """All proposals, by their members."""
        listed = await self.office.store.read(lambda tx: tx.list_proposals(Page(size=1000)))
        return sorted(listed.items, key=lambda each: each.plan.golden_ids)


def people(count: int, copies: int = 2, owner: Owner | None = None, source: str = "crm") -> list[RecordDraft]:
    """NAME leads: so many people, each with so many records that say the same of them."""
    drafts = []
    for number in range(count):
        given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
        values = {
            "given_name": given,
            "family_name": family,
            "email": f"{given}.{family}.{number}@example.com".lower(),
            "phone": f"+49 30 5550{number:04d}",
            "postal_code": f"{10000 + 37 * number}",
            "street": f"Lindenweg {number + 1}",
            "city": "Berlin",
            "country": "DE",
        }
        drafts += [
            replace(lead(f"{source}/{number}-{copy}", **values), owner=owner) for copy in range(copies)
        ]
    return drafts


def within(**limits: int) -> CleanupLimits:
    """The limits that ship, with these changed."""
    return replace(CleanupLimits(), **limits)


def canary(share: float, hold_seconds: float = 0.0) -> Canary:
    return Canary(share, timedelta(seconds=hold_seconds))
