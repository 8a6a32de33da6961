"""A run of a cleanup job as it is drawn, at any width, and as a line of a log."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from dedup_service.cli.run_view import details, findings, length_words, live_view, log_line
from dedup_service.v1 import cleanup_run_pb2 as pb
from dedup_service.v1 import core_pb2

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MILLION = 1_000_000


def phase(name: str, done: int, total: int | None, began: int, ended: int | None) -> pb.CleanupPhaseProgress:
    """A phase that began, and ended where it did, so many seconds after noon."""
    message = pb.CleanupPhaseProgress(
        phase=pb.CleanupPhase.Value(f"CLEANUP_PHASE_{name}"), done_count=done, total_count=total
    )
    message.start_time.FromDatetime(NOW + timedelta(seconds=began))
    if ended is not None:
        message.end_time.FromDatetime(NOW + timedelta(seconds=ended))
    return message


def scoring(state: str = "RUNNING", **more: Any) -> pb.CleanupRun:
    """A run in the middle of comparing six million pairs."""
    run = pb.CleanupRun(
        name="cleanupJobs/j/runs/r",
        state=pb.CleanupRunState.Value(f"CLEANUP_RUN_STATE_{state}"),
        phase=pb.CLEANUP_PHASE_SCORE,
        phases=[
            phase("READ", MILLION, MILLION, 0, 10),
            phase("SCORE", 2 * MILLION, 6 * MILLION, 10, None),
        ],
        **more,
    )
    run.counts.record_count = MILLION
    run.counts.candidate_count = 6 * MILLION
    return run


def drawn(run: pb.CleanupRun, width: int) -> list[str]:
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=True, highlight=False)
    console.print(live_view(run, "Nightly"))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_phase_is_one_line_at_any_width(width: int) -> None:
    """The bar gives way, and neither numbers nor times do; phases to come are there already."""
    lines = drawn(scoring(), width)
    assert max(map(len, lines)) <= width
    phases = [line.split()[0] for line in lines[2:11]]
    assert phases == [
        *("read", "prepare", "block", "train", "score", "cluster"),
        *("propose", "canary", "merge"),
    ]
    read, compared = lines[2], lines[6]
    assert "1,000,000 records" in read
    assert read.endswith("10 s")
    assert "2,000,000 of 6,000,000 pairs" in compared
    assert read.count("━") >= 3
    assert "━" in compared


def test_a_run_that_ended_in_a_phase_has_its_time_until_then() -> None:
    """The clock of a phase does not go on after its run."""
    run = scoring("FAILED", reason="the engine is away")
    run.end_time.FromDatetime(NOW + timedelta(seconds=70))
    lines = drawn(run, 100)
    assert lines[0] == "Nightly  FAILED"
    assert lines[6].endswith("1 min")
    assert lines[-1] == "the engine is away"


def test_time_left_and_the_end_of_a_wait_are_told() -> None:
    """Where they are known; a run that waits says until when."""
    run = scoring()
    assert drawn(run, 100)[0] == "Nightly  RUNNING"
    run.expected_remaining.seconds = 144
    assert drawn(run, 100)[0] == "Nightly  RUNNING  2 min 24 s left in this phase"
    waiting = scoring("WAITING")
    waiting.wait_end_time.FromDatetime(NOW)
    assert drawn(waiting, 100)[0] == "Nightly  WAITING until 2026-11-22 12:00 UTC"


def test_what_was_found_is_told_as_far_as_it_is_known() -> None:
    """Pairs to compare first, then their verdicts, proposals, merges, what people said and what was left."""
    run = scoring()
    assert list(findings(run)) == ["1,000,000 records read", "6,000,000 pairs to compare"]
    counts = run.counts
    counts.verdicts.add(verdict=core_pb2.VERDICT_MATCH, count=34_000)
    counts.verdicts.add(verdict=core_pb2.VERDICT_NO_MATCH, count=5_966_000)
    counts.cluster_count, counts.review_pair_count = 12_000, 1
    counts.proposal_count, counts.merge_count = 5000, 115
    counts.rejected_count, counts.undone_count = 3, 1
    counts.skipped.add(reason=pb.CLEANUP_SKIP_REASON_CHANGED_SINCE, count=12)
    counts.skipped.add(reason=pb.CLEANUP_SKIP_REASON_OWNER_LIMIT, count=4)
    counts.failure_count = 2
    assert list(findings(run))[1:] == [
        "6,000,000 pairs compared: 34,000 MATCH, 5,966,000 NO MATCH",
        "12,000 clusters, 1 pair to look at besides",
        "5,000 proposals, 115 of them merged without a person",
        "people rejected 3 and undid 1",
        "left alone: 12 changed since it was read, 4 over the limit of merges of one owner",
        "2 could not be carried out",
    ]


def test_every_reason_is_told_in_words() -> None:
    """No reason that a run can give is shown as the name of an enum."""
    run = pb.CleanupRun()
    for reason in pb.CleanupSkipReason.values()[1:]:
        run.counts.skipped.add(reason=reason, count=1)
    [left] = findings(run)
    assert left == left.lower()
    assert left.count(",") == len(pb.CleanupSkipReason.values()) - 2


def test_failures_and_common_values_are_told() -> None:
    """The golden records with the reason, and a rule by its prefix, without the value."""
    run = pb.CleanupRun(
        partial_failures=[pb.CleanupFailure(golden_records=["goldenRecords/a"], reason="is gone")],
        too_common=[pb.CleanupCommonKey(blocking_rule="n", member_count=4000)],
    )
    assert list(details(run)) == [
        "goldenRecords/a: is gone",
        "a value of the rule n is shared by 4,000 records: narrowed, not compared all with all",
    ]


def test_a_line_of_a_log_says_where_a_run_stands() -> None:
    """State, phase, how far, and how much longer."""
    run = scoring()
    run.expected_remaining.seconds = 9
    assert log_line(run) == "RUNNING; score 2,000,000 of 6,000,000 pairs; 9 s left in this phase"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_lengths_of_time_are_two_units_at_most(seconds: float, words: str) -> None:
    """The largest that say something."""
    assert length_words(seconds) == words
