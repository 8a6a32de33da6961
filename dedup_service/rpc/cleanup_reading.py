"""Cleanup jobs as callers write them, read into definitions; everything that is wrong is told at once."""

from collections.abc import Sequence
from datetime import time

from google.protobuf.message import Message
from google.type.timeofday_pb2 import TimeOfDay

from dedup_service.domain.cleanup.jobs import (
    Canary,
    CleanupLimits,
    CleanupScope,
    JobDefinition,
    Schedule,
    StopRule,
)
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import Violation
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.quantities import read_duration
from dedup_service.v1 import cleanup_service_pb2 as pb

AT = "cleanup_job"
_WRITABLE = (
    "display_name",
    "scope",
    "scoring_model",
    "train",
    "limits",
    "canary",
    "stop_rule",
    "engine",
    "schedule",
    "incremental",
)
# Set by the service, or not written but compared: a mask that names them says nothing.
_IGNORED = frozenset(field.name for field in pb.CleanupJob.DESCRIPTOR.fields) - frozenset(_WRITABLE)
_EVERYTHING = "*"
_MAX_PATHS = 100
_MAX_SOURCES = 100
_MAX_LISTED = 100


def read_definition(job: pb.CleanupJob, violations: list[Violation]) -> JobDefinition:
    """The definition of a job; what cannot be read goes to `violations`. It may be one that cannot run."""
    return JobDefinition(
        display_name=job.display_name,
        scope=_read_scope(job.scope, violations),
        scoring_model=_read_model(job.scoring_model, violations),
        train=job.train,
        limits=_read_limits(job.limits),
        canary=_read_canary(job.canary, violations),
        stop_rule=_read_stop_rule(job.stop_rule),
        engine=job.engine,
        schedule=_read_schedule(job.schedule, violations) if job.HasField("schedule") else None,
        incremental=job.incremental,
    )


def _read_scope(scope: pb.CleanupScope, violations: list[Violation]) -> CleanupScope:
    at = f"{AT}.scope"
    kinds = [enum_numbers.RECORD_KIND_OF.get(number) for number in scope.kinds[:_MAX_LISTED]]
    classes = [enum_numbers.LEAD_CLASS_OF.get(number) for number in scope.lead_classes[:_MAX_LISTED]]
    for name, read in (("kinds", kinds), ("lead_classes", classes)):
        violations += [
            Violation(f"{at}.{name}[{number}]", "is none that the API knows")
            for number, found in enumerate(read)
            if found is None
        ]
    for name, given in (("kinds", scope.kinds), ("lead_classes", scope.lead_classes)):
        if len(given) > _MAX_LISTED:
            violations.append(Violation(f"{at}.{name}", f"takes at most {_MAX_LISTED}"))
    return CleanupScope(
        kinds=tuple(dict.fromkeys(kind for kind in kinds if kind is not None)),
        lead_classes=tuple(dict.fromkeys(each for each in classes if each is not None)),
        sources=_read_sources(scope.sources, f"{at}.sources", violations),
        filter=scope.filter,
    )


def _read_sources(names: Sequence[str], at: str, violations: list[Violation]) -> tuple[str, ...]:
    if len(names) > _MAX_SOURCES:
        violations.append(Violation(at, f"takes at most {_MAX_SOURCES} sources, not {len(names):,}"))
        return ()
    sources = []
    for number, name in enumerate(names):
        try:
            sources.append(resource_names.source(name, f"{at}[{number}]"))
        except InvalidInput as refused:
            violations += refused.violations
    return tuple(dict.fromkeys(sources))


def _read_model(name: str, violations: list[Violation]) -> str:
    if not name:
        return ""
    try:
        return resource_names.scoring_model_version(name, f"{AT}.scoring_model")
    except InvalidInput as refused:
        violations += refused.violations
        return ""


def _read_limits(limits: pb.CleanupLimits) -> CleanupLimits:
    return CleanupLimits(**{field.name: value for field, value in limits.ListFields()})


def _read_canary(canary: pb.CleanupCanary, violations: list[Violation]) -> Canary:
    shipped = Canary()
    hold = shipped.hold
    if canary.HasField("hold"):
        hold = read_duration(canary.hold, f"{AT}.canary.hold", violations)
    return Canary(canary.share if canary.HasField("share") else shipped.share, hold)


def _read_stop_rule(rule: pb.CleanupStopRule) -> StopRule:
    return StopRule(**{field.name: value for field, value in rule.ListFields()})


def _read_schedule(schedule: pb.CleanupSchedule, violations: list[Violation]) -> Schedule | None:
    match schedule.WhichOneof("cadence"):
        case "interval":
            return Schedule(interval=read_duration(schedule.interval, f"{AT}.schedule.interval", violations))
        case "daily_time":
            return Schedule(
                daily_time=_read_time(schedule.daily_time, f"{AT}.schedule.daily_time", violations)
            )
        case _:
            violations.append(
                Violation(f"{AT}.schedule", "must say how often: interval or daily_time; or leave it out")
            )
            return None


def _read_time(message: TimeOfDay, at: str, violations: list[Violation]) -> time:
    if message.nanos % 1000:
        violations.append(Violation(at, "is finer than a microsecond; write it to the minute"))
        return time()
    try:
        return time(message.hours, message.minutes, message.seconds, message.nanos // 1000)
    except ValueError:
        violations.append(Violation(at, "must be a time of day from 00:00 to 23:59"))
        return time()


def masked(stored: pb.CleanupJob, request: pb.UpdateCleanupJobRequest) -> pb.CleanupJob:
    """The stored job with what the request writes (AIP-134).

    Raises:
        InvalidInput: with every path that cannot be written.
    """
    paths = list(request.update_mask.paths)
    given = request.cleanup_job
    if not paths:
        paths = [name for name in _WRITABLE if _is_set(given, name)]
    elif paths == [_EVERYTHING]:
        paths = list(_WRITABLE)
    elif len(paths) > _MAX_PATHS:
        raise InvalidInput.at("update_mask", f"has {len(paths)} paths, at most {_MAX_PATHS} are taken")
    violations = [
        Violation(f"update_mask.paths[{number}]", problem)
        for number, path in enumerate(paths)
        if (problem := _problem(path))
    ]
    if violations:
        raise InvalidInput(violations)
    result = pb.CleanupJob()
    result.CopyFrom(stored)
    for path in paths:
        head, _, field = path.partition(".")
        if head in _IGNORED:
            continue
        if field:
            _copy(getattr(given, head), getattr(result, head), field)
        else:
            _copy(given, result, head)
    return result


def _copy(given: Message, result: Message, name: str) -> None:
    """Make a field of the result what it is in the message that was given: not set where it is not there."""
    result.ClearField(name)
    part = type(given)()
    part.CopyFrom(given)
    for field in given.DESCRIPTOR.fields:
        if field.name != name:
            part.ClearField(field.name)
    result.MergeFrom(part)


def _is_set(message: Message, name: str) -> bool:
    return any(field.name == name for field, _ in message.ListFields())


def _problem(path: str) -> str:
    if path == _EVERYTHING:
        return "* stands alone: it means every field"
    head, _, rest = path.partition(".")
    if head in _IGNORED and not rest:
        return ""
    if head in _WRITABLE:
        inner = pb.CleanupJob.DESCRIPTOR.fields_by_name[head].message_type
        if not rest or (inner is not None and rest in inner.fields_by_name):
            return ""
    return f"cannot be written; use {', '.join(_WRITABLE)}, or a field of one of them"
