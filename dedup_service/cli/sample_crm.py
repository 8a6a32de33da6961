"""Fills an empty store with the sample CRM, and measures what a sweep finds against the truth."""

from dataclasses import dataclass

import scoring
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import RecordKey
from dedup_service.sample import DEFAULT_COMPANIES, DEFAULT_PEOPLE, Found, Sample, generate, measure
from dedup_service.workflows.desk import Desk
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ReadTransaction, Request
from dedup_service.workflows.records import MAX_BATCH
from dedup_service.workflows.sweeping import SweepResult

IMPORTER = "services/importer"
MATCHER = "services/matcher"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep of the sample found, and how much of it is true: matches alone, and with reviews."""

    result: SweepResult
    matches: Found
    matches_and_reviews: Found


async def fill_with_sample(
    desk: Desk, out: Output | None, people: int = DEFAULT_PEOPLE, companies: int = DEFAULT_COMPANIES
) -> Swept | None:
    """Write the sample and sweep it; None when the store already holds something else, or all of it.

    A start that was stopped while it wrote is finished by the next one.
    """
    overview = await desk.store.read(lambda tx: tx.overview())
    if overview.proposals:
        return None
    sample = generate(people=people, companies=companies, now=desk.now())
    if not await desk.store.read(lambda tx: _only_sample(tx, sample)):
        if out is not None:
            out.line("the store is not empty: no sample is added", "yellow")
        return None
    if out is not None:
        out.line(f"writing a sample CRM of {len(sample.records):,} records and sweeping it ...", "dim")
    importer, matcher = _principal(desk, IMPORTER), _principal(desk, MATCHER)
    for start in range(0, len(sample.records), MAX_BATCH):
        batch = sample.records[start : start + MAX_BATCH]
        done = await desk.records.write_batch(Request(importer.name, "IngestRecords"), batch)
        if done.rejected:
            problems = "; ".join(v.description for v in done.rejected[0].violations)
            raise CommandError(f"the policy does not take the sample: {problems}")
    result = await desk.sweeping.sweep(matcher)
    matches = [p for p in result.pairs if p.score.verdict is scoring.Verdict.MATCH]
    return Swept(
        result,
        measure(sample.truth, ((p.left, p.right) for p in matches)),
        measure(sample.truth, ((p.left, p.right) for p in result.pairs)),
    )


def _principal(desk: Desk, name: str) -> Principal:
    principal = desk.rules.principals.find(name)
    if principal is None:
        raise CommandError(f"--sample works as {name}: add it to the file that DEDUP_PRINCIPALS names")
    return principal


async def _only_sample(tx: ReadTransaction, sample: Sample) -> bool:
    """Whether every record stored is of the sample: an earlier start was stopped half-way, or never ran."""
    page = Page(size=_PAGE)
    known: set[RecordKey] = set(sample.truth)
    while True:
        listed = await tx.list_records(page)
        if any(record.key not in known for record in listed.items):
            return False
        if listed.next is None:
            return True
        page = Page(size=_PAGE, after=listed.next)
