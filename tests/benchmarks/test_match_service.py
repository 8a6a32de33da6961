"""The benchmark's parts against a real service: what they say holds of it, and what they would notice."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.match import answers, candidates, freshness, hot_key, processes, rebuilding, truth
from benchmarks.match.answers import Answers
from benchmarks.match.bench import Bench
from benchmarks.match.population import Population, written
from benchmarks.match.residence import Residence, Service, ingest, served
from benchmarks.report import Figure

pytestmark = pytest.mark.proof

RESIDENTS = 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("match")


@pytest.fixture(scope="module")
def population(folder: Path) -> Population:
    return written(folder / "population", RESIDENTS)


@pytest.fixture(scope="module")
def service(folder: Path, population: Population) -> Iterator[Service]:
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o711)
    with served(data_dir, workers=1) as running:
        ingest(running, population.residents())
        yield running


@pytest.fixture
def bench(service: Service, population: Population) -> Bench:
    return Bench(service, population, connections=2)


def values(figures: list[Figure]) -> dict[str, float]:
    return {figure.name: figure.value for figure in figures}


def test_the_candidates_of_the_service_are_those_of_brute_force(bench: Bench) -> None:
    """Asked of the running service for every query: D-1 holds."""
    found = values(candidates.check(bench, truth.blocks(bench.population)))
    assert found["complete answers held against brute force"] == len(bench.population.queries)
    assert found["of them with other candidates"] == 0
    assert found["answers with a candidate that shares no key"] == 0


def test_candidates_are_read_page_by_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a query with many candidates all are named, however few a page holds."""
    monkeypatch.setattr(candidates, "_LARGEST_PAGE", 2)
    blocks = truth.blocks(bench.population)
    query = max(range(len(bench.population.queries)), key=lambda one: len(blocks.candidates(one)))
    with bench.service.client() as client:
        named, complete = candidates.all_candidates(client, bench.population.queries[query])
    assert complete
    assert len(named) > 2
    assert named == blocks.candidates(query)


def test_a_missing_resident_would_be_noticed(bench: Bench) -> None:
    """Held against blocks of which one member was taken out, the candidates differ."""
    blocks = truth.blocks(bench.population)
    query = max(range(len(bench.population.queries)), key=lambda one: len(blocks.candidates(one)))
    gone = min(blocks.candidates(query))
    blocks.members[blocks.members == gone] = RESIDENTS + 1
    assert values(candidates.check(bench, blocks))["of them with other candidates"] > 0


def test_the_load_finds_true_duplicates(bench: Bench) -> None:
    """Each call is answered, most of them with a true duplicate where there is one."""
    outcome = bench.load(50.0, 0.4, first=0)
    found = answers.read(outcome, len(bench.population.queries))
    blocks = truth.blocks(bench.population)
    got = answers.recall(found, bench.population.duplicates, blocks.candidates)
    assert outcome.ok.all()
    assert got.queries_found / got.queries > 0.7
    assert got.answered <= got.blocked <= got.duplicates


def test_a_record_is_found_by_its_writer_and_by_all(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Freshness is measured on records of their own."""
    monkeypatch.setattr(freshness, "ROUNDS", 2)
    found = values(freshness.measure(bench))
    assert found["written records that their writer finds at once"] == 100
    assert 0 < found["found by all after, longest"] < freshness.TARGET_SECONDS


def test_a_rebuild_loses_no_match(bench: Bench, folder: Path, population: Population) -> None:
    """The operator's command rebuilds the index of the running service while it is asked."""
    figures = rebuilding.under_load(bench, Residence(folder, population, RESIDENTS), 0.3)
    found = values(figures)
    assert found["answers with fewer true duplicates than before"] == 0
    assert found["answered with one during it, least piece"] > 70
    assert found["rebuild at 300 a second, within"] > 0


def test_an_answer_with_fewer_duplicates_is_counted(bench: Bench) -> None:
    """Only what was found before and is a true duplicate can be lost."""
    duplicates = bench.population.duplicates
    query = next(number for number, true in enumerate(duplicates) if len(true) > 1)
    true, none = duplicates[query], np.zeros(0, np.int64)

    def piece(*found: frozenset[int]) -> Answers:
        return Answers([query] * len(found), list(found), none, none.astype(np.bool_))

    before = piece(true | {RESIDENTS + 1})
    assert rebuilding.lost(bench, before, piece(true, true - {min(true)}, frozenset())) == 2


def test_every_role_has_processes_that_use_cpu(bench: Bench) -> None:
    """Server, Valkey and PostgreSQL are told apart, and a load shows in all of them."""
    before = processes.cpu_seconds(bench.service)
    bench.load(100.0, 1.0)
    spent = (processes.cpu_seconds(bench.service) - before).by_role
    assert set(spent) == {processes.SERVER, processes.VALKEY, processes.POSTGRES}
    assert spent[processes.SERVER] > 0
    assert all(used >= 0 for used in spent.values())
    names = {process.name() for process in processes.server_processes(bench.service)}
    assert not names & {"postgres", "valkey-server"}


def test_members_of_the_hot_key_share_nothing_else() -> None:
    """One blocking key of each is that of the telephone, and no other is anybody else's."""
    one, other = (set(truth.keys_of(hot_key.member(number))) for number in (1, 2))
    assert len(one & other) == 1
    assert next(iter(one & other)).startswith("p:")
