"""What a job would do, before anything is stored: how much is in scope and how long a run takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from dedup_service.domain.cleanup.jobs import CleanupJob
from dedup_service.domain.cleanup.runs import WRITING_PHASES, CleanupRun
from dedup_service.domain.records import RecordKind

# A smaller run takes mostly the time of its start.
LEAST_MEASURED = 10_000


@dataclass(frozen=True, slots=True)
class CleanupPlan:
    """The plan of a job as it would be stored.

    `unattended` are the policy's rules that let a merge of this scope go without a person, in words; none
    means that the job would only propose. `compared_record_count` are the changed ones of an incremental job,
    else all. Candidates and seconds come from measured rates, which `basis` tells.
    """

    job: CleanupJob
    record_counts: Mapping[RecordKind, int]
    compared_record_count: int
    expected_candidate_count: int
    expected_seconds: float
    basis: str
    scoring_model: str
    unattended: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def record_count(self) -> int:
        return sum(self.record_counts.values())


@dataclass(frozen=True, slots=True)
class Rates:
    """How much work a record is. Those that ship were measured on a million made-up people and companies."""

    start_seconds: float = 5.0
    candidates_per_record: float = 6.1
    seconds_per_record: float = 1.5e-4

    @classmethod
    def of(cls, run: CleanupRun) -> "Rates | None":
        """What a run took up to its work items; None where it is too small to tell of others."""
        if run.counts.records < LEAST_MEASURED:
            return None
        finding = [each for each in run.phases if each.phase not in WRITING_PHASES]
        times = [
            (each.end_time - each.start_time).total_seconds()
            for each in finding
            if each.start_time is not None and each.end_time is not None
        ]
        if not times:
            return None
        records = run.counts.records
        return cls(0.0, run.counts.candidates / records, sum(times) / records)


def expected(rates: Rates, record_count: int, compared_count: int) -> tuple[int, float]:
    """How many pairs are compared and how many seconds finding takes, when so many are compared anew."""
    share = compared_count / record_count if record_count else 0.0
    candidates = round(record_count * rates.candidates_per_record * share)
    return candidates, rates.start_seconds + record_count * rates.seconds_per_record
