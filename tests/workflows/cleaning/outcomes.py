"""How a run ended, told in a way in which two runs on equal records can be compared."""

from dataclasses import dataclass
from typing import Any

from dedup_service.domain.cleanup.runs import CleanupRun, RunCounts, RunState
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.records import RecordDraft
from dedup_service.workflows.pages import Page
from tests.merge_desk import Office, contact
from tests.workflows.cleaning.clean_desk import CleanDesk, canary, people

# Small, so that a run of some sixty records has many batches.
IN_SMALL_BATCHES: dict[str, Any] = {"proposals_at_once": 8, "merges_at_once": 6}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run: by names of records, as golden records have other ids on another store."""

    state: RunState
    counts: RunCounts
    proposals: list[tuple[str, tuple[str, ...]]]
    merge_count: int
    together: list[tuple[str, ...]]


def sixty_records() -> list[RecordDraft]:
    """27 people twice or thrice as NAME leads, and two contacts twice."""
    contacts = [
        contact(f"c-{person}-{copy}", given_name="Ida", family_name=person, email=f"ida@{person}.example")
        for person in ("quist", "wolkow")
        for copy in (1, 2)
    ]
    return [*people(24), *people(27, copies=3)[-9:], *contacts]


async def outcome(desk: CleanDesk, run: CleanupRun) -> Outcome:
    """How this run ended."""
    office = desk.office
    proposals = []
    for each in await desk.proposals():
        names = tuple(sorted(record.key.name for m in each.plan.members for record in m.records))
        proposals.append((each.state.value, names))
    merges = await office.store.read(lambda tx: tx.list_merges(Page(size=1000)))
    return Outcome(
        state=run.state,
        counts=run.counts,
        proposals=sorted(proposals),
        merge_count=len(merges.items),
        together=await _together(office),
    )


async def _together(office: Office) -> list[tuple[str, ...]]:
    goldens = await office.store.read(lambda tx: tx.list_goldens(Page(size=1000)))
    live = [each for each in goldens.items if each.row.state is GoldenState.LIVE]
    return sorted(tuple(sorted(record.name for record in each.members)) for each in live)


async def queued_run(desk: CleanDesk) -> CleanupRun:
    """A run on the sixty records that merges a canary, holds for a moment, and merges the rest."""
    await desk.office.put(*sixty_records())
    return await desk.queue(await desk.job(canary=canary(0.25, hold_seconds=0.05)))
