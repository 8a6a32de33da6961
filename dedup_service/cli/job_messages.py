"""The cleanup job that the words of a command line describe."""

from typing import Any

import typer
from google.protobuf.duration_pb2 import Duration

from dedup_service.cli.comparing import kind_of
from dedup_service.cli.job_options import JobWords, clock_of, length_of
from dedup_service.v1.cleanup_service_pb2 import CleanupJob, CleanupSchedule
from dedup_service.v1.core_pb2 import LeadClass

_COLLECTION = "cleanupJobs/"


def job_name(text: str) -> str:
    """The resource name of a job, of which only the id may be given."""
    return text if "/" in text else f"{_COLLECTION}{text}"


def job_of_run(name: str) -> str:
    """The resource name of the job of a run."""
    return "/".join(name.split("/")[:2])


def described(words: JobWords) -> tuple[CleanupJob, list[str]]:
    """The job, with nothing set that no option says, and the paths of what is set."""
    job = CleanupJob()
    paths: list[str] = []

    def put(path: str, value: Any) -> None:
        """Set a field of the job, or of a message in it, unless its option was not given."""
        if value is None:
            return
        head, _, field = path.partition(".")
        target, name = (getattr(job, head), field) if field else (job, head)
        if isinstance(value, list):
            getattr(target, name).extend(value)
        elif isinstance(value, (Duration, CleanupSchedule)):
            getattr(target, name).CopyFrom(value)
        else:
            setattr(target, name, value)
        paths.append(path)

    put("display_name", words.name)
    put("scope.kinds", _each(words.kinds, kind_of))
    put("scope.lead_classes", _each(words.lead_classes, _lead_class_of))
    put("scope.sources", _each(words.sources, lambda name: name if "/" in name else f"sources/{name}"))
    put("scope.filter", words.filter)
    put("scoring_model", _model(words.model))
    put("train", words.train)
    put("limits.max_open_proposals", words.max_open)
    put("limits.max_merges_per_day", words.max_merges)
    put("limits.max_merges_per_owner_per_day", words.max_merges_per_owner)
    put("limits.max_merges_per_source_per_day", words.max_merges_per_source)
    put("canary.share", words.canary_share)
    put("canary.hold", _length(words.hold, "--hold"))
    put("stop_rule.max_rejected_share", words.stop_above)
    put("stop_rule.min_decided_count", words.stop_after)
    put("engine", words.engine)
    put("schedule", _schedule(words))
    put("incremental", words.incremental)
    return job, paths


def _each(texts: list[str] | None, read: Any) -> list[Any] | None:
    return [read(text) for text in texts] if texts else None


def _lead_class_of(name: str) -> LeadClass.ValueType:
    known = [each.removeprefix("LEAD_CLASS_") for each in LeadClass.keys()[1:]]
    if name.upper() not in known:
        raise typer.BadParameter(f"{name} is none of {', '.join(known)}", param_hint="--lead-class")
    return LeadClass.Value(f"LEAD_CLASS_{name.upper()}")


def _model(version: str | None) -> str | None:
    return version if not version or "/" in version else f"scoringModels/{version}"


def _length(text: str | None, option: str) -> Duration | None:
    if text is None:
        return None
    message = Duration()
    message.FromTimedelta(length_of(text, option))
    return message


def _schedule(words: JobWords) -> CleanupSchedule | None:
    if words.every is not None and words.daily is not None:
        raise typer.BadParameter("give --every or --daily, not both", param_hint="--every")
    if words.every is not None:
        return CleanupSchedule(interval=_length(words.every, "--every"))
    if words.daily is not None:
        schedule = CleanupSchedule()
        schedule.daily_time.hours, schedule.daily_time.minutes = clock_of(words.daily, "--daily")
        return schedule
    return None
