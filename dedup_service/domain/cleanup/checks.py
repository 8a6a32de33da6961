"""What is wrong with the definition of a job, all at once, and who may give one."""

from collections.abc import Collection, Iterator
from datetime import timedelta

from dedup_service.domain.cleanup.jobs import (
    MAX_DISPLAY_NAME_CODE_POINTS,
    CleanupJob,
    CleanupLimits,
    JobDefinition,
    Schedule,
)
from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principal, Principals
from dedup_service.domain.records import SOURCE_PATTERN, RecordKind, Violation
from dedup_service.domain.validation import text_problem

MAX_LIMIT = 1_000_000
MAX_SOURCES = 100
MAX_HOLD = timedelta(days=30)
LEAST_INTERVAL = timedelta(hours=1)
MAX_INTERVAL = timedelta(days=366)
_LIMITS = (
    "max_open_proposals",
    "max_merges_per_day",
    "max_merges_per_owner_per_day",
    "max_merges_per_source_per_day",
)


def definition_violations(definition: JobDefinition, engines: Collection[str], at: str) -> list[Violation]:
    """Everything wrong with a definition that no store is needed to see, with field paths below `at`.

    `engines` are the names that the operator configured.
    """
    found = list(_scope_violations(definition, f"{at}.scope"))
    if problem := text_problem(definition.display_name, MAX_DISPLAY_NAME_CODE_POINTS):
        found.append(Violation(f"{at}.display_name", problem))
    found += _limit_violations(definition.limits, f"{at}.limits")
    canary, rule = definition.canary, definition.stop_rule
    found += _share_violations(canary.share, f"{at}.canary.share")
    if not timedelta(0) <= canary.hold <= MAX_HOLD:
        found.append(Violation(f"{at}.canary.hold", f"must be from 0 to {MAX_HOLD.days} days"))
    found += _share_violations(rule.max_rejected_share, f"{at}.stop_rule.max_rejected_share")
    if not 1 <= rule.min_decided_count <= MAX_LIMIT:
        found.append(Violation(f"{at}.stop_rule.min_decided_count", f"must be from 1 to {MAX_LIMIT}"))
    if definition.engine and definition.engine not in engines:
        known = ", ".join(sorted(engines)) or "none"
        found.append(
            Violation(f"{at}.engine", f"is no engine that the operator configured; there are {known}")
        )
    found += _schedule_violations(definition.schedule, f"{at}.schedule")
    return found


def _scope_violations(definition: JobDefinition, at: str) -> Iterator[Violation]:
    scope = definition.scope
    if scope.lead_classes and scope.kinds and RecordKind.LEAD not in scope.kinds:
        yield Violation(
            f"{at}.lead_classes", "say something of leads alone: add LEAD to kinds, or leave them out"
        )
    if len(scope.sources) > MAX_SOURCES:
        yield Violation(f"{at}.sources", f"are {len(scope.sources)}, at most {MAX_SOURCES} are taken")
        return
    for place, source in enumerate(scope.sources):
        if not SOURCE_PATTERN.fullmatch(source):
            yield Violation(
                f"{at}.sources[{place}]", "must be lower-case letters, digits, - and _ (at most 63)"
            )


def _limit_violations(limits: CleanupLimits, at: str) -> Iterator[Violation]:
    for name in _LIMITS:
        if not 0 <= getattr(limits, name) <= MAX_LIMIT:
            yield Violation(f"{at}.{name}", f"must be from 0 to {MAX_LIMIT}")


def _share_violations(share: float, at: str) -> Iterator[Violation]:
    # Written so that a number that is none does not pass either.
    if not 0.0 <= share <= 1.0:
        yield Violation(at, "must be a share from 0 to 1")


def _schedule_violations(schedule: Schedule | None, at: str) -> Iterator[Violation]:
    if schedule is None:
        return
    if (schedule.interval is None) is (schedule.daily_time is None):
        yield Violation(at, "needs one of interval and daily_time")
    if schedule.interval is not None and not LEAST_INTERVAL <= schedule.interval <= MAX_INTERVAL:
        yield Violation(f"{at}.interval", f"must be from 1 hour to {MAX_INTERVAL.days} days")
    daily = schedule.daily_time
    if daily is not None and (daily.second or daily.microsecond or daily.tzinfo is not None):
        yield Violation(f"{at}.daily_time", "must be hours and minutes of UTC")


def check_may_define(caller: Principal, principals: Principals, policy: Policy) -> None:
    """Refuse who may have no jobs: a job can do what its creator could, proposal by proposal, and no more.

    Raises:
        PermissionRefused: for principals that are not known, and people without a function.
    """
    found = principals.find(caller.name)
    if found is None:
        raise PermissionRefused(Reason.MISSING_ROLE, f"{caller.name} is not known")
    if found.human and not found.functions & policy.functions:
        names = sorted(policy.functions)
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{caller.name} holds no function: people of {', '.join(names)} have cleanup jobs",
            names,
        )


def check_may_use(caller: Principal, job: CleanupJob, principals: Principals, policy: Policy) -> None:
    """Refuse who may not run, resume or delete a job: others than its creator, colleagues, and people
    of the policy.

    Raises:
        PermissionRefused: naming the functions whose people may.
    """
    check_may_define(caller, principals, policy)
    found, creator = principals.find(caller.name), principals.find(job.creator)
    theirs = creator.functions if creator is not None else frozenset()
    functions = {policy.policy_function, *theirs}
    if caller.name == job.creator or (found is not None and found.human and found.functions & functions):
        return
    names = tuple(sorted(functions))
    raise PermissionRefused(
        Reason.MISSING_ROLE,
        f"{job.name} is of {job.creator}: they and people of {', '.join(names)} may do this",
        names,
    )


def check_may_change(caller: Principal, job: CleanupJob, principals: Principals, policy: Policy) -> None:
    """Refuse who may not say what a job does: what a person's job proposes they propose, and who has others
    propose what they choose could decide it alone (7.4).

    Raises:
        PermissionRefused: for others than its creator, and for a service account's job as `check_may_use`.
    """
    check_may_use(caller, job, principals, policy)
    creator = principals.find(job.creator)
    if caller.name != job.creator and (creator is None or creator.human):
        raise PermissionRefused(
            Reason.NOT_AN_APPROVER,
            f"{job.name} proposes as {job.creator}, who alone may change it; create a job of your own",
        )


def check_may_brake(caller: Principal, job: CleanupJob, principals: Principals, policy: Policy) -> None:
    """Refuse who may not pause a job or cancel its run: everybody who decides anything may, and its creator.

    Raises:
        PermissionRefused: for others.
    """
    if caller.name == job.creator:
        return
    check_may_define(caller, principals, policy)
    found = principals.find(caller.name)
    if found is not None and not found.human:
        raise PermissionRefused(
            Reason.NOT_AN_APPROVER, f"{caller.name} is a service account: people and {job.creator} do this"
        )
