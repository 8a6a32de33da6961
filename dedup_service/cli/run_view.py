"""A run of a cleanup job in words and bars: in full, for a live display, and as one line of a log."""

from collections.abc import Iterator
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dedup_service.cli.words import moment, plural, shown, word
from dedup_service.v1.cleanup_run_pb2 import CleanupPhase, CleanupPhaseProgress, CleanupRun

PHASES = tuple(CleanupPhase.values())[1:]
STATE_STYLES = {
    "QUEUED": "yellow",
    "RUNNING": "cyan",
    "PAUSED": "yellow",
    "WAITING": "yellow",
    "SUCCEEDED": "green",
    "FAILED": "red",
    "CANCELLED": "red",
    "STOPPED": "red",
}
_SKIPPED = {
    "CHANGED_SINCE": "changed since it was read",
    "ALREADY_PROPOSED": "proposed already",
    "REJECTED_BEFORE": "rejected before",
    "NOT_A_MATCH": "known not to be a match",
    "KINDS_APART": "of kinds that do not go together",
    "DEAD_LEADS_ONLY": "dead leads only",
    "OPEN_PROPOSAL_LIMIT": "over the limit of open proposals",
    "DAY_LIMIT": "over the limit of merges a day",
    "OWNER_LIMIT": "over the limit of merges of one owner",
    "SOURCE_LIMIT": "over the limit of merges of one source",
    "VETO": "vetoed",
    "NEEDS_PEOPLE": "for people to decide by now",
    "FAILED": "failed",
}
_UNITS = {
    "READ": "record",
    "PREPARE": "record",
    "BLOCK": "record",
    "TRAIN": "pair",
    "SCORE": "pair",
    "CLUSTER": "pair",
    "PROPOSE": "finding",
    "CANARY": "proposal",
    "MERGE": "proposal",
}
_NARROWEST_BAR, _WIDEST_BAR = 4, 28
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def length_words(seconds: float) -> str:
    """How long that is, in two units at most: "40 s", "3 min 20 s", "2 h 5 min", "3 d"."""
    left = round(max(seconds, 0.0))
    if left >= _DAY:
        days, hours = divmod(round(left / _HOUR), 24)
        return f"{days} d {hours} h" if hours else f"{days} d"
    if left >= _HOUR:
        hours, minutes = divmod(round(left / _MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if left >= _MINUTE:
        minutes, rest = divmod(left, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{left} s"


def state_words(run: CleanupRun) -> str:
    """Where a run stands: "RUNNING", "WAITING until 2026-12-01 12:00 UTC"."""
    until = moment(run.wait_end_time)
    return f"{word(run, 'state')} until {until}" if until else word(run, "state")


def left_words(run: CleanupRun) -> str:
    """How much longer a run is in its phase; empty where nobody can tell, or it is less than a second."""
    seconds = run.expected_remaining.ToTimedelta().total_seconds()
    return f"{length_words(seconds)} left in this phase" if seconds >= 1 else ""


def findings(run: CleanupRun) -> Iterator[str]:
    """What a run has found and done, a line for each sort; nothing of what has not begun."""
    counts = run.counts
    if counts.record_count:
        yield plural(counts.record_count, "record") + " read"
    verdicts = ", ".join(
        f"{each.count:,} {word(each, 'verdict').replace('_', ' ')}" for each in counts.verdicts if each.count
    )
    if counts.candidate_count:
        pairs = plural(counts.candidate_count, "pair")
        yield f"{pairs} compared: {verdicts}" if verdicts else f"{pairs} to compare"
    if counts.cluster_count or counts.review_pair_count:
        yield (
            f"{plural(counts.cluster_count, 'cluster')}, "
            f"{plural(counts.review_pair_count, 'pair')} to look at besides"
        )
    if counts.proposal_count:
        yield (
            f"{plural(counts.proposal_count, 'proposal')}, "
            f"{counts.merge_count:,} of them merged without a person"
        )
    if counts.rejected_count or counts.undone_count:
        yield f"people rejected {counts.rejected_count:,} and undid {counts.undone_count:,}"
    if counts.skipped:
        yield "left alone: " + ", ".join(
            f"{each.count:,} {_SKIPPED.get(word(each, 'reason'), word(each, 'reason'))}"
            for each in counts.skipped
        )
    if counts.failure_count:
        yield f"{counts.failure_count:,} could not be carried out"


def details(run: CleanupRun) -> Iterator[str]:
    """What a run's findings leave out: the failures it kept, and what was too common."""
    for each in run.partial_failures:
        yield f"{', '.join(each.golden_records)}: {each.reason}"
    for key in run.too_common:
        yield (
            f"a value of the rule {key.blocking_rule} is shared by {plural(key.member_count, 'record')}: "
            "narrowed, not compared all with all"
        )


def live_view(run: CleanupRun, title: str) -> RenderableType:
    """The run as a display that is drawn again and again."""
    state = word(run, "state")
    heading = Text.assemble((shown(title), "bold"), "  ", (state_words(run), STATE_STYLES.get(state, "")))
    if left := left_words(run):
        heading.append(f"  {left}")
    parts: list[RenderableType] = [heading, Text(run.name, style="dim"), _phases(run)]
    parts += [Text(shown(line)) for line in findings(run)]
    if run.reason:
        parts.append(Text(shown(run.reason), style=STATE_STYLES.get(state, "")))
    return Group(*parts)


def _phases(run: CleanupRun) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(min_width=_NARROWEST_BAR, max_width=_WIDEST_BAR)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="dim")
    begun = {each.phase: each for each in run.phases}
    for phase in PHASES:
        name = CleanupPhase.Name(phase).removeprefix("CLEANUP_PHASE_")
        progress = begun.get(phase)
        if progress is None:
            table.add_row(Text(name.lower(), style="dim"), "", "", "")
        else:
            took = _seconds_of(progress, run)
            table.add_row(
                Text(name.lower(), style="" if progress.HasField("end_time") else "bold"),
                _bar(progress),
                _how_far(progress, name),
                "" if took is None else length_words(took),
            )
    return table


def _bar(progress: CleanupPhaseProgress) -> ProgressBar:
    if progress.HasField("end_time"):
        return ProgressBar(total=1, completed=1)
    total = progress.total_count if progress.HasField("total_count") else 0
    # A total that nobody knows yet is a bar that moves.
    return ProgressBar(
        total=total or None,
        completed=min(progress.done_count, total),
        pulse=not total,
        complete_style="cyan",
        pulse_style="cyan",
    )


def _how_far(progress: CleanupPhaseProgress, name: str) -> str:
    unit = _UNITS.get(name, "item")
    if progress.HasField("total_count") and not progress.HasField("end_time"):
        return f"{progress.done_count:,} of {plural(progress.total_count, unit)}"
    # Phases that are one step of the engine count nothing.
    return plural(progress.done_count, unit) if progress.done_count else ""


def _seconds_of(progress: CleanupPhaseProgress, run: CleanupRun) -> float | None:
    """How long a phase took, or takes so far; one that its run ended in the middle of, until then."""
    if not progress.HasField("start_time"):
        return None
    ends = [each.end_time for each in (progress, run) if each.HasField("end_time")]
    end = _time(ends[0]) if ends else datetime.now(UTC)
    return (end - _time(progress.start_time)).total_seconds()


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def log_line(run: CleanupRun) -> str:
    """The run as one line, for whoever reads a file and not a terminal."""
    parts = [state_words(run)]
    phase = word(run, "phase")
    if phase and not run.HasField("end_time"):
        now = next((each for each in run.phases if each.phase == run.phase), None)
        parts.append(f"{phase.lower()} {_how_far(now, phase) if now else ''}".rstrip())
    if left := left_words(run):
        parts.append(left)
    counts = run.counts
    if counts.proposal_count:
        parts.append(f"{plural(counts.proposal_count, 'proposal')}, {counts.merge_count:,} merged")
    if run.reason:
        parts.append(run.reason)
    return "; ".join(parts)
