"""Residents, queries and their truth; and the brute force over them."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from benchmarks.match import truth
from benchmarks.match.population import Population, number_of, read_frames, write_frames, written
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.match_service_pb2 import MatchRequest

RESIDENTS = 2000


@cache
def population() -> Population:
    return written(Path(mkdtemp(prefix="dedup-population-")), RESIDENTS)


def test_frames_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Empty messages too."""
    messages = [b"one", b"", b"x" * 70_000]
    write_frames(tmp_path / "frames", messages)
    assert list(read_frames(tmp_path / "frames")) == messages


def test_residents_are_numbered_in_the_order_of_the_file() -> None:
    """The name of a record tells its place, which is its place in the truth."""
    names = [record.name for record in population().residents()]
    assert [number_of(name) for name in names] == list(range(RESIDENTS))
    assert len(population().resident_clusters) == RESIDENTS


def test_four_of_five_residents_are_people() -> None:
    """Leads and contacts alike, and the rest accounts; companies have clusters below 0."""
    kinds = [record.kind for record in population().residents()]
    people = [kind != RecordKind.RECORD_KIND_ACCOUNT for kind in kinds]
    assert sum(people) == RESIDENTS * 0.8
    assert kinds.count(RecordKind.RECORD_KIND_LEAD) == sum(people) / 2
    assert [cluster > 0 for cluster in population().resident_clusters.tolist()] == people


def test_a_record_that_is_no_resident_has_no_number() -> None:
    """Records that a part of the benchmark adds are never taken for residents."""
    assert number_of("sources/bench/records/fresh-3") == -1


def test_most_queries_have_true_duplicates_that_look_like_them() -> None:
    """Held out of the same people and companies: most of the pairs share a blocking key."""
    blocks = truth.blocks(population())
    pairs = [(query, number) for query, found in enumerate(population().duplicates) for number in found]
    assert len(population().queries) == RESIDENTS * 0.02
    assert len({query for query, _ in pairs}) > len(population().queries) / 2
    assert sum(number in blocks.candidates(query) for query, number in pairs) / len(pairs) > 0.85


def test_brute_force_finds_whoever_shares_a_key() -> None:
    """The candidates of a query are those of comparing its keys with each resident's, one by one."""
    query = 3
    blocks = truth.blocks(population(), query + 1)
    asked = set(truth.keys_of(MatchRequest.FromString(population().queries[query]).candidate))
    sharing = {
        number for number, record in enumerate(population().residents()) if asked & set(truth.keys_of(record))
    }
    assert sharing
    assert blocks.candidates(query) == sharing


def test_a_population_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run reads what is there and starts no process."""
    monkeypatch.setattr("subprocess.run", None)
    assert written(population().folder, RESIDENTS).folder == population().folder
