"""What is wrong with a definition is said all at once, and who may have jobs."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from dedup_service.domain.cleanup.checks import (
    check_may_brake,
    check_may_change,
    check_may_define,
    check_may_use,
    definition_violations,
)
from dedup_service.domain.cleanup.jobs import (
    Canary,
    CleanupJob,
    CleanupLimits,
    CleanupScope,
    JobDefinition,
    Schedule,
    StopRule,
)
from dedup_service.domain.errors import PermissionRefused
from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.domain.records import LeadClass, RecordKind
from tests.merge_desk import DIRECTORY, POLICY, principal

NOW = datetime(2026, 5, 4, tzinfo=UTC)
JOB = CleanupJob("j", JobDefinition(), "users/mia", NOW, NOW, 1)
ZED = Principal("users/zed", PrincipalType.HUMAN, frozenset())
WITH_ZED = Directory({**DIRECTORY.principals, ZED.name: ZED})


def fields(definition: JobDefinition) -> list[str]:
    """Where it is wrong."""
    return [v.field.removeprefix("job.") for v in definition_violations(definition, ("big",), "job")]


@pytest.mark.parametrize(
    ("definition", "where"),
    [
        (JobDefinition(), []),
        (JobDefinition(engine="big", schedule=Schedule(daily_time=time(2, 30))), []),
        (JobDefinition(display_name="x" * 201), ["display_name"]),
        (JobDefinition(display_name="a\x00b"), ["display_name"]),
        (JobDefinition(engine="sc://elsewhere:15002"), ["engine"]),
        (JobDefinition(scope=CleanupScope(sources=("crm", "No Source"))), ["scope.sources[1]"]),
        (JobDefinition(scope=CleanupScope(sources=("crm",) * 101)), ["scope.sources"]),
        (
            JobDefinition(scope=CleanupScope(kinds=(RecordKind.CONTACT,), lead_classes=(LeadClass.NAME,))),
            ["scope.lead_classes"],
        ),
        (
            JobDefinition(limits=CleanupLimits(-1, 2_000_000, 0, 1)),
            ["limits.max_open_proposals", "limits.max_merges_per_day"],
        ),
        (JobDefinition(canary=Canary(1.1, timedelta(days=31))), ["canary.share", "canary.hold"]),
        (JobDefinition(canary=Canary(float("nan"))), ["canary.share"]),
        (
            JobDefinition(stop_rule=StopRule(-0.1, 0)),
            ["stop_rule.max_rejected_share", "stop_rule.min_decided_count"],
        ),
        (JobDefinition(schedule=Schedule()), ["schedule"]),
        (JobDefinition(schedule=Schedule(timedelta(hours=1), time(1))), ["schedule"]),
        (JobDefinition(schedule=Schedule(timedelta(minutes=59))), ["schedule.interval"]),
        (JobDefinition(schedule=Schedule(timedelta(days=367))), ["schedule.interval"]),
        (JobDefinition(schedule=Schedule(daily_time=time(1, 0, 30))), ["schedule.daily_time"]),
    ],
)
def test_where_a_definition_is_wrong(definition: JobDefinition, where: list[str]) -> None:
    """Each thing that is wrong has its field."""
    assert fields(definition) == where


def test_all_is_told_at_once() -> None:
    """Whoever corrects a definition need not ask five times."""
    wrong = JobDefinition(
        display_name="x" * 201,
        scope=CleanupScope(sources=("",)),
        limits=CleanupLimits(max_merges_per_owner_per_day=-1),
        canary=Canary(2.0),
        engine="none",
        schedule=Schedule(),
    )
    assert len(fields(wrong)) == 6


@pytest.mark.parametrize(
    ("who", "may"),
    [("users/mia", True), ("services/matcher", True), ("users/zed", False), ("users/nobody", False)],
)
def test_who_may_have_jobs(who: str, may: bool) -> None:
    """People of a function, and service accounts; nobody who is not known."""
    caller = WITH_ZED.find(who) or replace(ZED, name=who)
    assert _passes(lambda: check_may_define(caller, WITH_ZED, POLICY)) is may


@pytest.mark.parametrize(
    ("who", "uses", "brakes"),
    [
        ("mia", True, True),
        ("malik", True, True),
        ("fiona", True, True),
        ("ann", False, True),
        ("services/matcher", False, False),
    ],
)
def test_who_may_use_and_who_may_stop_a_job(who: str, uses: bool, brakes: bool) -> None:
    """Its creator, colleagues and the people of the policy use it; whoever decides anything may stop it."""
    caller = principal(who)
    assert _passes(lambda: check_may_use(caller, JOB, DIRECTORY, POLICY)) is uses
    assert _passes(lambda: check_may_brake(caller, JOB, DIRECTORY, POLICY)) is brakes


@pytest.mark.parametrize(("who", "may"), [("mia", True), ("malik", False), ("fiona", False), ("ann", False)])
def test_only_its_creator_changes_the_job_of_a_person(who: str, may: bool) -> None:
    """What it proposes they propose: others could decide alone what they had them propose."""
    assert _passes(lambda: check_may_change(principal(who), JOB, DIRECTORY, POLICY)) is may


@pytest.mark.parametrize(
    ("who", "may"),
    [("services/matcher", True), ("fiona", True), ("ann", False), ("services/importer", False)],
)
def test_who_may_change_the_job_of_a_service_account(who: str, may: bool) -> None:
    """It itself, and the people of the policy."""
    job = replace(JOB, creator="services/matcher")
    assert _passes(lambda: check_may_change(principal(who), job, DIRECTORY, POLICY)) is may


def test_nobody_changes_the_job_of_somebody_who_is_gone() -> None:
    """Nobody knows whether it was a person."""
    job = replace(JOB, creator="users/gone")
    assert not _passes(lambda: check_may_change(principal("fiona"), job, DIRECTORY, POLICY))


def test_a_service_account_uses_and_stops_its_own_job() -> None:
    """It may have one, so it may run and stop it."""
    job = replace(JOB, creator="services/matcher")
    check_may_use(principal("services/matcher"), job, DIRECTORY, POLICY)
    check_may_brake(principal("services/matcher"), job, DIRECTORY, POLICY)


def _passes(check: object) -> bool:
    assert callable(check)
    try:
        check()
    except PermissionRefused:
        return False
    return True
