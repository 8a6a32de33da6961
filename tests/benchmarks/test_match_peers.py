"""What a peer is asked, and what its answers come to."""

import pytest

from benchmarks.match import side_by_side
from benchmarks.match.peers.exchange import MOST_QUERIES, asked_count
from benchmarks.match.population import Population, written

RESIDENTS = 2000


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Population:
    return written(tmp_path_factory.mktemp("people"), RESIDENTS, people_share=1.0)


def test_a_peer_is_asked_query_by_query(people: Population) -> None:
    """A search for similar names finds most true duplicates, told by the numbers of the residents."""
    answered = side_by_side.asked("trigram", people, RESIDENTS)
    asked = asked_count(len(people.queries))
    assert len(answered.latencies_ms) == len(answered.found) == asked
    assert answered.setup_seconds > 0
    recalled = [
        bool(true & set(found))
        for true, found in zip(people.duplicates[:asked], answered.found, strict=True)
        if true
    ]
    assert sum(recalled) / len(recalled) > 0.8


def test_people_alone_are_asked_of_the_peers(people: Population) -> None:
    """Every resident and query is a person."""
    assert (people.resident_clusters > 0).all()
    assert (people.query_clusters > 0).all()
    assert len(people.resident_clusters) == RESIDENTS


def test_half_of_the_queries_may_teach() -> None:
    """A peer that learns from labels is never asked what it was taught."""
    assert asked_count(40) == 20
    assert asked_count(20_000) == MOST_QUERIES


def test_the_rates_and_percentiles_of_a_peer() -> None:
    """Matches a second are those of one caller, who waits for each answer."""
    answered = side_by_side.Answered(1.0, [10.0] * 98 + [110.0] * 2, [[1]] * 100)
    assert answered.p50_ms == 10.0
    assert answered.p99_ms == 110.0
    assert answered.per_second == pytest.approx(1000 / 12)
