"""What a run of a job would be: how much is in scope, how long it takes, and what goes without a person."""

from collections.abc import Mapping, Sequence

import scoring
from dedup_service.domain.attention import AttentionTimes
from dedup_service.domain.cleanup.estimate import CleanupPlan, Rates, expected
from dedup_service.domain.cleanup.jobs import CleanupJob, CleanupScope
from dedup_service.domain.cleanup.rules import goes_on_from
from dedup_service.domain.cleanup.runs import CleanupRun
from dedup_service.domain.policy import Automatic, Policy
from dedup_service.domain.records import LeadClass, RecordKind
from dedup_service.workflows.cleaning.scopes import record_scope
from dedup_service.workflows.ports import ClockNow, ReadTransaction
from dedup_service.workflows.rules import Rules


class Estimating:
    """Plans a job by what the store holds now and by what was measured."""

    def __init__(self, rules: Rules, now: ClockNow) -> None:
        self._rules = rules
        self._now = now

    async def plan(self, tx: ReadTransaction, job: CleanupJob, in_use: scoring.ScoringModel) -> CleanupPlan:
        """The plan of a job as it would be stored."""
        definition, policy = job.definition, self._rules.policy
        times = AttentionTimes.of(policy, self._now())
        version = definition.scoring_model or in_use.version
        last = await tx.last_succeeded_cleanup_run(job.job_id)
        known = last is not None and goes_on_from(last, definition, version)
        since = last.snapshot_revision if last is not None and known else 0
        found = await tx.records_in_scope(record_scope(definition.scope, times), since)
        counts = {kind: count for kind, (count, _) in found.items()}
        compared = sum(changed for _, changed in found.values()) if since else sum(counts.values())
        rates, basis = _rates(await tx.last_measured_cleanup_run())
        candidates, seconds = expected(rates, sum(counts.values()), compared)
        unattended = tuple(_sentence(rule) for rule in automatic_rules(definition.scope, policy))
        return CleanupPlan(
            job=job,
            record_counts=counts,
            compared_record_count=compared,
            expected_candidate_count=candidates,
            expected_seconds=seconds,
            basis=basis,
            scoring_model=version,
            unattended=unattended,
            warnings=tuple(_warnings(job, counts, unattended)),
        )


def automatic_rules(scope: CleanupScope, policy: Policy) -> Sequence[Automatic]:
    """The policy's rules that let a merge go without a person, as far as they can fit this scope."""
    return [
        rule
        for rule in policy.approval.automatic
        if (not scope.kinds or rule.kind in scope.kinds)
        and (
            rule.kind is not RecordKind.LEAD
            or rule.lead_class is None
            or not scope.lead_classes
            or rule.lead_class in scope.lead_classes
        )
    ]


def _sentence(rule: Automatic) -> str:
    what = f"{rule.lead_class} leads" if rule.lead_class is not None else f"{rule.kind.lower()}s"
    return f"{what} of LOW impact, from a match probability of {rule.minimum_probability:g} on"


def _rates(measured: CleanupRun | None) -> tuple[Rates, str]:
    """What was measured last on this store, or what ships with the release."""
    if measured is not None and (rates := Rates.of(measured)) is not None:
        return rates, f"{measured.name}, which read {measured.counts.records:,} records"
    return Rates(), "made-up people on two cores, since no run on this store has ended yet"


def _warnings(job: CleanupJob, counts: Mapping[RecordKind, int], unattended: Sequence[str]) -> list[str]:
    definition, said = job.definition, []
    if not sum(counts.values()):
        said.append("no record is in scope")
    if not unattended:
        said.append("the policy lets nothing of this scope go without a person: all is proposed")
    elif not definition.limits.max_merges_per_day:
        said.append("max_merges_per_day is 0: all is proposed, nothing merged")
    if definition.limits.max_open_proposals == 0:
        said.append("max_open_proposals is 0: nothing is proposed")
    if definition.incremental and definition.train:
        said.append("a model that is fitted anew in each run compares everything anew, too")
    if definition.scope.lead_classes == (LeadClass.DEAD,):
        said.append("two dead leads stay as they are: nothing is proposed")
    return said
