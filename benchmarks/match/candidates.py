"""Invariant D-1, asked of the running service: its candidates are those of the blocking rules, or it says so.

Asked for every score, page by page, a Match names every candidate that it compared.
"""

import numpy as np

from benchmarks.match.bench import Bench
from benchmarks.match.population import number_of
from benchmarks.match.truth import Blocks
from benchmarks.report import Figure
from dedup_service.client import DedupClient
from dedup_service.v1.match_service_pb2 import MatchRequest

CHECKED_QUERIES = 500
_LARGEST_PAGE = 1000


def check(bench: Bench, blocks: Blocks) -> list[Figure]:
    """Over 500 queries: complete answers that differ from brute force; there must be none."""
    count = len(bench.population.queries)
    compared = wrong = strangers = 0
    with bench.service.client() as client:
        for query in np.linspace(0, count - 1, min(CHECKED_QUERIES, count), dtype=np.int64).tolist():
            named, complete = all_candidates(client, bench.population.queries[query])
            expected = blocks.candidates(query)
            strangers += not named <= expected
            if complete:
                compared += 1
                wrong += named != expected
    return [
        Figure("complete answers held against brute force", compared, "queries"),
        Figure("of them with other candidates", wrong, "queries", 0.0, at_least=False),
        Figure("answers with a candidate that shares no key", strangers, "queries", 0.0, at_least=False),
    ]


def all_candidates(client: DedupClient, request: bytes) -> tuple[frozenset[int], bool]:
    """The residents that a query is compared with, by number, and whether the answer says that it is whole.

    Records that are no residents are left out.
    """
    query = MatchRequest.FromString(request)
    query.min_probability, query.page_size, query.explain = 0.0, _LARGEST_PAGE, False
    named: set[int] = set()
    complete = True
    while True:
        answer = client.matches.Match(query)
        named.update(number_of(match.record) for match in answer.matches)
        complete = complete and answer.complete
        if not answer.next_page_token:
            return frozenset(named - {-1}), complete
        query.page_token = answer.next_page_token
