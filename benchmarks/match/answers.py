"""What the answers of a load say, read after it: candidates, completeness, and the duplicates found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.match.load import Outcome
from benchmarks.match.population import number_of
from dedup_service.v1.match_service_pb2 import MatchResponse


@dataclass(frozen=True, slots=True)
class Answers:
    """The good answers of a load, in the order in which they were due.

    queries: the query of each. found: the residents that it names, by number.
    """

    queries: list[int]
    found: list[frozenset[int]]
    candidate_counts: npt.NDArray[np.int64]
    complete: npt.NDArray[np.bool_]

    @property
    def match_count(self) -> int:
        return sum(map(len, self.found))


@dataclass(frozen=True, slots=True)
class Recall:
    """True duplicates of the queries asked: all, those that share a blocking key, those answered."""

    queries: int
    duplicates: int
    blocked: int
    answered: int
    queries_found: int


def read(outcome: Outcome, query_count: int) -> Answers:
    """The answers of a load over so many queries."""
    queries, found, candidates, complete = [], [], [], []
    for call in np.flatnonzero(outcome.ok).tolist():
        answer = MatchResponse.FromString(outcome.bodies[call])
        queries.append(outcome.query_of(call, query_count))
        found.append(frozenset(number_of(match.record) for match in answer.matches))
        candidates.append(answer.candidate_count)
        complete.append(answer.complete)
    return Answers(queries, found, np.array(candidates, np.int64), np.array(complete, np.bool_))


def recall(
    answers: Answers, duplicates: Sequence[frozenset[int]], candidates: Callable[[int], frozenset[int]]
) -> Recall:
    """How many of the true duplicates were found, over the queries that have any, each counted once.

    `candidates` gives those of a query by brute force.
    """
    seen: set[int] = set()
    total = blocked = answered = queries_found = 0
    for query, found in zip(answers.queries, answers.found, strict=True):
        true = duplicates[query]
        if query in seen or not true:
            continue
        seen.add(query)
        total += len(true)
        blocked += len(true & candidates(query))
        answered += len(true & found)
        queries_found += bool(true & found)
    return Recall(len(seen), total, blocked, answered, queries_found)
