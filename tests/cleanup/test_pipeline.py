"""The pipeline against what scoring says of every pair, in memory."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

import scoring
from dedup_service.cleanup import (
    Engine,
    FindOptions,
    InputError,
    Phase,
    Progress,
    Stopped,
    Workspace,
    find_duplicates,
)
from scoring import Comparable, Entity
from tests.cleanup.crm import (
    clusters_of,
    comparable_of,
    comparables,
    found_rows,
    raw_rows,
    rows,
)

UNTRAINED = FindOptions(train=False)


def shared_keys(records: dict[str, Comparable], most_members: int) -> set[tuple[str, str]]:
    """The pairs of records that share a blocking key of at most so many members, by brute force."""
    members: dict[str, list[str]] = {}
    for name, record in records.items():
        for key in scoring.blocking_keys(record):
            members.setdefault(key, []).append(name)
    few = [sorted(block) for block in members.values() if len(block) <= most_members]
    return {pair for block in few for pair in combinations(block, 2)}


def likely(records: dict[str, Comparable], pairs: set[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """The weights of those pairs that `score_pair` takes for REVIEW at least."""
    scored = {pair: scoring.score_pair(records[pair[0]], records[pair[1]]) for pair in pairs}
    return {
        pair: score.match_weight_bits
        for pair, score in scored.items()
        if score.verdict is not scoring.Verdict.NO_MATCH
    }


@pytest.mark.parametrize("entity", list(Entity))
def test_every_pair_is_weighed_as_scoring_weighs_it(
    entity: Entity, engine: Engine, workspace: Workspace, tmp_path: Path
) -> None:
    """What shares a blocking key is found, with the weight to the last bit, and nothing else is."""
    people = rows(1500, entity)
    prepared = {row["record_id"]: comparable_of(row, entity) for row in people}
    expected = likely(prepared, shared_keys(prepared, UNTRAINED.most_members))
    found = find_duplicates(engine, raw_rows(tmp_path, people, entity), workspace, UNTRAINED)
    told = {
        (row["left"], row["right"]): row["match_weight_bits"]
        for row in pq.read_table(found.pairs).to_pylist()
    }
    # Keys that are too common are refined, which can only add pairs.
    assert expected.items() <= told.items()
    assert likely(prepared, set(told)) == told
    assert len(expected) > 100
    assert found.record_count == len(people)


def test_verdicts_add_up(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """Every candidate has one verdict, and those of the pairs told are counted as they are told."""
    found = find_duplicates(engine, raw_rows(tmp_path, rows(1200)), workspace, UNTRAINED)
    assert sum(found.verdicts.values()) == found.candidate_count
    told = Counter(row["verdict"] for row in found_rows(found.pairs))
    assert told["MATCH"] == found.verdicts[scoring.Verdict.MATCH] > 0
    assert told["REVIEW"] == found.verdicts[scoring.Verdict.REVIEW]


@pytest.mark.proof
def test_processes_change_nothing(shared_engine: Engine, engine: Engine, tmp_path: Path) -> None:
    """Work in this process and in processes beside it ends the same, training included."""
    source = raw_rows(tmp_path, rows(1500))
    here = find_duplicates(engine, source, Workspace(tmp_path / "here"), FindOptions())
    beside = find_duplicates(shared_engine, source, Workspace(tmp_path / "beside"), FindOptions())
    assert found_rows(here.pairs) == found_rows(beside.pairs)
    assert found_rows(here.clusters) == found_rows(beside.clusters)
    assert here.model.people.parameters == beside.model.people.parameters


def test_training_fits_the_model_to_the_records(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """A trained model is another one than the shipped one, for people alone where there are only people."""
    found = find_duplicates(engine, raw_rows(tmp_path, rows(3000)), workspace, FindOptions())
    shipped = scoring.shipped_model()
    assert found.model.people.parameters != shipped.people.parameters
    assert found.model.companies.parameters.comparisons == shipped.companies.parameters.comparisons


def test_records_of_one_golden_record_are_one(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """Clusters join golden records: two records of one make no pair of golden ids, and bring their others."""
    one = comparable_of({"given_name": "Mirela", "family_name": "Stojkov", "email": "mirela@stojkov.example"})
    other = comparable_of(
        {
            "given_name": "Mirela",
            "family_name": "Stojkov",
            "phone": "+381115550101",
            "email": "mirela@stojkov.example",
        }
    )
    records = {"a": one, "b": other, "c": one}
    source = comparables(tmp_path, records, {"a": "first", "b": "first", "c": "second"})
    found = find_duplicates(engine, source, workspace, UNTRAINED)
    assert clusters_of(found.clusters) == {frozenset({"first", "second"})}


def test_what_is_apart_stays_apart(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """Two golden records that are known to differ are never in one cluster, not through a third one
    either.
    """
    record = comparable_of(
        {
            "given_name": "Oriol",
            "family_name": "Casals",
            "email": "oriol@casals.example",
            "phone": "+34915550102",
        }
    )
    source = comparables(tmp_path, dict.fromkeys(("a", "b", "c"), record), apart=[("golden-a", "golden-b")])
    found = find_duplicates(engine, source, workspace, UNTRAINED)
    for members in clusters_of(found.clusters):
        assert not {"golden-a", "golden-b"} <= members
    assert clusters_of(found.clusters)


def test_copies_of_one_record_are_one_cluster(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """Sixty copies, more than a block has room for, and one variant, which no copy is outvoted by."""
    record = comparable_of(
        {
            "given_name": "Ingvild",
            "family_name": "Raknes",
            "email": "ingvild@raknes.example",
            "birth_date": "1961-04-12",
        }
    )
    variant = msgspec.structs.replace(record, middle="solveig")
    copies = {f"r{number:03}": record for number in range(60)}
    source = comparables(tmp_path, copies | {"variant": variant})
    options = FindOptions(train=False, max_cluster=100)
    found = find_duplicates(engine, source, workspace, options)
    assert {len(members) for members in clusters_of(found.clusters)} == {61}


def test_more_copies_than_a_cluster_holds_are_several_clusters(
    engine: Engine, workspace: Workspace, tmp_path: Path
) -> None:
    """Of 45 copies, with at most 20 to a cluster, all are in one; none is left alone."""
    record = comparable_of(
        {
            "given_name": "Tarjei",
            "family_name": "Lunde",
            "email": "t@lunde.example",
            "birth_date": "1980-02-11",
        }
    )
    source = comparables(tmp_path, {f"r{number:03}": record for number in range(45)})
    found = find_duplicates(engine, source, workspace, FindOptions(train=False, max_cluster=20))
    assert sorted(len(members) for members in clusters_of(found.clusters)) == [5, 20, 20]


def test_a_cluster_never_grows_beyond_its_limit(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """`max_cluster` holds."""
    record = comparable_of({"given_name": "Ljiljana", "family_name": "Vukas", "email": "l@vukas.example"})
    source = comparables(tmp_path, {f"r{number:03}": record for number in range(9)})
    found = find_duplicates(engine, source, workspace, FindOptions(train=False, max_cluster=4))
    assert max(len(members) for members in clusters_of(found.clusters)) == 4


def test_reviews_are_outside_of_clusters(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """A pair for a person to look at has neither side in a cluster, and is REVIEW."""
    found = find_duplicates(engine, raw_rows(tmp_path, rows(3000)), workspace, UNTRAINED)
    clustered = {name for members in clusters_of(found.clusters) for name in members}
    reviews = found_rows(found.reviews)
    assert all(row["left"] not in clustered and row["right"] not in clustered for row in reviews)
    assert {row["verdict"] for row in reviews} <= {"REVIEW"}


@pytest.mark.parametrize(("written", "problem"), [(("a", "a"), "stands in 2 rows"), (("a", ""), "is empty")])
def test_record_ids_that_do_not_tell_records_apart_are_refused(
    written: tuple[str, str], problem: str, engine: Engine, workspace: Workspace, tmp_path: Path
) -> None:
    """The id is named, and what to do."""
    records = rows(2)
    for row, record_id in zip(records, written, strict=True):
        row["record_id"] = record_id
    with pytest.raises(InputError, match=problem):
        find_duplicates(engine, raw_rows(tmp_path, records), workspace, UNTRAINED)


def test_no_records_are_refused(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """Nothing to clean is said to be nothing."""
    with pytest.raises(InputError, match="are none"):
        find_duplicates(engine, raw_rows(tmp_path, []), workspace, UNTRAINED)


def test_one_record_has_no_duplicates(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """A single record goes through every phase."""
    found = find_duplicates(engine, raw_rows(tmp_path, rows(1)), workspace, FindOptions())
    assert (found.candidate_count, found_rows(found.pairs), found_rows(found.clusters)) == (0, [], [])


@pytest.mark.proof
@pytest.mark.parametrize("phase", [Phase.PREPARE, Phase.BLOCK, Phase.TRAIN, Phase.SCORE, Phase.CLUSTER])
def test_a_run_that_was_stopped_goes_on_to_the_same_end(phase: Phase, engine: Engine, tmp_path: Path) -> None:
    """Stopped in any phase and started again, the outcome is that of a run that was never stopped."""
    source = raw_rows(tmp_path, rows(800))
    whole = find_duplicates(engine, source, Workspace(tmp_path / "whole"), FindOptions())
    parted, now = Workspace(tmp_path / "parted"), [Phase.READ]

    def notice(progress: Progress) -> None:
        now[0] = progress.phase

    with pytest.raises(Stopped):
        find_duplicates(
            engine, source, parted, FindOptions(), on_progress=notice, should_stop=lambda: now[0] is phase
        )
    again = find_duplicates(engine, source, parted, FindOptions())
    assert found_rows(again.pairs) == found_rows(whole.pairs)
    assert found_rows(again.clusters) == found_rows(whole.clusters)
    assert found_rows(again.reviews) == found_rows(whole.reviews)


def test_a_finished_phase_is_not_done_again(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """A second run on the same records that links otherwise goes through the last phase alone."""
    source = raw_rows(tmp_path, rows(400))
    find_duplicates(engine, source, workspace, UNTRAINED)
    seen: set[Phase] = set()
    options = FindOptions(train=False, least_join_probability=None)
    find_duplicates(engine, source, workspace, options, on_progress=lambda told: seen.add(told.phase))
    assert seen == {Phase.CLUSTER}


def test_other_rows_are_never_taken_for_those_of_before(
    engine: Engine, workspace: Workspace, tmp_path: Path
) -> None:
    """What an earlier run left of rows of another identity is thrown away."""
    find_duplicates(engine, raw_rows(tmp_path, rows(300), identity="yesterday"), workspace, UNTRAINED)
    found = find_duplicates(engine, raw_rows(tmp_path, rows(500), identity="today"), workspace, UNTRAINED)
    assert found.record_count == 500


def test_progress_counts_up_to_the_whole(engine: Engine, workspace: Workspace, tmp_path: Path) -> None:
    """PREPARE tells all records, SCORE all pairs, and neither ever goes back."""
    told: list[Progress] = []
    found = find_duplicates(
        engine, raw_rows(tmp_path, rows(1000)), workspace, UNTRAINED, on_progress=told.append
    )
    for phase, whole in ((Phase.PREPARE, 1000), (Phase.SCORE, found.candidate_count)):
        done = [one.done for one in told if one.phase is phase]
        assert (done[-1], sorted(done)) == (whole, done)


def test_the_order_of_rows_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """The same rows in another order have the same pairs and clusters."""
    records = rows(900)
    straight = find_duplicates(engine, raw_rows(tmp_path, records), Workspace(tmp_path / "1"), FindOptions())
    order = np.random.default_rng(7).permutation(len(records))
    mixed = raw_rows(tmp_path, [records[at] for at in order], identity="mixed")
    shuffled = find_duplicates(engine, mixed, Workspace(tmp_path / "2"), FindOptions())
    assert found_rows(straight.pairs) == found_rows(shuffled.pairs)
    assert found_rows(straight.clusters) == found_rows(shuffled.clusters)


def test_an_incremental_run_ends_as_a_full_one(engine: Engine, tmp_path: Path) -> None:
    """With some records changed, some new and some gone, only pairs of these are weighed, and all else is
    equal.
    """
    before = {row["record_id"]: comparable_of(row) for row in rows(1200)}
    first = find_duplicates(
        engine, comparables(tmp_path, before, identity="1"), Workspace(tmp_path / "1"), UNTRAINED
    )
    names = sorted(before)
    edited = dict(zip(names[:40], (before[one] for one in names[40:80]), strict=True))
    new = {f"new-{row['record_id']}": comparable_of(row) for row in rows(60, seed=2)}
    after = {name: before[name] for name in names[20:]} | {n: edited[n] for n in names[20:40]} | new
    source = comparables(tmp_path, after, identity="2", changed={*names[20:40], *new})
    full = find_duplicates(engine, source, Workspace(tmp_path / "full"), UNTRAINED)
    weighed: list[int] = []
    options = FindOptions(train=False, previous=first.weighed)
    part = find_duplicates(
        engine,
        source,
        Workspace(tmp_path / "part"),
        options,
        on_progress=lambda told: weighed.append(told.done) if told.phase is Phase.SCORE else None,
    )
    assert found_rows(part.pairs) == found_rows(full.pairs)
    assert found_rows(part.clusters) == found_rows(full.clusters)
    assert found_rows(part.reviews) == found_rows(full.reviews)
    assert part.verdicts == full.verdicts
    assert 0 < max(weighed) < full.candidate_count / 2
