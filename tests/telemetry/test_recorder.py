"""The recorder keeps what it is told, under names that are known beforehand."""

import asyncio
import time
from inspect import getmembers, isfunction

import grpc
import pytest

from dedup_service.telemetry import recording
from dedup_service.telemetry.index_recorder import IndexRecorder
from dedup_service.telemetry.recorder import (
    CODES,
    OTHER,
    PARTS_LIMIT,
    REASONS,
    TRUNCATED,
    MatchRecorder,
    MethodRecorder,
    RecordedCall,
    Recorder,
    TracedCall,
)
from dedup_service.telemetry.recording import Phase
from dedup_service.workflows.index_port import IncompleteReason


class Kept:
    """A tracer that keeps the calls it is given."""

    def __init__(self) -> None:
        self.calls: list[TracedCall] = []

    def record(self, call: TracedCall) -> None:
        self.calls.append(call)


def no_metadata() -> recording.Metadata:
    return ()


def test_codes_are_those_of_grpc() -> None:
    """Each status code of gRPC has its name at its number."""
    assert {code.value[0]: code.name for code in grpc.StatusCode} == dict(enumerate(CODES))


def test_reasons_are_those_of_the_index() -> None:
    """Every reason that an answer may be incomplete for has a counter of its own."""
    assert set(REASONS) == set(IncompleteReason)
    assert IncompleteReason.HOT_KEY_TRUNCATED == TRUNCATED


@pytest.mark.parametrize(
    ("surface", "recorder"),
    [
        (recording.Telemetry, Recorder),
        (recording.MethodMeter, MethodRecorder),
        (recording.MatchMeter, MatchRecorder),
        (recording.IndexMeter, IndexRecorder),
        (recording.Call, RecordedCall),
    ],
)
def test_nothing_is_recorded_by_halves(surface: type, recorder: type) -> None:
    """The recorder does something of its own for everything that the surface offers."""
    offered = [name for name, _ in getmembers(surface, isfunction) if not name.startswith("_")]
    assert offered
    assert [name for name in offered if name not in vars(recorder)] == []


def test_a_call_is_counted_when_it_ends() -> None:
    """A call runs until it ends, and is then counted under its code, with its time."""
    recorder = Recorder()
    method = recorder.method("dedup_service.v1.MatchService", "Match")
    call = method.begin(no_metadata)
    [kept] = recorder.methods
    assert (kept.running, sum(kept.codes)) == (1, 0)
    time.sleep(0.01)
    call.end(grpc.StatusCode.ABORTED.value[0])
    assert kept.running == 0
    assert kept.codes[CODES.index("ABORTED")] == sum(kept.codes) == 1
    assert 0.01 <= kept.duration.read().sum < 5


@pytest.mark.parametrize("code", [-1, 17, 999])
def test_a_code_that_nobody_knows_is_unknown(code: int) -> None:
    """A number that gRPC has no name for is counted as UNKNOWN, not as another's."""
    recorder = Recorder()
    recorder.method("s", "M").begin(no_metadata).end(code)
    assert recorder.methods[0].codes[CODES.index("UNKNOWN")] == 1


def test_each_phase_gets_its_own_time() -> None:
    """A phase's time begins where the phase before has ended."""
    recorder = Recorder()
    match = recorder.match()
    match.done(Phase.PREPARE)
    time.sleep(0.02)
    match.indexed(3, [])
    match.done(Phase.SCORE)
    sums = [distribution.read().sum for distribution in recorder.matches.phases]
    assert sums[Phase.INDEX] >= 0.02 > max(sums[Phase.PREPARE], sums[Phase.SCORE])
    assert sums[Phase.READ] == sums[Phase.ANSWER] == 0


def test_an_incomplete_answer_counts_once_for_each_reason() -> None:
    """Two truncated keys are one incomplete answer and two truncated keys."""
    recorder = Recorder()
    recorder.match().indexed(7, [TRUNCATED, TRUNCATED, "INDEX_BEHIND"])
    recorder.match().indexed(0, [])
    expected = {"INDEX_REBUILDING": 0, "INDEX_BEHIND": 1, TRUNCATED: 1, OTHER: 0}
    assert recorder.matches.incomplete == expected
    assert recorder.matches.truncated_count == 2
    assert recorder.matches.candidates.read().sum == 7


def test_a_reason_that_nobody_declared_makes_no_label() -> None:
    """Whatever a reason says, a blocking key perhaps, it is counted as another."""
    recorder = Recorder()
    recorder.match().indexed(0, ["e:bob@quux.com", "e:ada@quux.com"])
    assert recorder.matches.incomplete[OTHER] == 1
    assert set(recorder.matches.incomplete) == {*REASONS, OTHER}


async def test_phases_belong_to_the_call_of_their_task() -> None:
    """The matches of a traced call are among its parts; those of no call are in nobody's."""
    kept = Kept()
    recorder = Recorder(kept)
    recorder.match().done(Phase.PREPARE)
    call = recorder.method("s", "M").begin(lambda: (("traceparent", "00-x"),))
    match = recorder.match()
    match.done(Phase.PREPARE)
    match.indexed(4, [TRUNCATED])
    call.end(0)
    [traced] = kept.calls
    assert [part.phase for part in traced.parts] == [Phase.PREPARE, Phase.INDEX]
    assert (traced.parts[1].candidate_count, traced.parts[1].truncated_count) == (4, 1)
    assert traced.started_ns <= traced.parts[0].started_ns <= traced.parts[1].ended_ns <= traced.ended_ns


async def test_calls_at_the_same_time_keep_their_phases_apart() -> None:
    """A match that begins while another call runs belongs to its own task's call."""
    kept = Kept()
    recorder = Recorder(kept)
    both_begun = asyncio.Barrier(2)

    async def answer(name: str, phase: Phase) -> None:
        call = recorder.method("s", name).begin(no_metadata)
        await both_begun.wait()
        recorder.match().done(phase)
        call.end(0)

    await asyncio.gather(answer("A", Phase.PREPARE), answer("B", Phase.ANSWER))
    found = {call.method: [part.phase for part in call.parts] for call in kept.calls}
    assert found == {"A": [Phase.PREPARE], "B": [Phase.ANSWER]}


async def test_a_long_stream_keeps_few_parts() -> None:
    """A stream of any number of matches keeps so many phases, and says how many it left out."""
    kept = Kept()
    recorder = Recorder(kept)
    call = recorder.method("s", "M").begin(no_metadata)
    match = recorder.match()
    for _ in range(PARTS_LIMIT + 3):
        match.done(Phase.SCORE)
    call.end(0)
    [traced] = kept.calls
    assert (len(traced.parts), traced.left_out) == (PARTS_LIMIT, 3)


def test_metadata_is_not_read_without_traces() -> None:
    """Metrics alone never look at what a caller says about itself."""

    def unreadable() -> recording.Metadata:
        raise AssertionError("the metadata was read")

    Recorder().method("s", "M").begin(unreadable).end(0)
