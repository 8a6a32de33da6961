"""From the answers of a load to its figures."""

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.match import answers, speed
from benchmarks.match.bench import Bench
from benchmarks.match.figures import tell
from benchmarks.match.load import NO_ANSWER, Outcome, Plan
from benchmarks.match.processes import POSTGRES, SERVER, VALKEY, CpuSeconds
from benchmarks.report import README, Figure
from dedup_service.v1.match_service_pb2 import Match, MatchResponse

PLAN = Plan("127.0.0.1", 1, rate=100.0, seconds=1.0)


def outcome(latencies_ms: Sequence[float], bodies: Sequence[bytes] = (), plan: Plan = PLAN) -> Outcome:
    """Calls with these latencies; one below 0 was never answered."""
    late = np.array(latencies_ms)
    status = np.where(late < 0, NO_ANSWER, 0)
    held = list(bodies) or [b""] * len(late)
    return Outcome(plan, np.arange(len(late)), (late * 1e6).astype(np.int64), status, held, 0.01)


def body(*numbers: int, complete: bool = True, candidates: int = 5) -> bytes:
    found = [Match(record=f"sources/sales/records/{number}") for number in numbers]
    answer = MatchResponse(matches=found, complete=complete, candidate_count=candidates)
    return answer.SerializeToString()


@pytest.mark.parametrize(
    ("latencies_ms", "kept_up"),
    [
        ([5.0] * 100, True),
        ([5.0] * 99 + [1500.0], True),
        ([5.0] * 98 + [1500.0] * 2, False),
        ([5.0] * 98 + [-1.0] * 2, False),
        ([101.0] * 100, False),
    ],
)
def test_a_rate_is_kept_up_when_99_of_100_come_within_a_second(
    latencies_ms: list[float], *, kept_up: bool
) -> None:
    """Late calls, unanswered ones and a median of 100 ms each say that it is not."""
    assert speed.kept_up(outcome(latencies_ms)) is kept_up


def test_an_unanswered_call_is_in_the_percentile() -> None:
    """What never came is later than everything that did."""
    assert outcome([1.0, 2.0, 3.0, -1.0]).latency_ms(99) == float("inf")
    assert outcome([1.0, 2.0, 3.0, -1.0]).latency_ms(25) == 2.0


def test_the_capacity_is_found_to_five_percent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps up, then narrows down to the rate that a service of 1,000 a second keeps up with."""

    def load(_: Bench, rate: float, seconds: float) -> Outcome:
        return outcome([5.0 if rate <= 1000 else 2000.0] * 10, plan=Plan("h", 1, rate, seconds))

    monkeypatch.setattr(Bench, "load", load)
    spent = CpuSeconds(dict.fromkeys((SERVER, VALKEY, POSTGRES), 1.0))
    monkeypatch.setattr(speed, "cpu_seconds", lambda _: spent)
    bench = Bench(None, None, 1)  # type: ignore[arg-type]  # the load is replaced
    found = speed.capacity(bench, 1.0)[0]
    assert 1000 / 1.05 <= found.value <= 1000


def test_a_service_that_keeps_up_with_nothing_has_no_capacity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends, at 0."""
    monkeypatch.setattr(Bench, "load", lambda *_: outcome([2000.0] * 10))
    monkeypatch.setattr(speed, "cpu_seconds", lambda _: CpuSeconds({}))
    bench = Bench(None, None, 1)  # type: ignore[arg-type]  # the load is replaced
    assert [figure.value for figure in speed.capacity(bench, 1.0)] == [0.0]


def test_answers_are_read_beside_their_queries() -> None:
    """Candidates, completeness and residents named; a call without an answer is left out."""
    bodies = [body(3, 4), b"", body(5, complete=False, candidates=9)]
    found = answers.read(outcome([1.0, -1.0, 1.0], bodies, Plan("h", 1, 1.0, 3.0, first=6)), 8)
    assert found.queries == [6, 0]
    assert found.found == [{3, 4}, {5}]
    assert found.candidate_counts.tolist() == [5, 9]
    assert found.complete.tolist() == [True, False]
    assert found.match_count == 3


def test_recall_counts_true_duplicates_once_a_query() -> None:
    """Over queries that have any: all, those that share a key, and those answered."""
    bodies = [body(1, 2), body(1, 2), body(9), body(7)]
    found = answers.read(outcome([1.0] * 4, bodies, Plan("h", 1, 1.0, 4.0)), 4)
    found.queries[1] = 0
    duplicates = [frozenset({1, 2, 3}), frozenset[int](), frozenset({8}), frozenset[int]()]
    candidates = [frozenset({1, 2}), frozenset[int](), frozenset({8}), frozenset[int]()]
    got = answers.recall(found, duplicates, candidates.__getitem__)
    assert got == answers.Recall(queries=2, duplicates=4, blocked=3, answered=2, queries_found=1)


@pytest.mark.parametrize("name", ["match", "match-hot", "match-peers"])
def test_every_table_has_its_place(name: str) -> None:
    """Between two marks of the page, each of which stands there once."""
    page = README.read_text("utf-8")
    assert page.count(f"<!-- {name} -->\n") == 1
    assert page.count(f"<!-- /{name} -->") == 1
    assert page.index(f"<!-- {name} -->") < page.index(f"<!-- /{name} -->")


def test_a_try_does_not_touch_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a whole run is reported; a try prints, and says by its status whether it falls short."""
    monkeypatch.setattr("benchmarks.match.figures.report", None)
    assert tell("match", [Figure("p50", 1.0, "ms", 2.0, at_least=False)], whole=False) == 0
    assert tell("match", [Figure("p50", 3.0, "ms", 2.0, at_least=False)], whole=False) == 1
