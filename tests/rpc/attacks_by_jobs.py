"""What those without the finance function try by cleanup jobs, which merge by themselves (C-2)."""

from collections.abc import Callable, Collection
from pathlib import Path

from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import strategies as st

import scoring
from dedup_service.domain.cleanup.items import FoundGroup
from dedup_service.v1 import cleanup_service_pb2 as pb
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.workflows.cleaning.finding import Findings, FindRequest, TellPhase
from dedup_service.workflows.cleaning.port import Snapshot
from tests.rpc.api import by
from tests.rpc.attack_world import Step, World
from tests.workflows.cleaning.clean_desk import CleanDesk


class CertainFinder:
    """Implements `workflows.cleaning.finding.Finder`: whatever there is, these are the same beyond doubt."""

    def __init__(self, *golden_records: str) -> None:
        ids = sorted(name.rpartition("/")[2] for name in golden_records)
        self._group = FoundGroup(tuple(ids), 60.0, 1.0)
        self._revision: int | None = None

    def snapshot_revision(self, _: str) -> int | None:
        return self._revision

    async def read(self, _: str, snapshot: Snapshot, told: Callable[[int], None]) -> None:
        self._revision = snapshot.revision
        told(snapshot.record_count)

    async def find(self, wanted: FindRequest, _: TellPhase, __: Callable[[], bool]) -> Findings:
        return Findings([self._group], 2, 1, wanted.model.version, {scoring.Verdict.MATCH: 1})

    def remove(self, _: str) -> None:
        """Nothing is in any folder."""

    def keep_only(self, _: Collection[str]) -> None:
        """Nothing is in any folder."""


def clean_up(actor: str) -> st.SearchStrategy[Step]:
    """Have a job that is sure of the two run without limits, and go on with what it proposed."""

    def make(pausing: bool, number: int) -> Step:
        async def step(world: World) -> None:
            who = by(actor)
            job = pb.CleanupJob(canary=pb.CleanupCanary(share=0.0))
            made = await world.api.cleanup.CreateCleanupJob(
                pb.CreateCleanupJobRequest(cleanup_job=job), metadata=who
            )
            edit = pb.CleanupJob(name=made.name, limits=pb.CleanupLimits(max_merges_per_day=1_000_000))
            mask = FieldMask(paths=["limits.max_merges_per_day"])
            await world.api.cleanup.UpdateCleanupJob(
                pb.UpdateCleanupJobRequest(cleanup_job=edit, update_mask=mask), metadata=who
            )
            await world.api.cleanup.RunCleanupJob(pb.RunCleanupJobRequest(name=made.name), metadata=who)
            if pausing:
                pause = pb.PauseCleanupJobRequest(name=made.name)
                await world.api.cleanup.PauseCleanupJob(pause, metadata=by("ann"))
                resume = pb.ResumeCleanupJobRequest(name=made.name)
                await world.api.cleanup.ResumeCleanupJob(resume, metadata=who)
            goldens = [world.goldens[record] for record in (world.records[0], world.records[number])]
            finder = CertainFinder(*goldens)
            await CleanDesk(world.api.office, Path()).worker(finder=finder).work_once()
            await world.api.cleanup.DeleteCleanupJob(pb.DeleteCleanupJobRequest(name=made.name), metadata=who)
            asked = ListMergeProposalsRequest(filter=f'open = true AND golden_record:"{goldens[1]}"')
            open_ones = await world.api.proposals.ListMergeProposals(asked, metadata=who)
            world.proposals += open_ones.merge_proposals

        return step

    return st.builds(make, st.booleans(), st.integers(1, 2))
